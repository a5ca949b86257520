"""
Judging a bundle that a certificate of a Sigstore instance signed.

Whether the signature counts is asked of sigstore-python: certificate chain, transparency of the certificate,
identity, time stamp, log entry, and that all of them are about this envelope. Around that stand our own
rules, with the numbers of `assaymark.attest.verify`:

 1. *Read.* Strict JSON within the same bounds, so that no second reader sees something else.
 2. *Container.* The one shape of a bundle v0.3 with a certificate and one signature.
 3. *Signature.* sigstore-python accepts it from this identity, by this issuer. What steps 7 and 8 ask about
    the signature is in here.
 4. and 5. *Payload type and statement.* The very bytes that it verified, as for any other bundle.
 7. *Time.* The stated time is not after the certificate's end, nor from the future.

tests/attest/keyless/test_verifying.py
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assaymark.attest.container import fields, shown
from assaymark.attest.dsse import PAYLOAD_TYPE, from_base64
from assaymark.attest.keyless.instance import demand_sigstore
from assaymark.attest.predicates import AUDIT_REPORT, BUNDLE, MAX_BUNDLE
from assaymark.attest.public_key import PublicKey
from assaymark.attest.statement_reader import read_statement, stated_time
from assaymark.attest.step import Step
from assaymark.attest.trust.keys import Role, TrustedKey
from assaymark.attest.verify import SKEW, VerifiedStatement
from assaymark.canonical import parse_strict, sha256_of
from assaymark.errors import EvidenceError, KeyFileError, NotAuthenticError, UsageError
from assaymark.model.codec import format_time

if TYPE_CHECKING:
    from sigstore.models import Bundle, TrustedRoot

_LONGEST_REASON = 300  # characters of sigstore-python's own words


@dataclass(frozen=True, slots=True)
class Identity:
    """Who must have signed. Both are compared as a whole; nothing is a pattern."""

    name: str
    """As the certificate has it: an address, or the URI of a workflow."""

    issuer: str
    """The address of the OpenID Connect provider that vouched for it."""

    def __post_init__(self) -> None:
        """Refuse to ask for nobody.

        Raises:
            UsageError: One of the two is empty.
        """
        if not self.name or not self.issuer:
            raise UsageError("an identity needs a name and an issuer, and one of them is empty")


def is_keyless(bundle: bytes) -> bool:
    """Whether `bundle` says that a certificate signed it. Proves nothing."""
    try:
        material = parse_strict(bundle, max_bytes=MAX_BUNDLE)["verificationMaterial"]
    except (EvidenceError, KeyError, TypeError):
        return False
    return isinstance(material, dict) and "certificate" in material


def claimed_payload(bundle: bytes) -> bytes:
    """Return what a bundle says that a certificate signed, read strictly and not believed.

    Raises:
        NotAuthenticError: Step 1 or 2: it is no bundle of the one shape that we accept.
    """
    return _envelope(bundle).payload


def verify_keyless(
    bundle: bytes,
    identity: Identity,
    root: TrustedRoot,
    *,
    now: datetime,
    predicate_type: str = AUDIT_REPORT,
) -> VerifiedStatement:
    """Demand that `identity` signed `bundle`, and return what it says.

    Args:
        bundle: The file as it was received.
        identity: Who must have signed it.
        root: The instance that is believed (`assaymark.attest.keyless.instance`).
        now: The verifier's clock, with a time zone.
        predicate_type: The one kind of statement that is asked for.

    Returns:
        What was signed. Its signer is named after the identity and has the key of the certificate; its
        trusted time is the certificate's end, before which a time stamp saw the signature.

    Raises:
        NotAuthenticError: A step does not hold; `step` is its number.
        MissingExtraError: sigstore-python is not installed.
    """
    demand_sigstore()
    envelope = _envelope(bundle)
    opened = _opened(bundle)
    payload_type, payload = _accepted(opened, identity, root)
    if payload_type != PAYLOAD_TYPE:
        raise NotAuthenticError(
            Step.PAYLOAD_TYPE,
            f"expected the payload type `{PAYLOAD_TYPE}`, got {shown(payload_type)}",
        )
    if payload != envelope.payload:
        raise NotAuthenticError(Step.SIGNATURE, "what was verified is not what the bundle holds")
    subjects, predicate = read_statement(payload, predicate_type)
    stated = stated_time(predicate_type, predicate)
    certificate = opened.signing_certificate
    seen_by = certificate.not_valid_after_utc
    _demand_time(stated, seen_by, now)
    signer = TrustedKey(
        name=f"{identity.name} by {identity.issuer}",
        public_key=_public_key(certificate.public_key()),
        roles=frozenset({Role.AUDITOR}),
    )
    return VerifiedStatement(
        signer=signer,
        payload=payload,
        digest=sha256_of(payload),
        signature=envelope.signature,
        predicate_type=predicate_type,
        subjects=subjects,
        predicate=predicate,
        stated_time=stated,
        trusted_time=seen_by,
        steps=(
            (Step.READ, "strict JSON within its bounds"),
            (Step.CONTAINER, "a Sigstore bundle v0.3 with a certificate and one signature"),
            (
                Step.SIGNATURE,
                f"signed by {shown(identity.name)}, as {shown(identity.issuer)} vouches",
            ),
            (Step.PAYLOAD_TYPE, "the payload is an in-toto statement"),
            (Step.STATEMENT, f"`{predicate_type}` about {_counted(len(subjects))}"),
            (Step.TIME, f"a time stamp saw the signature before {format_time(seen_by)}"),
            (Step.LOG, "the entry in the log of the instance is about this signature"),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Envelope:
    payload: bytes
    signature: bytes


def _envelope(bundle: bytes) -> _Envelope:
    """Read the container strictly. What is in the parts for sigstore-python is its own to judge."""
    step = Step.CONTAINER
    try:
        data = parse_strict(bundle, max_bytes=MAX_BUNDLE)
    except EvidenceError as error:
        raise NotAuthenticError(Step.READ, f"not a bundle: {error.message}") from None
    found = fields(
        data,
        "the bundle",
        {"mediaType": str, "verificationMaterial": dict, "dsseEnvelope": dict},
        step=step,
    )
    if found["mediaType"] != BUNDLE:
        raise NotAuthenticError(
            step, f"expected the media type `{BUNDLE}`, got {shown(found['mediaType'])}"
        )
    fields(
        found["verificationMaterial"],
        "`verificationMaterial`",
        {"certificate": dict, "tlogEntries": list},
        {"timestampVerificationData": {}},
        step=step,
    )
    dsse = fields(
        found["dsseEnvelope"],
        "`dsseEnvelope`",
        {"payload": str, "payloadType": str, "signatures": list},
        step=step,
    )
    if len(dsse["signatures"]) != 1:
        raise NotAuthenticError(step, f"expected one signature, got {len(dsse['signatures'])}")
    signature = fields(
        dsse["signatures"][0], "the signature", {"sig": str}, {"keyid": ""}, step=step
    )
    return _Envelope(_decoded(dsse["payload"], "payload"), _decoded(signature["sig"], "sig"))


def _decoded(text: str, field: str) -> bytes:
    try:
        return from_base64(text)
    except ValueError as error:
        raise NotAuthenticError(Step.CONTAINER, f"`{field}`: {error}") from None


def _opened(bundle: bytes) -> Bundle:
    from sigstore.models import Bundle

    try:
        return Bundle.from_json(bundle)
    except Exception as error:  # noqa: BLE001 - a parser of hostile bytes leaks what its parts raise
        raise NotAuthenticError(
            Step.CONTAINER, f"Sigstore's reader refuses it: {_reason(error)}"
        ) from None


def _accepted(bundle: Bundle, identity: Identity, root: TrustedRoot) -> tuple[str, bytes]:
    from sigstore.verify import Verifier, policy

    try:
        return Verifier(trusted_root=root).verify_dsse(
            bundle, policy.Identity(identity=identity.name, issuer=identity.issuer)
        )
    except Exception as error:  # noqa: BLE001 - likewise, and nothing but its yes is a yes
        raise NotAuthenticError(
            Step.SIGNATURE,
            f"Sigstore's verifier refuses it: {_reason(error)}",
            hint="the report was changed, somebody else signed it, or the root is of another instance",
        ) from None


def _reason(error: Exception) -> str:
    """Return the first line of what sigstore-python says, fit for a terminal."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[0] if len(lines[0]) <= _LONGEST_REASON else f"{lines[0][:_LONGEST_REASON]}…"
    return "".join(each if each.isprintable() else "\ufffd" for each in text).rstrip(".")


def _demand_time(stated: datetime | None, seen_by: datetime, now: datetime) -> None:
    if stated is None:
        return
    if stated > now + SKEW:
        raise NotAuthenticError(
            Step.TIME,
            f"it says that it was made at {format_time(stated)}, and now is {format_time(now)}",
            hint="check the clocks of this machine and of the one that signed",
        )
    if stated > seen_by + SKEW:
        raise NotAuthenticError(
            Step.TIME,
            f"it says that it was made at {format_time(stated)}, and it was there by "
            f"{format_time(seen_by)}",
            hint="the signer's clock ran ahead, or the stated time was made up",
        )


def _counted(number: int) -> str:
    return f"{number:,} subject{'' if number == 1 else 's'}"


def _public_key(key: Any) -> PublicKey:
    try:
        return PublicKey.of(key)
    except KeyFileError as error:
        raise NotAuthenticError(Step.SIGNATURE, error.message) from None
