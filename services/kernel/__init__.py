"""Pure values that every domain may import. Standard library only."""
