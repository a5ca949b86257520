"""
No way in for hostile bytes is missing from the targets.

The list is derived from the code. A function counts that decodes something itself, or that takes bytes or a
stream, or is called like a reader, and documents an error. Each has to be run by the valid inputs of a
target, or to stand in `EXCEPTIONS` with the reason why nobody else decides what it gets.
"""

from __future__ import annotations

import ast
import functools
import gc
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import assaymark
from fuzz.guarding import guard_at_work
from fuzz.target import Target
from fuzz.targets import TARGETS
from fuzz.test_targets import demand_tool, every_target

PACKAGE = Path(assaymark.__file__).parent

DECODERS = frozenset(
    {
        *("parse_strict", "parse_yaml", "from_plain", "from_base64", "loads", "from_json"),
        *("b64decode", "urlsafe_b64decode", "unpack", "unpack_from", "from_bytes", "fromhex"),
        *("load_pem_x509_certificates", "load_der_x509_certificate", "decode_timestamp_response"),
        *("load_pem_private_key", "load_der_public_key", "load_pem_public_key"),
        *(
            "from_public_bytes",
            "model_validate",
            "model_validate_json",
            "fromisoformat",
            "strptime",
        ),
        *("unquote_to_bytes", "decompressobj", "stream_reader", "ParquetFile", "open_stream"),
        *("open_file", "execute"),
    }
)
"""Functions that make values out of bytes or text."""

OUTSIDE = ("cli", "testing", "report")
"""Folders that read nothing themselves: they name files to the others, or write."""

READER = re.compile(r"(parse|read|load|open|from|split|list|verify|unpacked)(_|$)")
DATA = re.compile(r"\bbytes\b|\bBinaryIO\b|\bBufferedReader\b")

_MAKES = "it makes or signs what its caller says; it reads nothing"
_CELL = "it says of one cell that a reader made whether it is a date; there is no error to raise"
_DIGEST = "it makes a number of a digest of ours"
_OWN = "what it gets, we made ourselves just before"
_PASSES_ON = "it finds or locks files; what is in them goes to a reader that a target runs"
_SHIPPED = "it reads a file of this package, whose digest is in the code"
_SETTINGS = "it gets settings that a policy or an extension declares, read by a target before"
_PINNED = "it gets the very bytes that the policy names by their SHA-256, or nothing"
_KEY = "its bytes are what a draw follows from; it reads nothing"
_LITELLM = "it gets objects of LiteLLM, whose parts go to what the targets of the guard run"
_SIGNER = "it gets an answer of the token or service that the user signs with"

EXCEPTIONS = {
    "checks.quality.token_length:load_tokenizer": _PINNED,
    "attest.keyless.sealing:open_sealer": _SIGNER,
    "attest.keyless.sealing:seal": _SIGNER,
    "attest.keys:generate": _MAKES,
    "attest.public_key:der_of": _SIGNER,
    "attest.public_key:digest_of": _MAKES,
    "attest.signers.__init__:open_uri": _PASSES_ON,
    "attest.signers.__init__:sign": _SIGNER,
    "attest.signers.pkcs11:_decoded": _SIGNER,
    "attest.signers.pkcs11:open_pkcs11": _PASSES_ON,
    "attest.signers.pkcs11:sign": _SIGNER,
    "attest.timestamp:request_for": _MAKES,
    "attest.tlog.cosigning:add_cosignatures": _PASSES_ON,
    "attest.tlog.directory:add_cosignatures": _PASSES_ON,
    "attest.tlog.merkle:verify_subtree_inclusion": "no format that we read holds such a proof yet",
    "checks.quality.boilerplate:_digest": _DIGEST,
    "checks.quality.exact_duplicates:_halves": _DIGEST,
    "checks.quality.minhash:_hash_of": _DIGEST,
    "checks.quality.minhash:_orders": _DIGEST,
    "checks.tables.schema_drift:_is_date": _CELL,
    "checks.tables.schema_drift:_is_time": _CELL,
    "guard.proxy.framing:end_of_piece": "test_wire.py sends it noise over a socket, before the parser",
    "detectors.embedded.cascade:loads": _SHIPPED,
    "detectors.embedded.hashed:loads": _SHIPPED,
    "detectors.embedded.model_file:_unpack": _SHIPPED,
    "detectors.embedded.model_file:open_model": _SHIPPED,
    "detectors.embedded.model_file:unpack_text": _SHIPPED,
    "detectors.horizon.scanner:loaded": "it gets what only the user can have written, or nothing",
    "detectors.pii.quality:read_card": "it reads a file of this package",
    "detectors.pii.detector:load_detector": _SETTINGS,
    "detectors.pii.nlp.load:load_name_engine": _SETTINGS,
    "detectors.pii.patterns.characters:of": _OWN,
    "detectors.pii.patterns.scanner:loaded": "it gets what only the user can have written, or nothing",
    "detectors.pii.patterns.store:read": "it reads what only the user can have written, or nothing",
    "engine.cache:write": _OWN,
    "engine.comparison.profile:_add": _DIGEST,
    "engine.held:__init__": _SETTINGS,
    "engine.job:_make_check": _SETTINGS,
    "engine.job:records": _SETTINGS,
    "engine.plan:columns_of_policy": _SETTINGS,
    "engine.probing.asking:run": "what comes back is read by the target that was asked",
    "engine.probing.plan:probes_of": _SETTINGS,
    "engine.sampling:draw": _OWN,
    "engine.tally:_subject_results": _SETTINGS,
    "guard.decisions.log:open": _PASSES_ON,
    "guard.decisions.log:submit": _MAKES,
    "guard.life.canary:is_in_share": _DIGEST,
    "guard.life.replay:_leasts": _SETTINGS,
    "guard.life.watching:_files": _DIGEST,
    "guard.proxy.guardrails_chat:_with_outcome": _OWN,
    "guard.proxy.server:application_of": _MAKES,
    "inputs.open:open_source": _PASSES_ON,
    "inputs.remote:list_remote": _PASSES_ON,
    "inputs.targets.local_drawing:seed_of": _OWN,
    "inputs.targets.registry:open_target": _PASSES_ON,
    "inputs.tree_hash:root_digest": _OWN,
    "integrations.langchain_messages:_changes": _OWN,
    "integrations.litellm:_error": _OWN,
    "integrations.litellm:_request_in": _LITELLM,
    "policy.labels:_not_asked": _SETTINGS,
    "probes.packaged:read_packaged": _OWN,
    "probes.sets.bbq:read_bbq": _PINNED,
    "probes.sets.coreference:read_winobias": _PINNED,
    "probes.sets.coreference:read_winogender": _PINNED,
    "probes.sets.decisions:read_decisions": _PINNED,
    "probes.sets.file:read_json_lines": _PINNED,
    "probes.sets.file:read_pinned": _PINNED,
    "probes.sets.file:read_table": _PINNED,
    "probes.sets.honest:read_honest": _PINNED,
    "probes.sets.honest:read_hurtful": _PINNED,
    "probes.sets.likelihood:read_crows_pairs": _PINNED,
    "probes.sets.likelihood:read_stereoset": _PINNED,
    "probes.sets.prompts:read_bold": _PINNED,
    "probes.sets.prompts:read_prompts": _PINNED,
    "probes.sets.templates:read_templates": _PINNED,
    "statistics.bootstrap:bca": _KEY,
    "statistics.control:controlled_gap": _KEY,
    "statistics.paired:sign_flip": _KEY,
    "statistics.seeds:generator": _KEY,
}


@functools.cache
def entries() -> frozenset[str]:
    """Every function that is a way in, as `module:name`."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if not module.startswith(OUTSIDE):
            tree = ast.parse(path.read_text())
            found |= {f"{module}:{each.name}" for each in functions(tree) if is_entry(each)}
    return frozenset(found)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Every function in a module, methods included."""
    return (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))


def is_entry(function: ast.FunctionDef) -> bool:
    """Whether it decodes, or is public and documents how it refuses data."""
    calls = {called(each) for each in ast.walk(function) if isinstance(each, ast.Call)}
    if calls & DECODERS:
        return True
    refuses = "Raises:" in (ast.get_docstring(function) or "")
    if function.name.startswith("_") or not refuses:
        return False
    parameters = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    kinds = [ast.unparse(each.annotation) for each in parameters if each.annotation]
    takes_data = any(DATA.search(each) and "Callable" not in each for each in kinds)
    return takes_data or bool(READER.match(function.name))


def called(call: ast.Call) -> str:
    """The last part of what a call names."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


@functools.cache
def reached(target: Target) -> frozenset[str]:
    """Functions of the package that run while `target` reads its valid inputs."""
    found: set[Any] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            found.add(frame.f_code)

    inputs = target.seeds()
    # Threads that run already are not watched, and a guard keeps its own.
    guard_at_work.cache_clear()
    before = sys.getprofile()
    sys.setprofile(note)
    threading.setprofile(note)
    try:
        for each in inputs:
            target.run(each)
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
    return frozenset(
        f"{'.'.join(Path(code.co_filename).relative_to(PACKAGE).with_suffix('').parts)}:{code.co_name}"
        for code in found.copy()
        if Path(code.co_filename).is_relative_to(PACKAGE)
    )


_KEPT = ("assaymark.licences.table", "assaymark.licences.known_texts")
"""Modules of ours that read a file once for the process."""


def forget_seeds() -> None:
    """Let every input be made anew: what a test before made would not be seen to run."""
    for each in gc.get_objects():
        # Not `isinstance`: it asks the object, and some of other libraries answer with a warning.
        if issubclass(type(each), functools._lru_cache_wrapper):
            module = getattr(each, "__module__", None) or ""
            if module.partition(".")[0] in {"attest", "fuzz", "gate"} or module in _KEPT:
                each.cache_clear()


@every_target
def test_a_target_reads_what_it_says(target: Target) -> None:
    """Its valid inputs come as far as the functions that it stands for."""
    demand_tool(target)

    assert set(target.reads) - reached(target) == set()


def test_no_way_in_is_missing() -> None:
    """Whoever adds a parser adds a target, or the reason why it needs none."""
    for each in TARGETS:
        demand_tool(each)
    forget_seeds()
    run = frozenset[str]().union(*map(reached, TARGETS))

    assert entries() - run - set(EXCEPTIONS) == set()


def test_every_exception_is_one() -> None:
    """An exception ends with its function, and where a target runs it after all."""
    for each in TARGETS:
        demand_tool(each)
    run = frozenset[str]().union(*map(reached, TARGETS))

    assert set(EXCEPTIONS) - entries() == set()
    assert set(EXCEPTIONS) & run == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def read(data: bytes) -> int:\n '''R.\n\n Raises:\n  X: y.\n '''", True),
        ("def f(stream: BinaryIO) -> int:\n '''R.\n\n Raises:\n  X: y.\n '''", True),
        ("def parse_x(text: str) -> int:\n '''R.\n\n Raises:\n  X: y.\n '''", True),
        ("def _inner(x):\n return json.loads(x)", True),
        ("def _inner(x):\n return parse_strict(x)", True),
        ("def _read(data: bytes) -> int:\n '''R.\n\n Raises:\n  X: y.\n '''", False),
        ("def read(data: bytes) -> int:\n '''R.'''", False),
        ("def render(value: int) -> bytes:\n '''R.\n\n Raises:\n  X: y.\n '''", False),
    ],
)
def test_what_counts_as_a_way_in(source: str, expected: object) -> None:
    """The rule by which the list is made can tell readers from others."""
    (function,) = functions(ast.parse(source))

    assert is_entry(function) == expected
