"""Django runs these in order; the tables lie in the schema ``django``."""
