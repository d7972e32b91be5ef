"""The rules of money, on frozen dataclasses."""
