"""Detectors: from texts to spans and scores. Their libraries are imported only when they are loaded."""
