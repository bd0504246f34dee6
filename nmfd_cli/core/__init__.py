"""The numerics: arrays in, arrays out.  Nothing here opens a file, prints or keeps state."""
