"""Assaymark: audit datasets and model outputs against a policy, sign the result, gate on it."""

__version__ = "0.1.0"
