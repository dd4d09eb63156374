"""LIBERO: collects demonstrations of its tasks."""
