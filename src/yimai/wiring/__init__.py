"""Settings, the command line, the embedded database: the one place that builds the ledger and joins the rooms."""
