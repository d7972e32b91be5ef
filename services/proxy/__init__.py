"""The proxy service: admits requests, meters them, and speaks typed gRPC for inference."""
