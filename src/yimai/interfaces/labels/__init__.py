"""Labels: what stands on each copy, as the ledger told it when the copy was issued, drawn for paper and for printers."""
