"""The rules: what a provider may be, what an offer costs, where a request goes."""
