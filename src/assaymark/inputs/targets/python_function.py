"""
A function of Python as a model: `python:MODULE:FUNCTION` or `python:PATH.py:FUNCTION`.

It is called with an `assaymark.contracts.target.Prompt` and returns text, an `Answer`, an `Again`, or `None`
for no text; it may be a coroutine function. What it raises is a failed answer, named by its class alone.

The module is imported, so it runs with all the rights of the user who named it. Its identity is declared:
its place, and the digest of the one file it is defined in; what that file calls is not known.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assaymark.canonical import digest_of, sha256_of
from assaymark.contracts.target import (
    Again,
    Answer,
    Capability,
    Category,
    Prompt,
    TargetName,
    TargetSpec,
)
from assaymark.errors import TargetError, UsageError
from assaymark.inputs.targets.name import capabilities_in, demand_options, number_in
from assaymark.model.subject import Sha256, Subject, SubjectKind


class PythonTarget:
    """A function as a model.

    Args:
        name: What the user called it, without options.
        function: What answers.
        capabilities: What it can be asked for.
        declared: Its identity.
        at_once: How many calls it can take at once.
    """

    def __init__(
        self,
        *,
        name: str,
        function: Callable[[Prompt], Any],
        capabilities: frozenset[Capability],
        declared: dict[str, str],
        at_once: int,
    ) -> None:
        self.name = name
        self.capabilities = capabilities
        self.at_once = at_once
        self._function = function
        self._declared = declared

    @property
    def subject(self) -> Subject:
        """Known by its place and source file, as declared."""
        return Subject(
            kind=SubjectKind.MODEL,
            name=self.name,
            digest=self.digest,
            files=0,
            size=0,
            declared=self._declared,
        )

    @property
    def digest(self) -> Sha256:
        """Over what is declared."""
        return digest_of(self._declared)

    async def ask(self, prompt: Prompt) -> Answer | Again:
        """Call the function once; in a thread, unless it is a coroutine function."""
        try:
            if inspect.iscoroutinefunction(self._function):
                said = await self._function(prompt)
            else:
                said = await asyncio.to_thread(self._function, prompt)
        except Exception as error:  # noqa: BLE001 - anyone's code; the reason stays without content
            return Answer(category=Category.FAILED, reason=f"raised-{type(error).__name__}")
        return _as_answer(said)

    async def close(self) -> None:
        """Nothing is open."""


def _as_answer(said: Any) -> Answer | Again:
    if isinstance(said, Answer | Again):
        return said
    if said is None or (isinstance(said, str) and not said.strip()):
        return Answer(category=Category.EMPTY, reason="empty")
    if not isinstance(said, str):
        return Answer(category=Category.UNPARSABLE, reason=f"returned-{type(said).__name__}")
    text = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return Answer(category=Category.ANSWERED, text=text)


def _open(name: TargetName) -> PythonTarget:
    demand_options(name, PYTHON.options)
    module_name, colon, function_name = name.model.rpartition(":")
    if name.url is not None or not colon or not module_name or not function_name.isidentifier():
        raise UsageError(
            "a `python` model is a module and a function", hint=f"write `{PYTHON.example}`"
        )
    module = _import(module_name)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise UsageError(f"`{module_name}` has no function `{function_name}`")
    declared = {"function": f"{module_name}:{function_name}"}
    source = getattr(module, "__file__", None)
    if source is not None and Path(source).is_file():
        declared["sourceSha256"] = sha256_of(Path(source).read_bytes())
    if "revision" in name.options:
        declared["revision"] = name.options["revision"]
    return PythonTarget(
        name=f"python:{name.model}",
        function=function,
        capabilities=capabilities_in(name, tuple(Capability), [Capability.CHAT]),
        declared=declared,
        at_once=number_in(name, "at-once", 1) or 1,
    )


def _import(module: str) -> Any:
    if module.endswith(".py") and not Path(module).is_file():
        raise UsageError(
            f"there is no file `{module}`", hint="the path is taken from the current folder"
        )
    try:
        if module.endswith(".py"):
            return _import_file(Path(module))
        # As `python -m` does: what lies in the current folder can be named.
        sys.path.insert(0, str(Path.cwd()))
        try:
            return importlib.import_module(module)
        finally:
            sys.path.remove(str(Path.cwd()))
    except Exception as error:  # noqa: BLE001 - anyone's module
        raise TargetError(
            f"`{module}` cannot be imported: {type(error).__name__}",
            hint=f"try `python {module}` to see why"
            if module.endswith(".py")
            else f"try `python -c 'import {module}'` to see why",
        ) from None


def _import_file(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("assaymark_model_under_test", path)
    if spec is None or spec.loader is None:
        raise ImportError
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PYTHON = TargetSpec(
    id="python",
    summary="a function of Python that is called with each prompt",
    example="python:my_package.model:answer",
    options={
        "api": "what it can be asked for: `chat` (default), `completion`, `log-probabilities`",
        "at-once": "how many calls it can take at once; 1 where it is not safe in threads",
        "revision": "which version it is; your word, part of its identity",
    },
    open=_open,
)
