"""The proxy's memory, files and connections."""
