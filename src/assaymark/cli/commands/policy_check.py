"""`assaymark policy check`: every mistake of a policy, at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assaymark.cli.exit_status import ExitStatus
from assaymark.cli.show import Show, output_options

if TYPE_CHECKING:
    from assaymark.policy.load import Checked


@click.command("check")
@click.argument("policy")
@output_options
@click.pass_context
def command(ctx: click.Context, show: Show, policy: str) -> None:
    r"""Name every mistake in POLICY at once, each with its place and the nearest valid name.

    POLICY is a file, or `pack:NAME`. Warnings are shown and do not count. The digest that is printed is
    the one that trust files allow.

    \b
    Exit status:
      0  the policy can be used
      2  it cannot
    """
    from assaymark.engine.catalog import installed_catalog
    from assaymark.policy.diagnostics import render
    from assaymark.policy.load import check_policy

    checked = check_policy(policy, installed_catalog())
    if show.json:
        show.result(_data(checked), "")
    elif checked.diagnostics:
        # On stderr, like every error and warning; stdout holds results.
        click.echo(render(checked.diagnostics), err=True)
    if checked.policy is None:
        errors = sum(each.severity.value == "error" for each in checked.diagnostics)
        click.echo(f"\n{errors} mistake{'' if errors == 1 else 's'} in `{policy}`", err=True)
        ctx.exit(ExitStatus.WRONG_INPUT)
    if not show.json:
        loaded = checked.policy
        show.result(
            None,
            f"{loaded.name} {loaded.version}: {len(loaded.requirements)} requirements, no mistakes\n"
            f"sha256:{loaded.digest}",
        )


def _data(checked: Checked) -> dict[str, Any]:
    policy = checked.policy
    return {
        "usable": policy is not None,
        "diagnostics": [each.to_plain() for each in checked.diagnostics],
        "policy": policy
        and {
            "name": policy.name,
            "version": policy.version,
            "sha256": policy.digest,
            "requirements": [each.id for each in policy.requirements],
        },
    }
