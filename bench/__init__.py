"""One question a file, answered by measuring."""
