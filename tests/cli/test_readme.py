"""What the documentation shows is what happens: its commands are run and its outputs compared."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path

import pytest

DOCUMENTS = ("README.md", "docs/tutorial.md")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def scrub(text: str) -> str:
    """Replace keys, digests and times, which differ from run to run, and the line breaks they cause."""
    text = " ".join(text.split())
    text = re.sub(r"SHA256:[\w+/]{43}", "SHA256:KEY", text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "DIGEST", text)
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
    "document", ["README.md", "CONTRIBUTING.md", "sample/README.md", "docs/why.md"]
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
