"""The gate: admit or deny, offline, from signed reports alone."""
