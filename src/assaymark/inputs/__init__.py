"""Inputs: subjects as streams of batches, and as digests.

`open_source` in `open.py` reads, `identify` in `identity.py` hashes, `read_manifest` in `manifest.py`
reads what documents say. Formats stand in `formats.py`, one file each.
"""
