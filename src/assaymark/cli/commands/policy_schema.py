"""`assaymark policy schema`: for editors."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of policy files: checks, detectors and metrics as they are installed here."""
    from assaymark.engine.catalog import installed_catalog
    from assaymark.policy.schema import json_schema

    click.echo(json.dumps(json_schema(installed_catalog()), indent=2))
