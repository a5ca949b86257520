"""What the documentation shows is what happens: its commands are run and its outputs compared."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = (
    *("README.md", "docs/tutorial.md", "docs/targets.md"),
    *("docs/decision-log.md", "docs/policy-life.md"),
)
SHELL_DOCUMENTS = {
    "docs/time-stamps.md": ("openssl",),
    "docs/tutorial-chain.md": ("openssl",),
    "docs/keys.md": ("ssh-keygen",),
    "docs/tokens.md": ("softhsm2-util", "pkcs11-tool", "/usr/lib/softhsm/libsofthsm2.so"),
}
"""Pages with other people's commands between ours, and what has to be installed to run them."""

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def scrub(text: str) -> str:
    """Replace keys, digests and times, which differ from run to run, and the line breaks they cause."""
    text = " ".join(text.split())
    text = re.sub(r"SHA256:[\w+/]{43}", "SHA256:KEY", text)
    text = re.sub(r"(?<=PUBLIC KEY-----).*?(?=-----END)", "PEM", text)
    text = re.sub(r"(?<=approvals/)[\w-]{43}", "KEY", text)
    text = re.sub(r"\+[0-9a-f]{8}\+[\w/+=]{44}", "+VKEY", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
    text = re.sub(r"\b(?=\w*\d)[0-9a-f]{12}\b", "PART", text)
    text = re.sub(r"certificate [0-9a-f]{16,40} of", "certificate NUMBER of", text)
    text = re.sub(r"\b\d{8}T\d{6}Z\b", "TIME", text)
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z| UTC)", "TIME", text)


def play(block: str, run, status: int) -> tuple[str, int]:
    """Run the commands of one console block and return it with what they print."""
    shown = []
    for line in block.splitlines():
        if not line.startswith("$ "):
            continue
        shown.append(line)
        words = shlex.split(line.removeprefix("$ "))
        if words == ["echo", "$?"]:
            shown.append(str(status))
        elif words[0] == "python":
            exec(compile(Path(words[1]).read_text(), words[1], "exec"), {"__name__": "__main__"})
        else:
            assert words[0] == "assaymark", f"an example runs assaymark, not {words[0]}"
            result = run(*words[1:])
            status = result.status
            shown += (result.out or ("" if status == 0 else result.err)).splitlines()
    return "\n".join(shown) + "\n", status


def commands_of(block: str) -> list[str]:
    """The commands of a console block; one that ends a line with a backslash goes on in the next."""
    lines = iter(block.splitlines())
    found = []
    for line in lines:
        if not line.startswith("$ "):
            continue
        whole = [line.removeprefix("$ ")]
        while whole[-1].endswith("\\"):
            whole.append(next(lines))
        found.append("\n".join(whole))
    return found


def play_shell(block: str, environment: dict[str, str]) -> str:
    """Run the commands of one block in a shell, as a reader would, and return it with what they print."""
    shown = []
    for command in commands_of(block):
        shown.append(f"$ {command}")
        if command.startswith("export "):
            for word in shlex.split(command)[1:]:
                name, _, value = word.partition("=")
                environment[name] = value.replace("$PWD", str(Path.cwd()))
            continue
        done = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
        )
        # An audit that fails ends with 1, and a gate that denies.
        ours = command.startswith("assaymark")
        assert done.returncode in ((0, 1) if ours else (0,)), f"{command}\n{done.stderr}"
        shown += done.stdout.splitlines()
        shown += done.stderr.splitlines() if ours else []
    return "\n".join(shown) + "\n"


@pytest.mark.parametrize("document", SHELL_DOCUMENTS)
def test_recipes_are_real(document, repository, tmp_path, monkeypatch) -> None:
    """Every console block of a page, run in a shell in order, prints what the page says."""
    missing = [
        each
        for each in SHELL_DOCUMENTS[document]
        if shutil.which(each) is None and not Path(each).is_file()
    ]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    monkeypatch.chdir(tmp_path)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ASSAYMARK_STATE": str(tmp_path / ".state"),
        "PYTHONPATH": str(repository / "src"),
        "COLUMNS": "100",
    }
    path = repository / document
    text = real = path.read_text()
    for match in _BLOCK.finditer(text):
        language, block = match.groups()
        named = re.match(r"# (\S+)\n", block)
        if language == "console":
            real = real.replace(block, play_shell(block, environment), 1)
        elif named is not None:
            Path(named[1]).write_text(block)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(real)
        text = real

    assert scrub(text) == scrub(real)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_are_real(document, repository, tmp_path, monkeypatch, run) -> None:
    """Every console block, run in order, prints what the document says."""
    path = repository / document
    text = path.read_text()
    shutil.copytree(repository / "sample", tmp_path / "sample")
    monkeypatch.chdir(tmp_path)
    status = 0
    real = text
    for match in _BLOCK.finditer(text):
        language, block = match.groups()
        named = re.match(r"# (\S+\.(?:yaml|py))\n", block)
        if language == "console":
            shown, status = play(block, run, status)
            real = real.replace(block, shown, 1)
        elif named is not None:
            target = tmp_path / named[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(real)
        text = real

    assert scrub(text) == scrub(real)


def test_the_policy_in_the_readme_is_sound(repository, tmp_path, run) -> None:
    """The policy that newcomers copy can be used, and passes its own tests."""
    blocks = [block for _, block in _BLOCK.findall((repository / "README.md").read_text())]
    (policy,) = [each for each in blocks if "kind: Policy" in each]
    (tmp_path / "p.yaml").write_text(policy)

    assert run("policy", "check", tmp_path / "p.yaml").status == 0
    assert run("policy", "test", tmp_path / "p.yaml").status == 0


@pytest.mark.parametrize(
    "document",
    [
        *("README.md", "CONTRIBUTING.md", "sample/README.md"),
        *sorted(str(each.relative_to(REPOSITORY)) for each in (REPOSITORY / "docs").glob("*.md")),
    ],
)
def test_links_lead_somewhere(document, repository) -> None:
    """Every relative link names a file of the repository."""
    path = repository / document
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text())

    assert [each for each in links if not (path.parent / each).exists()] == []


def test_the_readme_lists_every_exit_status(repository) -> None:
    """The table of statuses is that of the program."""
    from assaymark.cli.exit_status import ExitStatus

    listed = re.findall(r"^\| (\d+) \|", (repository / "README.md").read_text(), re.MULTILINE)

    assert [int(each) for each in listed] == [int(each) for each in ExitStatus if each < 100]


def test_the_changelog_knows_this_version(repository) -> None:
    """A release cannot be forgotten in the changelog."""
    from assaymark import __version__

    assert f"## [{__version__}]" in (repository / "CHANGELOG.md").read_text()
