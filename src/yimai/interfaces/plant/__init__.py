"""Seeded simulated people, couriers and instruments that act through the same actions as real ones."""
