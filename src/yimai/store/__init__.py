"""Keep: the PostgreSQL ledger and the vault of personal data."""
