"""The client that all simulators share; a simulator adds its tasks, an environment and an expert.

Nothing here loads physics, so that task descriptions are available at once.
"""
