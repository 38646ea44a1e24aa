"""Django runs these in order; what they do is in ``store/sql``."""
