"""A tiny model with random weights, made on the fly, asked as any other model is."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from assaymark.contracts.target import (
    Answer,
    Capability,
    Category,
    Message,
    Parameters,
    Prompt,
    Role,
)
from assaymark.errors import InputError, TargetError
from assaymark.inputs.identity import identity_of
from assaymark.inputs.targets.registry import open_target

pytest.importorskip("torch", reason="local models need torch")
pytest.importorskip("transformers", reason="local models need transformers")

TEMPLATE = (
    "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


def make_model(
    folder: Path, *, template: str | None = TEMPLATE, spread: float = 0.02, room: int = 128
) -> Path:
    """A GPT-2 of two layers over bytes, with weights from a fixed seed."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<end>": 0, **{each: number for number, each in enumerate(alphabet, start=1)}}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")
    fast.chat_template = template
    fast.save_pretrained(folder)
    torch.manual_seed(7)
    config = GPT2Config(
        vocab_size=len(vocabulary), n_positions=room, n_embd=16, n_layer=2, n_head=2,
        bos_token_id=0, eos_token_id=0, initializer_range=spread,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the model lies."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def target(folder: Path) -> Any:
    """The model, loaded."""
    return open_target(f"hf:{folder}")


def ask(target: Any, prompt: Prompt) -> Answer:
    """Ask once."""
    answer = asyncio.run(target.ask(prompt))
    assert isinstance(answer, Answer)
    return answer


def chat(text: str, repeat: int = 0, **parameters: Any) -> Prompt:
    """A conversation of one message."""
    return Prompt(
        asks=Capability.CHAT,
        messages=(Message(Role.USER, text),),
        parameters=Parameters(**{"max_tokens": 8, **parameters}),
        repeat=repeat,
    )


def test_a_local_model_is_known_by_its_bytes(folder: Path, target: Any) -> None:
    """As any other folder; what computes with them changes the key of answers alone."""
    identity = identity_of(str(folder))

    assert (target.subject.digest, target.subject.tree) == (identity.digest, identity.tree)
    assert target.subject.declared is None
    assert target.subject.files > 2
    assert target.digest != target.subject.digest
    assert target.capabilities == frozenset(Capability)
    assert target.at_once == 1


def test_an_answer_is_that_of_the_library(folder: Path, target: Any) -> None:
    """Greedy decoding after the chat template gives what `generate` gives."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = tokenizer("[user] hello [assistant]", return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        out = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False,
            pad_token_id=0,
        )  # fmt: skip

    answer = ask(target, chat("hello"))

    assert answer.text == tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    assert (answer.prompt_tokens, answer.answer_tokens) == (ids.shape[1], 8)
    assert answer.finish == "length"


def test_draws_differ_and_can_be_repeated(target: Any) -> None:
    """A repeat is another draw; the same repeat is the same draw, with a seed and without."""
    for seed in (None, 5):
        drawn = [
            ask(target, chat("hello", number, temperature=1.0, seed=seed)) for number in range(4)
        ]
        again = [
            ask(target, chat("hello", number, temperature=1.0, seed=seed)) for number in range(4)
        ]

        assert drawn == again
        assert len({each.text for each in drawn}) > 1
    by_seed = [ask(target, chat("hello", temperature=1.0, top_p=0.9, seed=seed)) for seed in (1, 2)]
    assert by_seed[0] != by_seed[1]


def test_a_stop_word_ends_the_answer(target: Any) -> None:
    """What comes from the stop word on is no answer."""
    whole = ask(target, chat("hello")).text
    stop = whole[3]

    answer = ask(target, chat("hello", stop=(stop,)))

    assert answer.text == whole[: whole.index(stop)]
    assert answer.finish == "stop"


def scored(text: str, *continuations: str) -> Prompt:
    """How likely each continuation is."""
    return Prompt(asks=Capability.LOG_PROBABILITIES, text=text, continuations=continuations)


def test_log_probabilities_are_sums_over_the_continuation(folder: Path, target: Any) -> None:
    """Worked out token by token with the library itself, from the first token on."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)

    def by_hand(text: str, continuation: str) -> float:
        before = tokenizer(text)["input_ids"] if text else [0]
        ids = before + tokenizer(continuation)["input_ids"]
        if text:
            ids, before = [0, *ids], [0, *before]
        with torch.inference_mode():
            logs = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
        return sum(float(logs[i - 1, ids[i]]) for i in range(len(before), len(ids)))

    answer = ask(target, scored("The nurse said ", "he", "she Ä"))
    whole = ask(target, scored("", "The nurse said he"))

    assert [each.tokens for each in answer.scores] == [2, 6]
    assert answer.scores[0].log_probability == pytest.approx(
        by_hand("The nurse said ", "he"), abs=1e-4
    )
    assert answer.scores[1].log_probability == pytest.approx(
        by_hand("The nurse said ", "she Ä"), abs=1e-4
    )
    assert whole.scores[0].log_probability == pytest.approx(
        by_hand("", "The nurse said he"), abs=1e-4
    )
    assert math.isfinite(whole.scores[0].log_probability)


def test_what_does_not_fit_is_a_failed_answer(target: Any) -> None:
    """Nothing is cut off silently."""
    failed = Answer(category=Category.FAILED, reason="context_length_exceeded")

    assert ask(target, chat("x" * 200)) == failed
    assert ask(target, scored("x" * 200, "y")) == failed


def test_without_a_template_there_is_no_chat(tmp_path: Path) -> None:
    """A model that was never told how a conversation is written can only go on."""
    target = open_target(f"hf:{make_model(tmp_path / 'plain', template=None)}")

    answer = ask(
        target,
        Prompt(asks=Capability.COMPLETION, text="hello", parameters=Parameters(max_tokens=4)),
    )

    assert target.capabilities == {Capability.COMPLETION, Capability.LOG_PROBABILITIES}
    assert answer.answer_tokens == 4
    asyncio.run(target.close())


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    """A folder of something else, and a name that is not in the cache; nothing is fetched."""
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(TargetError) as other:
        open_target(f"hf:{tmp_path}")
    with pytest.raises(InputError) as missing:
        open_target("hf:example/no-such-model")

    assert (
        other.value.message
        == f"`{tmp_path}` cannot be loaded as a causal language model: ValueError"
    )
    assert missing.value.message == (
        "`example/no-such-model` is no folder, and no model in the local cache of the hub"
    )
    assert missing.value.hint == "fetch it first: `hf download example/no-such-model`"
