"""How data is read: options that `audit` and `scan` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

FORMATS = ("jsonl", "json", "csv", "tsv", "parquet", "arrow", "text")

F = TypeVar("F", bound=Callable[..., Any])


def reading_options(command: F) -> F:
    """Add `--field`, `--format` and `--max-ratio` to a command."""
    field = click.option("--field", metavar="F", help="Read only these fields, such as `text`.")
    form = click.option(
        "--format", "file_format", type=click.Choice(FORMATS), help="The format of the data."
    )
    ratio = click.option(
        "--max-ratio",
        type=click.FloatRange(min=1),
        default=1000,
        show_default=True,
        metavar="N",
        help="How many times its size a compressed file may unpack to.",
    )
    return field(form(ratio(command)))
