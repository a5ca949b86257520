"""Agents of LangChain with a guard in them: the real `create_agent`, with a model that a test scripts."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import tool
from pydantic import BaseModel

from assaymark.guard import BlockedError, Guard, Session
from assaymark.integrations.langchain import guarded_model
from assaymark.integrations.langchain_agent import AgentGuard
from guard.conftest import guard_of

from .conftest import CARD, MAIL, PII
from .test_langchain import HIDDEN, Scripted

CALL = {"name": "mail", "args": {"to": MAIL}, "id": "c1", "type": "tool_call"}
called: list[str] = []


@tool
def mail(to: str) -> str:
    """Write to somebody."""
    called.append(to)
    return f"sent to {MAIL}, not {to}"


class InTurn(Scripted):
    """A model whose answers come one after the other."""

    answers: Any = ()

    def _generate(self, messages: Any, *_: Any, **kwargs: Any) -> ChatResult:
        self.seen.append((messages, kwargs))
        return ChatResult(
            generations=[ChatGeneration(message=self.answers[len(self.seen) - 1].model_copy())]
        )


class Whispering(InTurn):
    """One that streams, a few characters at a time."""

    def _stream(self, messages: Any, *_: Any, **kwargs: Any) -> Any:
        (answer,) = self._generate(messages, **kwargs).generations
        message: Any = answer.message
        for each in message.tool_calls:
            piece: Any = {"name": each["name"], "args": f'{{"to": "{MAIL}"}}', "id": each["id"]}
            yield ChatGenerationChunk(
                message=AIMessageChunk(content="", tool_call_chunks=[{**piece, "index": 0}])
            )
        for at in range(0, len(message.content), 3):
            text = message.content[at : at + 3]
            yield ChatGenerationChunk(message=AIMessageChunk(content=text))


def turns() -> list[AIMessage]:
    """A call of the tool, and then an answer."""
    return [AIMessage("", tool_calls=[CALL]), AIMessage(f"I asked {MAIL}.")]


def invoked(agent: Any, given: Any) -> Any:
    """What an agent returns."""
    return agent.invoke(given)


def ainvoked(agent: Any, given: Any) -> Any:
    """The same, asynchronously."""
    return asyncio.run(agent.ainvoke(given))


@pytest.mark.parametrize("ask", [invoked, ainvoked])
def test_the_model_of_an_agent_is_guarded(guard: Guard, ask: Callable[..., Any]) -> None:
    """In every step: it sees no value of a person or a tool, and neither tool nor caller get one of its."""
    model = InTurn(answers=turns())
    agent = create_agent(
        model, tools=[mail], system_prompt=f"You serve {MAIL}.", middleware=[AgentGuard(guard)]
    )
    called.clear()

    result = ask(agent, {"messages": [{"role": "user", "content": f"I am {MAIL}"}]})

    assert called == [HIDDEN]
    assert result["messages"][-1].content == f"I asked {HIDDEN}."
    assert len(model.seen) == 2
    assert MAIL not in str(model.seen)
    first, second = ([each.content for each in messages] for messages, _ in model.seen)
    assert first == [f"You serve {HIDDEN}.", f"I am {HIDDEN}"]
    assert second == [*first, "", f"sent to {HIDDEN}, not {HIDDEN}"]


def test_a_streaming_agent(guard: Guard) -> None:
    """No piece that leaves holds a part of a value, whichever way the agent streams."""
    model = Whispering(answers=turns() * 2)
    agent = create_agent(model, tools=[mail], middleware=[AgentGuard(guard)])
    given: Any = {"messages": [{"role": "user", "content": "hi"}]}

    pieces = [each for each, _ in agent.stream(given, stream_mode="messages")]
    steps = list(agent.stream(given, stream_mode="updates"))

    said = "".join(each.content for each in pieces if isinstance(each, AIMessageChunk))
    assert said == f"I asked {HIDDEN}."
    assert "john" not in "".join(str(each) for each in pieces if isinstance(each, AIMessageChunk))
    assert "john" not in str([each["model"] for each in steps if "model" in each])


@pytest.mark.parametrize("ask", [invoked, ainvoked])
def test_what_is_blocked_ends_the_agent(guard: Guard, ask: Callable[..., Any]) -> None:
    """It raises out of it, or the text of the user is the answer; the model is not asked."""
    model = InTurn(answers=[AIMessage("never")])
    given = {"messages": [{"role": "user", "content": f"pay {CARD}"}]}
    strict = create_agent(model, middleware=[AgentGuard(guard)])
    soft = create_agent(model, middleware=[AgentGuard(guard, on_block="No.")])

    with pytest.raises(BlockedError) as caught:
        ask(strict, given)
    result = ask(soft, given)

    assert caught.value.phase.value == "input"
    assert result["messages"][-1].content == "No."
    assert model.seen == []


def test_a_blocked_turn_does_not_end_the_conversation(guard: Guard) -> None:
    """Once answered, it is withheld from the model."""
    model = InTurn(answers=[AIMessage("hello")])
    agent = create_agent(model, middleware=[AgentGuard(guard)])
    messages = [("user", f"pay {CARD}"), ("assistant", "No."), ("user", "hi")]

    agent.invoke({"messages": messages})  # type: ignore[arg-type] # its short form

    assert [each.content for each in model.seen[0][0]] == ["<WITHHELD>", "No.", "hi"]


class Person(BaseModel):
    """Somebody."""

    to: str


def test_structured_answers_are_judged(guard: Guard) -> None:
    """What they are parsed from is what may come out."""
    call = {**CALL, "name": "Person"}
    model = InTurn(answers=[AIMessage("", tool_calls=[call])])
    agent = create_agent(
        model, response_format=ToolStrategy(Person), middleware=[AgentGuard(guard)]
    )

    result = agent.invoke({"messages": [{"role": "user", "content": "hi"}]})
    model.profile = {"structured_output": True}

    assert result["structured_response"] == Person(to=HIDDEN)
    assert guarded_model(model, guard).profile == {"structured_output": True}


def test_what_other_middleware_adds_is_judged(guard: Guard) -> None:
    """As long as the guard stands behind it."""

    class Adds(AgentMiddleware):
        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            return handler(request.override(system_prompt=f"about {MAIL}"))

    model = InTurn(answers=[AIMessage("ok")])
    agent = create_agent(model, middleware=[Adds(), AgentGuard(guard)])

    agent.invoke({"messages": [{"role": "user", "content": "hi"}]})

    assert model.seen[0][0][0].content == f"about {HIDDEN}"


def test_pseudonyms_lead_back_for_tools_and_callers(tmp_path: Path) -> None:
    """The model sees an invented address, the tool and the caller the real one."""
    rule = "[{detector: pii, do: redact, with: pseudonym, entities: [EMAIL_ADDRESS]}]"

    class Echo(InTurn):
        def _generate(self, messages: Any, *_: Any, **kwargs: Any) -> ChatResult:
            self.seen.append((messages, kwargs))
            name = messages[0].content.removeprefix("I am ")
            call = {**CALL, "args": {"to": name}}
            answer = [AIMessage("", tool_calls=[call]), AIMessage(f"Hi {name}")]
            return ChatResult(generations=[ChatGeneration(message=answer[len(self.seen) - 1])])

    section = f"{{input: {rule}, tool_results: {rule}, output: {rule}, tool_calls: {rule}}}"
    with guard_of(section, detectors=PII, vault=tmp_path / "vault") as guard:
        model = Echo()
        middleware = AgentGuard(guard, session=lambda: Session("acme", "1"))
        agent = create_agent(model, tools=[mail], middleware=[middleware])
        called.clear()
        result = agent.invoke({"messages": [{"role": "user", "content": f"I am {MAIL}"}]})

    assert called == [MAIL]
    assert result["messages"][-1].content == f"Hi {MAIL}"
    assert MAIL not in str(model.seen)


def test_the_library_is_named_where_it_is_missing() -> None:
    """With the line that installs it."""
    program = (
        "import sys\nsys.modules['langchain'] = None\n"
        "try:\n    import assaymark.integrations.langchain_agent\n"
        "except Exception as error:\n    print(type(error).__name__, error.message, '|', error.hint)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("MissingExtraError a guarded agent of LangChain")
    assert done.stdout.endswith("| pip install 'assaymark[langchain-agents]'\n")
