"""
What a shell offers for the words of a command: the ids of checks, and packs beside policy files.

A shell asks by starting the program, so nothing heavy is imported before it asks for a name.
"""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from assaymark.errors import AssaymarkError


class CheckId(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """The id of an installed check; what is none is refused by the command, with the nearest name."""

    name = "id"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - likewise
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the ids that begin as typed."""
        from assaymark.engine.catalog import installed_catalog

        try:
            checks = installed_catalog().checks
        except AssaymarkError:
            return []  # a plug-in that does not load; `doctor` tells
        return [
            CompletionItem(name, help=check.meta.summary)
            for name, check in checks.items()
            if name.startswith(incomplete)
        ]


class PolicyLocation(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A policy file, or `pack:NAME`."""

    name = "policy"

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - likewise
        incomplete: str,
    ) -> list[CompletionItem]:
        """Offer the packs that begin as typed, and the shell's own files."""
        from assaymark.policy.packs import PREFIX, pack_names

        packs = [PREFIX + name for name in pack_names()]
        found = [CompletionItem(each) for each in packs if each.startswith(incomplete)]
        if not incomplete.startswith(PREFIX):
            found.append(CompletionItem(incomplete, type="file"))
        return found


CHECK_ID = CheckId()
POLICY = PolicyLocation()


class Bash(BashComplete):
    """Bash, which takes `pack:baseline` for three words and wants the last one back."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Join again what bash has cut at a colon."""
        args, incomplete = super().get_completion_args()
        if incomplete == ":" and args:
            return args[:-1], f"{args[-1]}:"
        if len(args) > 1 and args[-1] == ":":
            return args[:-2], f"{args[-2]}:{incomplete}"
        return args, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Leave out what bash believes to have already."""
        return f"{item.type},{item.value.rpartition(':')[2]}"


def register() -> None:
    """Let click answer bash by `Bash`."""
    add_completion_class(Bash)
