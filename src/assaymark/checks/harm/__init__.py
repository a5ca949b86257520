"""Harmful content."""
