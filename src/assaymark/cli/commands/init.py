"""`assaymark init`: what a project starts from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from assaymark.cli.show import Show, output_options
from assaymark.errors import UsageError

_FILES = {
    "policy.yaml": "policy.yaml",
    "trust.yaml": "trust.yaml",
    "data/support.jsonl": "support.jsonl",
    ".github/workflows/assaymark.yml": "github-workflow.yml",
    "assaymark.gitlab-ci.yml": "gitlab-ci.yml",
}
"""Where each file goes, and what it is called in this package."""


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@output_options
def command(show: Show, folder: Path) -> None:
    """Write a starter policy, a trust file, sample data and CI workflows into DIR (here by default).

    The sample holds a few mistakes, so that the first audit has something to show. No file that exists
    is touched.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"`{folder}` is not a folder")
    taken = [name for name in _FILES if (folder / name).exists()]
    if taken:
        raise UsageError(
            f"`{folder / taken[0]}` exists", hint="nothing was written; name another folder"
        )
    starter = files("assaymark.cli") / "starter"
    for name, source in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((starter / source).read_bytes())
    shown = "".join(f"  {folder / name}\n" for name in _FILES)
    change = "" if folder == Path() else f"  cd {folder}\n"
    show.result(
        {"files": [str(folder / name) for name in _FILES]},
        f"wrote\n{shown}\nnext\n{change}"
        "  assaymark policy explain policy.yaml\n"
        "  assaymark audit policy.yaml --dataset data --out report",
    )
