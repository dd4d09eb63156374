"""Simulators as clients of openpi's websocket protocol: `python -m Simulators NAME MODE ...`."""
