"""The gRPC surface: convert, call the use case, convert back."""
