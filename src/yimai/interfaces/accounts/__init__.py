"""Accounts: who signs in, by what, for how long. They know people by the ledger's identifiers and hold no record."""
