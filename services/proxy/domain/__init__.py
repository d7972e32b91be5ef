"""The rules of admission and metering, free from I/O."""
