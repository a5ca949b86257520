"""`assaymark log prove`: show that a document is in a log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from assaymark.cli.decision_log import PROOF, Named, entry_options, prove_entry
from assaymark.cli.judging import judged
from assaymark.cli.log_options import LOG_DIR, log_key_option, note_key, place
from assaymark.cli.new_file import overwrite, write_new
from assaymark.cli.report_paths import REPORT, approvals_of, bundle_in, proof_path, read_document
from assaymark.cli.show import Show, output_options
from assaymark.cli.trusting import Opening, signer_options, trusted
from assaymark.errors import NotAuthenticError, UsageError

if TYPE_CHECKING:
    from assaymark.attest.tlog.note import NoteKey
    from assaymark.attest.tlog.proof import LogProof
    from assaymark.attest.tlog.reader import LogReader
    from assaymark.attest.trust.trust import Trust

_FILE = click.Path(path_type=Path, dir_okay=False)


class _Proved(NamedTuple):
    """A document that is in the log."""

    path: Path
    bundle: bytes
    """With its entry and the new proof."""

    proof: LogProof


@click.command("prove")
@click.argument("directory", metavar="DIR", type=LOG_DIR)
@click.argument("document", metavar="[REPORT]", type=REPORT, required=False)
@log_key_option
@signer_options
@click.option(
    "-o",
    "--output",
    type=_FILE,
    metavar="FILE",
    help="Write a `.tlog-proof` here and leave REPORT as it is.",
)
@entry_options
@output_options
def command(  # noqa: PLR0913 - one parameter for each option
    show: Show,
    directory: Path,
    document: Path | None,
    *,
    log_vkey: str,
    signer: Path | None,
    trust: Path | None,
    opening: Opening,
    output: Path | None,
    named: Named,
) -> None:
    r"""Find REPORT in the log in DIR and renew its proof, with the witnesses that the checkpoint has now.

    Of a decision log, name the decision in the place of REPORT, by --request or --entry: the entry is written
    to -o FILE, and its proof beside it.

    The proof goes into the bundle and into the `.tlog-proof` beside it. Of a folder that `assaymark audit`
    filled, the proofs of its sign-offs are renewed as well. Neither the log's key nor its writer is needed: a
    copy of the log will do.

    \b
    Exit status:
      0  it is in the log
      2  the command line, a key or a path is wrong, or it is not in the log
      4  it is not authentic, or the log does not hold
    """
    from assaymark.attest.step import Step
    from assaymark.attest.tlog.reader import LogReader

    if bool(named) is (document is not None):
        raise UsageError("name one thing to prove: REPORT, `--request` or `--entry`")
    if document is None:
        _prove_decision(show, directory, log_vkey, named, output)
        return
    path = bundle_in(document)
    believed = trusted(signer, trust, opening, option="--signer")
    log_key = note_key(log_vkey)
    reader = LogReader.open(directory, log_key)
    found = _proved(path, believed, reader, log_key)
    if found is None:
        raise UsageError(
            f"`{path}` is not among the {reader.size:,} entries of the log",
            hint="add it with `assaymark log add`, or fetch a newer copy of the log",
        )
    renewed = [found]
    if output is not None:
        write_new(output, found.proof.render())
    else:
        approvals = approvals_of(document) if document.is_dir() else ()
        for each in approvals:
            try:
                approval = _proved(each, believed, reader, log_key)
            except NotAuthenticError as error:
                # One key was named, and a sign-off is by another; a trust file has both.
                if trust is not None or error.step != Step.SIGNATURE:
                    raise
                show.note(f"`{each}` was left as it was: --signer did not sign it")
                continue
            if approval is None:
                show.note(f"`{each}` is not in the log")
            else:
                renewed.append(approval)
        for one in renewed:
            overwrite(one.path, one.bundle)
            overwrite(proof_path(one.path), one.proof.render())
    rows = [(each, output or proof_path(each.path)) for each in renewed]
    plain = [
        {"file": str(each.path), "index": each.proof.index, "proof": str(written)}
        for each, written in rows
    ]
    show.result(
        {
            **plain[0],
            "size": reader.size,
            "origin": log_key.name,
            "approvals": plain[1:],
        },
        *(
            line
            for each, written in rows
            for line in (
                f"stands  {each.path}: {place(each.proof.index, reader.size)}",
                f"proof   {written}",
            )
        ),
    )


def _prove_decision(
    show: Show, directory: Path, log_vkey: str, named: Named, output: Path | None
) -> None:
    """Write an entry of a decision log and its proof."""
    if output is None:
        raise UsageError("the entry has to be written somewhere", hint="name a file with `-o`")
    found, size, entry, proof = prove_entry(directory, note_key(log_vkey), named)
    beside = output.with_name(output.name + PROOF)
    write_new(output, entry)
    write_new(beside, proof)
    show.result(
        {"file": str(output), "index": found, "size": size, "proof": str(beside)},
        f"stands  {place(found, size)}",
        f"entry   {output}",
        f"proof   {beside}",
    )


def _proved(path: Path, believed: Trust, reader: LogReader, log_key: NoteKey) -> _Proved | None:
    """Return the document with its new proof, or `None` where it is not in the log.

    Raises:
        NotAuthenticError: Nobody who is believed signed it, or the log does not hold.
    """
    from assaymark.attest.bundle import with_entry
    from assaymark.attest.tlog.entry import entry_for

    bundle = read_document(path)
    statement = judged(bundle, believed, path=path)
    entry = entry_for(statement.payload, statement.signature, statement.signer.public_key)
    index = reader.find(entry)
    if index is None:
        return None
    proof = reader.prove_inclusion(index)
    return _Proved(path, with_entry(bundle, entry, proof, log_key), proof)
