"""Reports as attestations: sign, verify, trust. The only package that uses cryptography."""
