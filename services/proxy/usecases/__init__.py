"""What the proxy does, one verb a file."""
