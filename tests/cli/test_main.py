"""The front door: help, version, exit statuses."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from assaymark import __version__, errors
from assaymark.cli.exit_status import ExitStatus, Terminated, status_of_error, status_of_verdict
from assaymark.cli.main import main, root
from assaymark.model.decision import Verdict

ASSAYMARK = Path(sys.executable).with_name("assaymark")


def every_command() -> list[tuple[str, ...]]:
    """Return the words of every command and group."""
    found: list[tuple[str, ...]] = [()]
    context = click.Context(root)
    for name in root.list_commands(context):
        found.append((name,))
        command = root.commands.get(name)
        if isinstance(command, click.Group):
            found += [(name, each) for each in command.list_commands(context)]
    return found


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_help(words, run, snapshot) -> None:
    """Every command explains itself, and a change of its words is seen in review."""
    result = run(*words, "--help")

    assert (result.status, result.err) == (0, "")
    snapshot("help " + (" ".join(words) or "assaymark"), result.out)


def test_version(run) -> None:
    """The version is the package's."""
    assert run("--version").out == f"assaymark, version {__version__}\n"


def test_no_command_is_wrong_usage(run) -> None:
    """Without a command the help is shown on stderr, and nothing was done."""
    result = run()

    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("Usage: assaymark")


def test_wrong_usage_is_an_error_and_a_hint(run) -> None:
    """A typo ends like every other error."""
    result = run("keys", "show", "--nope")

    assert result.status == 2
    assert result.err.startswith("error: no such option")
    assert result.err.endswith("hint: see `assaymark keys show --help`\n")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.AssaymarkError("x"), 2),
        (errors.UsageError("x"), 2),
        (errors.InputError("x"), 2),
        (errors.PolicyError("x"), 2),
        (errors.RegistryError("x"), 2),
        (errors.MissingExtraError("x", extra="detoxify"), 2),
        (errors.MissingModelError("x"), 2),
        (errors.EvidenceError("x"), 2),
        (errors.KeyFileError("x"), 2),
        (errors.SignerError("x"), 2),
        (errors.DetectorError("x"), 3),
        (errors.RecognizerError("x"), 2),
        (errors.TargetError("x"), 3),
        (errors.NotAuthenticError(1, "x"), 4),
        (errors.UnmetDemandError(7, "x"), 4),
        (click.UsageError("x"), 2),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (BrokenPipeError(), 141),
        (PermissionError(), 2),
        (ValueError("x"), 70),
        (MemoryError(), 70),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else str(each),
)
def test_status_of_error(error: BaseException, status: int) -> None:
    """Every kind of error has its status, and an unknown one is our fault."""
    assert status_of_error(error) == status


def test_every_error_has_a_row() -> None:
    """A new kind of error is added to the table above."""
    own = {
        each
        for each in vars(errors).values()
        if isinstance(each, type) and each.__module__ == errors.__name__
    }
    rows = test_status_of_error.pytestmark[0].args[1]

    assert own <= {type(error) for error, _ in rows}


def test_status_of_verdict() -> None:
    """Only a proven PASS is success."""
    statuses = {each.value: int(status_of_verdict(each)) for each in Verdict}

    assert statuses == {"PASS": 0, "FAIL": 1, "UNDECIDED": 3}


def test_statuses_are_written_in_the_help(run) -> None:
    """What a script may rely on stands where its writer looks."""
    shown = run("--help").out

    wanted = [each for each in ExitStatus if each < 100]
    assert all(f"\n    {int(each)} " in shown for each in wanted)


def test_the_program_owns_its_process(monkeypatch, capsys) -> None:
    """Run as a program, libraries' logs stay off the terminal, and SIGTERM unwinds."""
    monkeypatch.setattr(sys, "argv", ["assaymark", "--version"])
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    before = signal.getsignal(signal.SIGTERM)
    try:
        status = main()
        handler = signal.getsignal(signal.SIGTERM)
        logging.getLogger("a.library").warning("4111 1111 1111 1111")
        with pytest.raises(Terminated):
            handler(signal.SIGTERM, None)
    finally:
        signal.signal(signal.SIGTERM, before)

    captured = capsys.readouterr()
    assert status == 0
    assert (captured.out, captured.err) == (f"assaymark, version {__version__}\n", "")


def test_the_installed_program_runs() -> None:
    """The entry point works from a shell."""
    done = subprocess.run([ASSAYMARK, "--version"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"assaymark, version {__version__}\n",
        "",
    )


def test_help_loads_nothing_heavy() -> None:
    """`--help` and `policy check` are quick because they load no library that is not needed."""
    script = (
        "import sys; from assaymark.cli.main import main; main(['--help']);"
        "print(sorted({'presidio_analyzer', 'pyarrow', 'torch', 'spacy', 'cryptography', 'jinja2',"
        " 'pydantic', 'rich', 'yaml'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_who_goes_away_is_no_denial() -> None:
    """A closed pipe ends quietly, and not with 1."""
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [ASSAYMARK, "completion", "bash"], stdout=closed, stderr=subprocess.PIPE, check=False
        )

    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("words", [["--nope"], ["verify", "/", "--json"]], ids=["usage", "json"])
def test_an_error_that_nobody_reads_keeps_its_status(words) -> None:
    """Where the reader of stderr went away, wrong usage is still 2 and not the 1 of a denial."""
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [ASSAYMARK, *words], stdout=subprocess.PIPE, stderr=closed, check=False
        )

    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize(
    ("closed", "shown"),
    [((1,), ""), ((0, 1, 2), ""), ((2,), f"assaymark, version {__version__}\n")],
    ids=["stdout", "all", "stderr"],
)
def test_closed_streams_change_no_status(closed, shown) -> None:
    """With streams closed by the caller (`>&-`), a command ends as it would have, and quietly."""

    def close() -> None:
        for number in closed:
            os.close(number)

    done, wrong = (
        subprocess.run(
            [ASSAYMARK, *words],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=close,
        )
        for words in (["--version"], ["--nope"])
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, shown, "")
    assert (wrong.returncode, wrong.stdout, bool(wrong.stderr)) == (2, "", 2 not in closed)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_signals_end_quietly(number: int, status: int) -> None:
    """An interrupted command shows no traceback."""
    script = (
        "import sys, assaymark.cli.commands.completion as c, assaymark.cli.main as m;"
        "c.get_completion_class = lambda _: (print('ready', flush=True), sys.stdin.read());"
        "sys.argv = ['assaymark', 'completion', 'bash']; sys.exit(m.main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        process.send_signal(number)
        err = process.stderr.read() if process.stderr else ""

    assert (process.returncode, err) == (status, "")


@pytest.mark.parametrize(
    "instruction", ["bash_source", "zsh_source", "fish_source", "bash_complete"]
)
def test_completion_does_not_answer_for_a_command(
    instruction: str, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of the environment turns no gate into success."""
    monkeypatch.setenv("_ASSAYMARK_COMPLETE", instruction)

    result = run("gate", "missing", "--trust", "missing", "--subject", "missing")

    assert result.status == 2
    assert result.out == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    "words", [("--version",), ("checks", "list", "--json"), ("nope", "--json")]
)
def test_a_full_disk_behind_stdout_is_told(words: tuple[str, ...]) -> None:
    """Never as 1, which means denied, and never as a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [ASSAYMARK, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
