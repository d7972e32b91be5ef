"""What analytics does, one verb a file."""
