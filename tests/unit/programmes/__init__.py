"""Schemes, and what they cost."""
