"""
The front door: which commands there are, and how every one of them ends.

Nothing heavy is imported here. `main` is the only place that catches everything.
tests/cli/test_main.py holds the help texts and the exit statuses.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from assaymark import __version__
from assaymark.cli.exit_status import ExitStatus, Terminated, status_of_error
from assaymark.cli.failure import tell, wants_json
from assaymark.cli.lazy import Lazy, LazyGroup

PROGRAM = "assaymark"
COMPLETE_VARIABLE = "_ASSAYMARK_COMPLETE"

_EPILOG = """\b
Exit status:
  0   met, admitted, or done
  1   not met, or denied
  2   wrong usage, policy or input
  3   undecided: evidence missing or inconclusive, or a check failed
  4   not authentic: signature, digest or time
  70  a fault of ours

NO_COLOR turns colour off. No command connects to a network unless a policy, an address or an option such
as `--timestamp`, `--keyless` or `--online` asks for it.
"""

_POLICY = LazyGroup(
    "policy",
    help="Check, test, explain and compare policies.",
    lazy={
        "check": Lazy("policy_check:command", "Name every mistake in a policy at once."),
        "test": Lazy("policy_test:command", "Run the tests that a policy brings along."),
        "explain": Lazy("policy_explain:command", "Say what a policy runs and demands."),
        "sign": Lazy("policy_sign:command", "Sign a policy's name, version and digest."),
        "diff": Lazy("policy_diff:command", "Show what changes between two policies."),
        "replay": Lazy(
            "policy_replay:command", "Decide stored evidence again, without reading data."
        ),
        "schema": Lazy(
            "policy_schema:command", "Print the JSON Schema of policy files, for editors."
        ),
    },
)
_CHECKS = LazyGroup(
    "checks",
    help="See which checks are installed and what they do.",
    lazy={
        "list": Lazy("checks_list:command", "List the installed checks and their metrics."),
        "show": Lazy("checks_show:command", "Show one check's page."),
    },
)
_KEYS = LazyGroup(
    "keys",
    help="Make and look at signing keys.",
    lazy={
        "new": Lazy("keys_new:command", "Make a signing key and its public half."),
        "show": Lazy("keys_show:command", "Show a key's fingerprint and public half."),
    },
)
_LOG = LazyGroup(
    "log",
    help="Keep and judge a transparency log of what was signed.",
    lazy={
        "new": Lazy("log_new:command", "Make an empty log in a directory."),
        "add": Lazy("log_add:command", "Put signed documents into a log."),
        "prove": Lazy("log_prove:command", "Show that a document is in a log."),
        "verify": Lazy("log_verify:command", "Judge a whole log, also against the past."),
        "search": Lazy("log_search:command", "Find decisions in a decision log."),
        "witness": Lazy("log_witness:command", "Cosign the checkpoint of somebody else's log."),
        "cosign": Lazy("log_cosign:command", "Put a witness's answer under the checkpoint."),
    },
)
_TRUST = LazyGroup(
    "trust",
    help="Check, show, sign and export the file that says whom to believe.",
    lazy={
        "check": Lazy("trust_check:command", "Name every mistake, or say who signed it."),
        "show": Lazy("trust_show:command", "Show keys, demands and policies."),
        "sign": Lazy("trust_sign:command", "Sign a trust file and the key files that it names."),
        "export": Lazy(
            "trust_export:command", "Write its logs and authorities for Sigstore clients."
        ),
    },
)
_WAIVER = LazyGroup(
    "waiver",
    help="Grant signed exceptions, and look at them.",
    lazy={
        "grant": Lazy("waiver_grant:command", "Sign an exception to one requirement."),
        "list": Lazy("waiver_list:command", "Show waivers and whether they hold."),
        "verify": Lazy("waiver_verify:command", "Say who excused what, and until when."),
    },
)
_VAULT = LazyGroup(
    "vault",
    help="Make redaction keys, and look after what pseudonyms stand for.",
    lazy={
        "key": Lazy("vault_key:command", "Make a redaction key."),
        "show": Lazy("vault_show:command", "Say how much a vault remembers."),
        "erase": Lazy("vault_erase:command", "Forget one value."),
        "purge": Lazy("vault_purge:command", "Forget what has expired."),
    },
)
_MANIFEST = LazyGroup(
    "manifest",
    help="See what documents say about data, and how to write one.",
    lazy={
        "show": Lazy("manifest_show:command", "Show what a document says, with places."),
        "schema": Lazy("manifest_schema:command", "Print the JSON Schema of our manifests."),
    },
)
_GUARD = LazyGroup(
    "guard",
    help="Apply a policy at run time.",
    lazy={
        "serve": Lazy("guard_serve:command", "Serve the APIs of models, guarded by a policy."),
        "key": Lazy("guard_key:command", "Make a key that clients of a server show."),
        "replay": Lazy("guard_replay:command", "Decide logged decisions again, by any policy."),
    },
)
_NEW = LazyGroup(
    "new",
    help="Write the files that an extension starts from.",
    lazy={
        "check": Lazy("new_check:command", "Write a new check with its test, cases and page."),
    },
)


class _Root(LazyGroup):
    """The commands, with the groups in their place among them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which a newcomer needs them."""
        order = (
            "init manifest audit scan diff export redact restore vault verify gate guard waiver sign-off "
            "revoke policy trust checks keys log timestamp new doctor completion"
        )
        return order.split()


@click.group(
    PROGRAM,
    cls=_Root,
    lazy={
        "init": Lazy("init:command", "Write a starter policy, sample data and a CI workflow."),
        "audit": Lazy("audit:command", "Judge data by a policy; write evidence and a report."),
        "scan": Lazy("scan:command", "Write what the detectors see, one line for each record."),
        "diff": Lazy("diff:command", "Say what changed between two versions of data or evidence."),
        "redact": Lazy("redact:command", "Write files again without what detectors find."),
        "restore": Lazy("restore:command", "Put back what pseudonyms and sealed values stand for."),
        "verify": Lazy("verify:command", "Say who signed what about which bytes."),
        "gate": Lazy("gate:command", "Admit or deny a subject on its signed reports."),
        "sign-off": Lazy("sign_off:command", "Sign a report again, as somebody who reviewed it."),
        "revoke": Lazy("revoke:command", "Take back what reports said about a subject."),
        "timestamp": Lazy("timestamp:command", "Let a third party say when something was signed."),
        "export": Lazy("export:command", "Write evidence and documents as a bill of materials."),
        "doctor": Lazy("doctor:command", "Say what is installed and what works."),
        "completion": Lazy("completion:command", "Print the completion script of a shell."),
    },
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=PROGRAM)
def root() -> None:
    """Audit datasets and model outputs against a policy, sign the result, gate on it."""


for _group in (_POLICY, _TRUST, _CHECKS, _KEYS, _LOG, _WAIVER, _VAULT, _MANIFEST, _GUARD, _NEW):
    root.add_command(_group)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: The words after the program's name; those of the process by default.
    """
    if arguments is None:
        _own_the_process()
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        try:
            return _dispatch(words)
        finally:
            # Here rather than at shutdown, so that a reader who went away is noticed.
            sys.stdout.flush()
    except BaseException as error:
        # The top: whatever it is, it gets a status.
        if isinstance(error, SystemExit):
            raise
        try:
            status = tell(error, as_json=wants_json(words))
        except OSError:
            # Nobody listens any more, or the disk is full; what happened keeps its status.
            _discard_output()
            return status_of_error(error)
        if status is ExitStatus.PIPE_CLOSED:
            _discard_output()
        return status


def _dispatch(words: list[str]) -> int:
    # A shell that completes gives no words; with some, an environment would turn an answer into success.
    if COMPLETE_VARIABLE in os.environ and not words:
        from assaymark.cli.completing import register

        register()
        root.main(words, PROGRAM, COMPLETE_VARIABLE)
    try:
        # Not `root.main`: it ends a broken pipe with 1, which here means denied.
        with root.make_context(PROGRAM, words) as context:
            root.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return ExitStatus.MET


def _own_the_process() -> None:
    """Set what only a program may set, not a library."""
    _open_closed_streams()
    # Half-written folders are removed on the way out, so the way out must be taken.
    signal.signal(signal.SIGTERM, _terminate)
    # What libraries log and warn about may quote the data.
    logging.lastResort = None
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _open_closed_streams() -> None:
    """Lead the standard streams that the caller closed (`>&-`) nowhere.

    Without it the next file that is opened takes the free descriptor, and a library's message to stdout
    would end up in it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # In this order each open takes the descriptor that is missing, the lowest free one.
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - open until the end
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


def _discard_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not complain at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
