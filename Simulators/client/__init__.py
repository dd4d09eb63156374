"""What every simulator's client is made of; a simulator adds its robot and tasks, an environment and an expert.

Nothing here loads physics, so that questions about tasks are answered at once.
"""
