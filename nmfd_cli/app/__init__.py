"""What each command does, as plain functions on paths and settings."""
