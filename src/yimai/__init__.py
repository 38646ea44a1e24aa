"""Yimai runs a city's cell and gene therapy programme: one unbroken line from its plan to a patient's dose."""
