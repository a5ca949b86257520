"""
The name of an output, held against what goes into it.

The output has the format of the input, so under another suffix whoever opens it next would misread it.

tests/redaction/test_target_name.py
"""

from __future__ import annotations

from pathlib import Path

from assaymark.errors import UsageError
from assaymark.inputs.compression import Packing
from assaymark.inputs.formats import Format, format_of_name, without_packing

_SUFFIXES = {None: "", Packing.GZIP: ".gz", Packing.ZSTANDARD: ".zst"}


def demand_fitting(target: Path, source: str, form: Format, packing: Packing | None) -> None:
    """Demand that the suffix of `target` says nothing untrue.

    A suffix that names no format is let be, and so is one that the input has as well.

    Args:
        target: The output.
        source: The name of the input.
        form: Of both.
        packing: Of both.

    Raises:
        UsageError: The suffix names another format or another packing.
    """
    named, wrapped = format_of_name(target.name), _packing_named(target.name)
    if named is None and wrapped is None:
        return
    is_format = named in (None, form, format_of_name(source))
    if is_format and wrapped in (packing, _packing_named(source)):
        return
    how = "" if packing is None else f" packed with {packing.value}"
    raise UsageError(
        f"`{target}` would not hold what its suffix says: the output is {form.name}{how}, like the input",
        hint=f"choose a name that ends in `{form.suffixes[0]}{_SUFFIXES[packing]}`",
    )


def _packing_named(name: str) -> Packing | None:
    ending = name[len(without_packing(name)) :].lower()
    return next(each for each, suffix in _SUFFIXES.items() if suffix == ending)
