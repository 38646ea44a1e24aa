"""Recipes, bases and programmes read from YAML, with the place of every mistake."""
