"""Decide: read facts, ask the rule, append facts; one function a verb."""
