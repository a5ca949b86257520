"""
Prompts in a file, for a model that is asked elsewhere: answers come back as `recorded:FILE`.

tests/cli/test_prompts.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assaymark.cli.new_file import demand_folder, write_new

if TYPE_CHECKING:
    from assaymark.contracts.catalog import Catalog
    from assaymark.policy.policy import Policy


def prompts_written(policy: Policy, catalog: Catalog, path: Path) -> tuple[Any, str]:
    """Write each prompt of `policy` once, and return what was written, for scripts and for people.

    Raises:
        UsageError: No check asks a model, there is something at `path`, or no folder for it.
        AssaymarkError: A probe set cannot be read.
    """
    from assaymark.cli.show import one_line
    from assaymark.engine.probing.plan import demanded_probes
    from assaymark.inputs.targets.recorded import to_be_recorded
    from assaymark.model.numbers import plural

    demand_folder(path)
    probes = demanded_probes(policy, catalog)
    records = to_be_recorded(
        (f"{probe.id}:{each.id}", draw)
        for probe in probes
        for each in probe.prompts()
        for draw in each.draws()
    )
    write_new(path, b"".join(_lines(records)))
    data = {"asked": 0, "prompts": len(records), "file": str(path)}
    return data, "\n".join(
        [
            f"{plural(len(records), 'prompt')} in {one_line(str(path))}",
            "put the answer to each into `response`, and audit them with `--model recorded:FILE`",
            "nothing was asked",
        ]
    )


def _lines(records: list[dict[str, Any]]) -> Iterator[bytes]:
    for each in records:
        yield json.dumps(each, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
