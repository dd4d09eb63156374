"""Legged bodies: collects demonstrations of gaits."""
