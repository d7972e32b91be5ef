"""The edge by itself: the real Envoy between doubles of everything around it."""
