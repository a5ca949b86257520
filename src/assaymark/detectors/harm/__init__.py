"""Harmful content: one vocabulary of categories, several scorers behind it."""
