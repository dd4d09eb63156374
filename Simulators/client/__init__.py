"""The client that all simulators share; a simulator adds its tasks, an environment and an expert.

Nothing here loads physics, so that questions about tasks are answered at once.
"""
