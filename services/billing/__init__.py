"""Owns money: accounts, the ledger, leases of balances to proxies, and payments."""
