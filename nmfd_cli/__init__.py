"""nmfd: take a recording apart by non-negative matrix factor deconvolution."""

__version__ = "0.1.0"
