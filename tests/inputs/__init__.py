"""Inputs: every format, every location, and what goes wrong with them."""
