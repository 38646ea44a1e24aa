"""What words mean: one module a noun, with its facts, its state and its rules."""
