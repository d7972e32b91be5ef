"""The rpcs of analytics."""
