"""Analytics: how the platform is used, counted from the events of the mesh."""
