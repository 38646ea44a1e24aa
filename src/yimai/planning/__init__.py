"""What could happen: the planner's problem and its answers."""
