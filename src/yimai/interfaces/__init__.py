"""The doors to the world, each ignorant of the others."""
