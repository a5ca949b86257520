"""
What an attestation can be about: type URIs and limits that writers and the verifier share.

Sources: in-toto/attestation, spec/v1/statement.md and spec/predicates/{test-result,svr}.md;
sigstore/protobuf-specs, sigstore_bundle.proto.
"""

from __future__ import annotations

STATEMENT = "https://in-toto.io/Statement/v1"
AUDIT_REPORT = "https://assaymark.dev/attestation/audit-report/v0.1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SVR = "https://in-toto.io/attestation/svr/v0.2"

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

MAX_SUBJECTS = 1024  # sigstore-go refuses a statement with more
MAX_BUNDLE = 32 * 1024 * 1024  # bytes
