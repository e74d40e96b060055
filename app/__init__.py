"""Mimamori, a location watch service for towns: what happens behind the device edge.

Rooms are laid in the order of the data (docs/architecture.md); a room imports only rooms it gets data from, and what
must happen further down is an intent row. `pipeline.py` is the hot path on one screen.
"""
