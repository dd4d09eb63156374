"""SIMPLER-Bridge: collects demonstrations of its tasks with a WidowX."""
