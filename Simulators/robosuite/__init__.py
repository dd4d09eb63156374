"""robosuite: collects demonstrations of several robots and controllers."""
