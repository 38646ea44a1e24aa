"""The forms by which people ask for actions, one module a noun."""
