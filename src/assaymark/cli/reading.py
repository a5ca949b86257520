"""How data is read: options that `audit` and `scan` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

FORMATS = ("jsonl", "json", "csv", "tsv", "parquet", "arrow", "text")

F = TypeVar("F", bound=Callable[..., Any])


def reading_options(command: F) -> F:
    """Add `--field` and `--format` to a command."""
    field = click.option("--field", metavar="F", help="Where the text is; found if not named.")
    form = click.option(
        "--format", "file_format", type=click.Choice(FORMATS), help="The format of the data."
    )
    return field(form(command))
