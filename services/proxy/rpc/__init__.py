"""How Envoy and gRPC clients speak to the proxy."""
