"""Show: one module a question, with its table, how an entry changes it, and its queries."""
