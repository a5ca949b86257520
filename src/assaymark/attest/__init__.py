"""Attestation: the report as an in-toto statement in a DSSE envelope in a Sigstore bundle."""
