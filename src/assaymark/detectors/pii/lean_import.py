"""
Presidio and spaCy without the libraries that they would only load in passing.

Where torch and transformers are installed, importing Presidio imports both: seven seconds and 230 MB in
every worker process, for engines that this detector does not use unless a policy asks for a spaCy model.
While the block runs they count as not installed; afterwards they can be imported as ever.

tests/detectors/test_pii_lean_import.py holds this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

HEAVY = ("torch", "transformers")


@contextmanager
def without_heavy_libraries() -> Iterator[None]:
    """Let imports inside the block believe that `HEAVY` is not installed, unless it is loaded already."""
    hidden = [name for name in HEAVY if name not in sys.modules]
    for name in hidden:
        # `None` in this place makes `import` raise ModuleNotFoundError; see the import system's reference.
        sys.modules[name] = None  # type: ignore[assignment] # documented, and not in the type
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
