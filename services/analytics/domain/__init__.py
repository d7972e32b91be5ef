"""The rules of counting: what is counted where, and who may see it."""
