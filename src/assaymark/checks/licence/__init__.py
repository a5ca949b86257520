"""Licences."""
