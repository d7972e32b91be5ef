"""What auth does, one verb a file."""
