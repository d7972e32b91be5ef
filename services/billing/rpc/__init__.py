"""The rpcs of billing, and how protos become values."""
