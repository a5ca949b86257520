"""`assaymark completion`: the script that makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  assaymark completion bash > ~/.local/share/bash-completion/completions/assaymark
    zsh:   assaymark completion zsh > "${fpath[1]}/_assaymark"
    fish:  assaymark completion fish > ~/.config/fish/completions/assaymark.fish
    """  # noqa: D301 - click reads the backspace
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"`{shell}` is not a shell that can be completed")
    program = ctx.find_root().command.name or ""
    # `source` would start the shell to ask for its version; the script is the same for every version.
    completion = kind(ctx.find_root().command, {}, program, f"_{program.upper()}_COMPLETE")
    click.echo(completion.source_template % completion.source_vars())
