"""
Bundles and what is in them: from bytes to a statement, and from a signed statement to what it says.

A mutated bundle seldom gets past its signature. So statements are signed here after they were changed: what
a trusted key can be made to sign has to be answered, too.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from assaymark.attest.bundle import sign, with_entry, with_timestamp
from assaymark.attest.claimed_type import claimed_key, claimed_type
from assaymark.attest.container import read_container
from assaymark.attest.document import verify_document
from assaymark.attest.policy_release import build_policy_release, read_policy_release
from assaymark.attest.predicates import (
    AUDIT_REPORT,
    POLICY_RELEASE,
    REVOCATION,
    TRUST_RELEASE,
    WAIVER,
)
from assaymark.attest.report import read_report
from assaymark.attest.revocation import Revocation, build_revocation, read_revocation
from assaymark.attest.statement_reader import read_statement
from assaymark.attest.timestamp import (
    claimed_timestamp,
    demand_stamp_of,
    read_response,
    verify_timestamp,
)
from assaymark.attest.tlog.proof import LogProof
from assaymark.attest.trust.anchors import Anchors
from assaymark.attest.trust.keys import Role, TrustedAuthority
from assaymark.attest.trust.release import read_trust_release
from assaymark.attest.verify import StatementSubject, VerifiedStatement, verify
from assaymark.attest.waiver import build_waiver, read_waiver, unverified_claim
from assaymark.canonical import canonical_bytes
from assaymark.errors import InputError, NotAuthenticError, UsageError
from assaymark.gate.admission import PresentedReport
from assaymark.gate.gate import gate
from attest.authority import Authority
from attest.by_hand import (
    NOW,
    POLICY_DIGEST,
    SUBJECT,
    evidence_bytes,
    make_evidence,
    make_key,
    make_policy,
    make_requirement,
    make_signer,
    make_statement,
    make_waiver,
)
from attest.logged import bare, entry_of, head_of, known, logged, proof_of, witnessed
from attest.tlog.logs import log_key
from fuzz import workplace
from fuzz.target import Target, any_of
from gate.by_hand import ARTIFACT, make_trust

LATER = datetime(2035, 1, 1, tzinfo=UTC)
"""The verifier's clock: after every time stamp that is made here, while the authority is in force."""

SIGNERS = frozenset(
    {Role.AUDITOR, Role.REVIEWER, Role.WAIVER_APPROVER, Role.POLICY_AUTHOR, Role.TRUST_AUTHOR}
)
KEY = make_key("everybody", roles=SIGNERS)

READERS: Mapping[str, Callable[[VerifiedStatement], object]] = {
    AUDIT_REPORT: read_report,
    WAIVER: read_waiver,
    REVOCATION: read_revocation,
    POLICY_RELEASE: read_policy_release,
    TRUST_RELEASE: read_trust_release,
}
WORDS = (
    *(each.encode() for each in READERS),
    *(b"tlogEntries", b"rfc3161Timestamps", b"signedTimestamp", b"canonicalizedBody", b"inclusionProof"),
    *(b"validity", b"waivedBy", b"statedSubjects", b"PASS", b"FAIL", b"UNDECIDED", b"measured"),
)  # fmt: skip


@functools.cache
def authority() -> TrustedAuthority:
    """An authority whose certificate is on the verifier's list."""
    return _authority().trusted()


@functools.cache
def _authority() -> Authority:
    return Authority.create(workplace.folder() / "authority")


@functools.cache
def _anchors() -> Anchors:
    return known(1, authorities=(authority(),))


@functools.cache
def proof() -> LogProof:
    """Where the report made by hand stands in a log."""
    return proof_of(entry_of(bare()), seen=witnessed(1, 2, 3))


@functools.cache
def statements() -> tuple[bytes, ...]:
    """One statement of each kind, and more of those with much in them."""
    waived = make_policy(make_requirement(at_most=0.001))
    subject = StatementSubject("rows.jsonl", SUBJECT)
    revocation = Revocation(id="R-1", reason="wrong labels", revoked_at=NOW, revoked_by="office")
    release = {
        "name": "deployment",
        "version": 3,
        "expires": "2026-12-01T00:00:00Z",
        "signedAt": "2026-06-01T12:00:00Z",
        "keyFiles": [{"name": "auditor.pub", "digest": {"sha256": "a" * 64}}],
    }
    trusting = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "deployment", "digest": {"sha256": "b" * 64}}],
        "predicateType": TRUST_RELEASE,
        "predicate": release,
    }
    return (
        make_statement(),
        make_statement(waived, waivers=(make_waiver(document=SUBJECT, approver_key="SHA256:x"),)),
        build_waiver(make_waiver(), subject_name="rows.jsonl"),
        build_revocation(revocation, [subject]),
        build_policy_release(POLICY_DIGEST, "support-bot", "1.3.0", NOW, LATER),
        canonical_bytes(trusting),
    )


@functools.cache
def bundles() -> tuple[bytes, ...]:
    """Bare, logged, stamped, and one of each kind."""
    report = logged(seen=witnessed(1, 2, 3))
    signature = read_container(report).signature
    stamped = with_timestamp(report, _authority().stamp(signature))
    return (stamped, report, *(sign(each, make_signer()) for each in statements()))


def _verify(data: bytes) -> object:
    claimed_type(data)
    claimed_key(data)
    statement = verify_document(
        data, [KEY], now=LATER, anchors=_anchors(), heads=[head_of(proof())]
    )
    return READERS[statement.predicate_type](statement)


def _verify_signed(payload: bytes) -> object:
    bundle = sign(payload, make_signer())
    kind = claimed_type(bundle)
    statement = verify(
        bundle,
        [KEY],
        now=LATER,
        role=Role.AUDITOR,
        predicate_type=kind if kind in READERS else AUDIT_REPORT,
    )
    return READERS[statement.predicate_type](statement)


def _verify_proof(data: bytes) -> object:
    return verify(
        bare(), [KEY], now=LATER, anchors=_anchors(), proof=data, heads=[head_of(proof())]
    )


def _claim(data: bytes) -> object:
    return unverified_claim(sign(data, make_signer()))


@functools.cache
def _report_stamp() -> bytes:
    return _authority().stamp(read_container(bare()).signature)


def _extend(data: bytes) -> None:
    """Add a time stamp and a log entry to a bundle that somebody else made."""
    with_timestamp(data, _report_stamp())
    with_entry(data, entry_of(bare()), proof(), log_key())


_STAMPED = b"the bytes of a signature"


def _stamp(data: bytes) -> None:
    any_of(
        lambda: claimed_timestamp(data),
        lambda: demand_stamp_of(_STAMPED, data),
        lambda: read_response(data, _STAMPED, authority=authority()),
        lambda: verify_timestamp(data, _STAMPED, [authority()], now=LATER),
    )


@functools.cache
def _stamps() -> tuple[bytes, ...]:
    stamp = _authority().stamp
    return (stamp(_STAMPED), stamp(_STAMPED, enclosing=False), stamp(_STAMPED, digest="sha512"))


@functools.cache
def _trusting() -> Any:
    return make_trust(keys=(KEY,), quorum={Role.AUDITOR: 1, Role.REVIEWER: 1}, anchors=known(0))


def _gate(bundle: bytes, evidence: bytes) -> None:
    presented = PresentedReport(name="hostile", bundle=bundle, evidence=evidence)
    sound = PresentedReport(name="sound", bundle=bare(), proof=proof().render())
    admission = gate(
        [presented, sound], _trusting(), [ARTIFACT], LATER, reevaluate_with=[make_policy()]
    )
    list(admission.explain())
    canonical_bytes(admission.to_plain())


@functools.cache
def _keyless() -> tuple[Any, Any, tuple[bytes, ...]]:
    """Whom to believe, the identity that signs, and what it signed."""
    import shutil

    with warnings.catch_warnings():
        # Imports of sigstore-python warn, which is none of its users' business.
        warnings.simplefilter("ignore")
        import sigstore.verify  # noqa: F401
    from assaymark.attest.keyless.instance import load_root
    from assaymark.attest.keyless.verifying import Identity
    from attest.keyless.by_hand import signed_by_hand
    from attest.keyless.instance import IDENTITY, ISSUER, LoopbackInstance

    folder = workplace.new_folder()
    instance = LoopbackInstance.create(folder, shutil.which("openssl") or "openssl")
    root = workplace.put(folder / "root.json", canonical_bytes(instance.trusted_root()))
    now = datetime.now(UTC).replace(microsecond=0)
    bundle = signed_by_hand(instance, make_statement(at=now))
    documents = (canonical_bytes(instance.trusted_root()), canonical_bytes(instance.config()))
    return load_root(root), Identity(IDENTITY, ISSUER), (bundle, *documents)


def _verify_keyless(data: bytes) -> object:
    from assaymark.attest.keyless.verifying import claimed_payload, is_keyless, verify_keyless

    root, identity, _ = _keyless()
    if is_keyless(data):
        claimed_payload(data)
    return verify_keyless(data, identity, root, now=LATER)


def _keyless_documents(data: bytes) -> None:
    from assaymark.attest.keyless.instance import load_config, load_root

    path = workplace.put(workplace.folder() / "instance.json", data)
    any_of(lambda: load_root(path), lambda: load_config(path))


SIGNED = (
    Target(
        name="bundle.container",
        run=read_container,
        seeds=bundles,
        refuses=(NotAuthenticError,),
        reads=("attest.container:read_container", "attest.container:_decoded"),
        words=WORDS,
        tool="openssl",
    ),
    Target(
        name="bundle.verify",
        run=_verify,
        seeds=lambda: bundles()[:-1],  # a release of a trust file is verified by the file alone
        refuses=(NotAuthenticError,),
        reads=(
            "attest.document:verify_document",
            "attest.claimed_type:claimed_type",
            "attest.claimed_type:claimed_key",
        ),
        words=WORDS,
        weight=4,
        tool="openssl",
    ),
    Target(
        name="bundle.extended",
        run=_extend,
        seeds=lambda: [bare(), logged(seen=witnessed(1, 2, 3))],
        refuses=(NotAuthenticError, UsageError),
        reads=("attest.bundle:with_timestamp", "attest.bundle:with_entry"),
        words=WORDS,
        weight=1,
        tool="openssl",
    ),
    Target(
        name="bundle.proof",
        run=_verify_proof,
        seeds=lambda: [proof().render()],
        refuses=(NotAuthenticError,),
        reads=("attest.log_entry:judge_log", "attest.tlog.proof:parse_proof"),
        tool="openssl",
    ),
    Target(
        name="statement.signed",
        run=_verify_signed,
        seeds=statements,
        refuses=(NotAuthenticError,),
        reads=(
            "attest.verify:verify",
            "attest.statement_reader:read_statement",
            "attest.report:read_report",
            "attest.revocation:read_revocation",
            "attest.policy_release:read_policy_release",
            "attest.trust.release:read_trust_release",
            "attest.waiver:read_waiver",
            "attest.waiver:_read",
        ),
        words=WORDS,
        weight=5,
    ),
    Target(
        name="statement.reader",
        run=lambda data: read_statement(data, AUDIT_REPORT),
        seeds=lambda: statements()[:1],
        refuses=(NotAuthenticError,),
        reads=("attest.statement_reader:read_statement",),
        weight=1,
    ),
    Target(
        name="statement.claimed-waiver",
        run=_claim,
        seeds=lambda: statements()[2:3],
        refuses=(InputError,),
        reads=("attest.waiver:unverified_claim",),
    ),
    Target(
        name="gate.bundle",
        run=lambda data: _gate(data, evidence_bytes(make_evidence())),
        seeds=bundles,
        refuses=(),
        reads=("gate.gate:gate",),
        words=WORDS,
        tool="openssl",
    ),
    Target(
        name="gate.statement",
        run=lambda data: _gate(sign(data, make_signer()), evidence_bytes(make_evidence())),
        seeds=statements,
        refuses=(),
        reads=("gate.documents:_read",),
        words=WORDS,
        weight=4,
    ),
    Target(
        name="timestamp.response",
        run=_stamp,
        seeds=_stamps,
        refuses=(NotAuthenticError,),
        reads=(
            "attest.timestamp:read_response",
            "attest.timestamp:verify_timestamp",
            "attest.timestamp:demand_stamp_of",
            "attest.timestamp:claimed_timestamp",
            "attest.timestamp:_read",
        ),
        weight=4,
        tool="openssl",
    ),
    Target(
        name="keyless.bundle",
        run=_verify_keyless,
        seeds=lambda: _keyless()[2][:1],
        refuses=(NotAuthenticError,),
        reads=(
            "attest.keyless.verifying:verify_keyless",
            "attest.keyless.verifying:is_keyless",
            "attest.keyless.verifying:_decoded",
        ),
        tool="openssl",
    ),
    Target(
        name="keyless.documents",
        run=_keyless_documents,
        seeds=lambda: _keyless()[2][1:],
        refuses=(InputError,),
        reads=("attest.keyless.instance:load_root", "attest.keyless.instance:load_config"),
        tool="openssl",
    ),
)
