"""
LiteLLM, with our APIs behind its hooks and our guardrail in its process.

LiteLLM pins other versions of what is tested here, so it lives in an environment of its own: `make litellm`
makes it beside the one of the tests, and `ASSAYMARK_LITELLM_PYTHON` names the interpreter of another.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from assaymark.guard import Guard
from assaymark.guard.apis import application
from guard.asgi.conftest import served
from guard.conftest import HEAD
from guard.proxy.upstream import Asked, Reply, Upstream, chat, chunks, events, whole

from .conftest import CARD, MAIL, PII, SECTION

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HIDDEN = "<EMAIL_ADDRESS>"
TEXT = f"Write to {HIDDEN}, she knows."
KEY = "sk-" + "0123456789abcdef" * 3
SECONDS = 120
"""A server of LiteLLM takes half a minute to start on a busy machine."""


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter that has LiteLLM; says so and skips where there is none."""
    default = REPOSITORY / ".venv-litellm" / "bin" / "python"
    found = Path(os.environ.get("ASSAYMARK_LITELLM_PYTHON", default))
    if not found.exists():
        pytest.skip("no LiteLLM: expected it in `.venv-litellm`, which `make litellm` makes")
    return str(found)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """In which LiteLLM finds our package, and asks the network for nothing."""
    return {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY / "src"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_MASTER_KEY": KEY,
        "LITELLM_LOG": "ERROR",
    }


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the policy of the guard."""
    path = tmp_path_factory.mktemp("litellm") / "policy.yaml"
    path.write_text(f"{HEAD}{PII}guard: {SECTION}\n")
    return path


@pytest.fixture(scope="module")
def model() -> Iterator[Upstream]:
    """The model behind LiteLLM's proxy."""

    def answer(asked: Asked) -> Reply:
        if (asked.body or {}).get("stream"):
            return events(chunks(["Write to jo", "hn@exam", "ple.com, ", "she knows."]))
        return whole(chat(f"Write to {MAIL}, she knows."))

    with Upstream(answer) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def starting(
    python: str, environment: dict[str, str], policy: Path, model: Upstream
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """LiteLLM's proxy with our guardrail, and its port, as soon as its process is there."""
    page = (REPOSITORY / "docs" / "integrations.md").read_text()
    (guardrails,) = re.findall(r"^guardrails:\n.*?(?=^```)", page, re.MULTILINE | re.DOTALL)
    config = policy.with_name("config.yaml")
    config.write_text(
        "model_list:\n"
        "  - model_name: m\n"
        f"    litellm_params: {{model: openai/gpt-4o, api_base: '{model.url}', api_key: k}}\n"
        "litellm_settings: {telemetry: false}\n"
        f"{guardrails.replace('policy.yaml', str(policy))}"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = str(Path(python).with_name("litellm"))
    with policy.with_name("log").open("wb") as log:
        process = subprocess.Popen(
            [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            yield process, port
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def found(
    starting: Any, python: str, environment: dict[str, str], policy: Path, guard: Guard
) -> dict[str, Any]:
    """What LiteLLM's hooks did, while its proxy starts."""
    with served(application(guard)) as address:
        done = subprocess.run(
            [python, str(Path(__file__).with_name("litellm_program.py")), address, str(policy)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def proxy(found: Any, starting: tuple[subprocess.Popen[bytes], int]) -> openai.OpenAI:
    """A client of LiteLLM's proxy."""
    process, port = starting
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.2)
    return openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY, max_retries=0)


def test_its_hook_for_presidio_masks_and_blocks(found: dict[str, Any]) -> None:
    """Our server stands where Presidio's two would."""
    masked = found["presidio"]

    assert masked["mask"] == [{"role": "user", "content": f"I am {HIDDEN}"}]
    assert masked["block"].startswith("BlockedPiiEntityError: Blocked entity detected: CREDIT_CARD")


def test_its_generic_hook_redacts_and_blocks(found: dict[str, Any]) -> None:
    """Both ways, in earlier turns, calls of tools and their results, and in a stream."""
    generic = found["generic"]

    assert generic["request"] == f"I am {HIDDEN}"
    first, call, result = generic["turns"]
    assert (first["content"], result["content"]) == (f"I am {HIDDEN}", HIDDEN)
    assert call["tool_calls"][0]["function"]["arguments"] == f'{{"a":"{HIDDEN}"}}'
    assert generic["response"] == TEXT
    assert generic["stream"] == {"content": TEXT, "arguments": "", "reason": "stop"}
    assert generic["blocked"] == (
        "GuardrailRaisedException: the policy blocks the messages: CREDIT_CARD"
    )
    assert generic["blocked response"] == (
        "GuardrailRaisedException: the policy blocks a text: CREDIT_CARD"
    )


def test_its_hook_for_guardrails_ai_redacts_and_blocks(found: dict[str, Any]) -> None:
    """Its error, which holds our whole answer, holds nothing of the text."""
    validate = found["validate"]

    assert validate["request"] == [{"role": "user", "content": f"I am {HIDDEN}"}]
    assert validate["blocked"].startswith("HTTPException: {'error': 'Violated guardrail policy'")
    assert "4111" not in validate["blocked"]


def test_our_guardrail_judges_requests(found: dict[str, Any]) -> None:
    """What cannot be judged is refused; what is LiteLLM's own is left alone."""
    own = found["own"]

    assert own["request"] == [{"role": "user", "content": f"I am {HIDDEN}"}]
    assert own["embedding"] == [f"I am {HIDDEN}"]
    assert own["kept"] == [
        "litellm_call_id",
        "messages",
        "metadata",
        "model",
        "proxy_server_request",
    ]
    assert "'code': 'content_filter'" in own["blocked"]
    for name in ("image", "speech", "streamed responses"):
        assert "'code': 'not_inspectable'" in own[name]


def test_our_guardrail_judges_answers(found: dict[str, Any]) -> None:
    """As the API has it, with what LiteLLM says of them."""
    own = found["own"]

    assert own["response"]["message"]["content"] == TEXT
    assert own["fine"]["message"]["content"] == "fine"
    assert own["response"]["hidden"] == own["fine"]["hidden"] == {"cost": 1}
    blocked = own["blocked response"]
    assert (blocked["message"]["content"], blocked["finish_reason"]) == ("pay ", "content_filter")
    assert "'code': 'upstream_invalid'" in own["odd response"]


def test_our_guardrail_judges_streams(found: dict[str, Any]) -> None:
    """Texts and arguments of tools, however they are cut."""
    own = found["own"]

    assert own["stream"] == {"content": TEXT, "arguments": "", "reason": "stop"}
    assert own["tool stream"]["arguments"] == f'{{"a": "{HIDDEN}"}}'
    assert own["blocked stream"] == {"content": "pay ", "arguments": "", "reason": "content_filter"}
    assert own["short stream"]["content"] == "ab"
    assert "'code': 'upstream_invalid'" in own["odd stream"]["error"]


def test_our_guardrail_is_off_where_litellm_says_so(found: dict[str, Any]) -> None:
    """Whoever runs LiteLLM decides that, and by default it is on."""
    own = found["own"]

    assert own["off"] == [MAIL, MAIL]
    assert own["off stream"] == MAIL


def test_litellms_proxy_runs_with_our_guardrail(proxy: openai.OpenAI, model: Upstream) -> None:
    """Configured as the page says, asked by OpenAI's client, with a model on a real socket."""
    model.asked.clear()

    answer = proxy.chat.completions.create(
        model="m", messages=[{"role": "user", "content": f"I am {MAIL}"}]
    )
    stream = proxy.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "hi"}], stream=True
    )
    text = "".join(each.choices[0].delta.content or "" for each in stream if each.choices)
    count = len(model.asked)
    with pytest.raises(openai.BadRequestError) as caught:
        proxy.chat.completions.create(model="m", messages=[{"role": "user", "content": CARD}])

    assert model.asked[0].body["messages"] == [{"role": "user", "content": f"I am {HIDDEN}"}]
    assert (answer.choices[0].message.content, text) == (TEXT, TEXT)
    assert "the request was blocked by the policy" in str(caught.value)
    assert len(model.asked) == count


def test_without_litellm_the_install_line_is_named() -> None:
    """This environment has none."""
    code = (
        "from assaymark.errors import MissingExtraError\n"
        "try:\n    import assaymark.integrations.litellm\n"
        "except MissingExtraError as error: print(error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "pip install 'assaymark[litellm]'\n"
