"""Checks: from detections, rows and documents to findings and measurements. One check, one file."""
