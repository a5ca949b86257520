"""Frozen values: subject, finding, measurement, evidence, decision. Standard library only, no I/O."""
