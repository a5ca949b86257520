"""
A local Hugging Face model: `hf:FOLDER`, or `hf:ORG/NAME` out of the local cache.

* Nothing is downloaded, no code of the model's is run, and weights are read as safetensors only.
* The subject is known by the bytes of the model's folder.
* An answer depends on the prompt, its repeat and the library versions in `digest`: where a prompt sets no
  seed, one follows from the prompt.
* Log-probabilities are sums over the tokens that reach into the continuation, of float32 log-softmax values.

One prompt at a time, unless the option `batch` asks for more: then prompts of equal length are computed
together where the likeliest token is taken in float32. How many share a computation moves its last digits,
so an answer in which two tokens came close is computed again alone.
Log-probabilities are numbers to the last digit, and draws have seeds of their own: both stay alone.

tests/inputs/targets/test_local_model.py
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from assaymark.canonical import digest_of
from assaymark.contracts.target import (
    Answer,
    Capability,
    Category,
    Parameters,
    Prompt,
    Score,
    TargetName,
    TargetSpec,
)
from assaymark.errors import InputError, MissingExtraError, TargetError, UsageError
from assaymark.inputs.identity import identify
from assaymark.inputs.targets.local_batches import Batches
from assaymark.inputs.targets.local_drawing import drawing, is_clear, seed_of, until_the_end
from assaymark.inputs.targets.name import demand_options, number_in
from assaymark.model.subject import Sha256, Subject, SubjectKind

_NAME = "a model of this machine"


class _Item(NamedTuple):
    prompt: Prompt
    ids: Any


class LocalModel:
    """A causal language model and its tokenizer.

    Args:
        folder: Where both lie.
        name: What the user called it.
        device: As torch calls it.
        batch: Prompts that are computed together at most.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        InputError: The folder cannot be read.
        TargetError: It holds no such model.
    """

    def __init__(self, folder: Path, *, name: str, device: str, batch: int = 1) -> None:
        try:
            import torch
            import transformers
        except ImportError:
            raise MissingExtraError(_NAME, extra="transformers") from None
        self.name = name
        found = identify(str(folder), kind=SubjectKind.MODEL, streams=False)
        self.subject = Subject(
            kind=found.kind,
            name=name,
            digest=found.digest,
            files=found.files,
            size=found.size,
            tree=found.tree,
        )
        self._torch = torch
        self._lock = threading.Lock()
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            self._model = transformers.AutoModelForCausalLM.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
            self._model.to(device).eval()
        except Exception as error:  # noqa: BLE001 - a stranger's files, and three libraries that read them
            raise TargetError(
                f"`{folder}` cannot be loaded as a causal language model: {type(error).__name__}",
                hint="it needs config.json, a tokenizer and weights as safetensors",
            ) from None
        if identify(str(folder), kind=SubjectKind.MODEL, streams=False).digest != found.digest:
            raise InputError(f"`{folder}` changed while it was loaded", hint="audit it again")
        self._device = device
        self._batch = batch if self._model.dtype == torch.float32 else 1
        self._batches: Batches[_Item, Answer] = Batches(self._generate_together, batch)
        # Twice as many, so that some are of equal length.
        self.at_once = 1 if self._batch == 1 else 2 * batch
        self._versions = {"torch": torch.__version__, "transformers": transformers.__version__}

    @property
    def digest(self) -> Sha256:
        """Over the bytes and what computes with them."""
        dtype = str(self._model.dtype)
        return digest_of(
            {"model": self.subject.digest, "device": self._device, "dtype": dtype, **self._versions}
        )

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Chat only where the tokenizer says how a conversation is written."""
        found = {Capability.COMPLETION, Capability.LOG_PROBABILITIES}
        if self._tokenizer.chat_template:
            found.add(Capability.CHAT)
        return frozenset(found)

    async def ask(self, prompt: Prompt) -> Answer:
        """Compute the answer in a thread."""
        is_drawn = prompt.parameters.temperature != 0.0
        if self._batch == 1 or is_drawn or prompt.asks is Capability.LOG_PROBABILITIES:
            return await asyncio.to_thread(self._answer, prompt)
        ids, how = self._ids(prompt), prompt.parameters
        return await self._batches.ask((ids.shape[1], how), _Item(prompt, ids))

    async def close(self) -> None:
        """Let go of the weights."""
        del self._model

    def _answer(self, prompt: Prompt) -> Answer:
        # A prompt that ran out of time is still being computed when the next one comes.
        with self._lock, self._torch.inference_mode():
            if prompt.asks is Capability.LOG_PROBABILITIES:
                scores = [self._score(prompt.text, each) for each in prompt.continuations]
                if None in scores:
                    return Answer(category=Category.FAILED, reason="context_length_exceeded")
                return Answer(
                    category=Category.ANSWERED, scores=tuple(each for each in scores if each)
                )
            return self._generate(prompt)

    def _generate(self, prompt: Prompt) -> Answer:
        ids = self._ids(prompt)
        asked, how = ids.shape[1], prompt.parameters
        if asked + how.max_tokens > self._room:
            return Answer(category=Category.FAILED, reason="context_length_exceeded")
        with self._torch.random.fork_rng(devices=self._cuda_devices()):
            self._torch.manual_seed(seed_of(prompt))
            out = self._model.generate(
                ids,
                attention_mask=self._torch.ones_like(ids),
                max_new_tokens=how.max_tokens,
                pad_token_id=self._pad,
                **drawing(how),
            )
        return self._told(out[0, asked:], asked, how)

    def _told(self, new: Any, asked: int, how: Parameters) -> Answer:
        """Return what the tokens of an answer say."""
        text = self._tokenizer.decode(new, skip_special_tokens=True)
        finish = "length" if len(new) == how.max_tokens and new[-1] != self._pad else "stop"
        cuts = [text.index(each) for each in how.stop if each in text]
        if cuts:
            text, finish = text[: min(cuts)], "stop"
        is_empty = not text.strip()
        return Answer(
            category=Category.EMPTY if is_empty else Category.ANSWERED,
            text="" if is_empty else text,
            reason=finish if is_empty else "",
            finish=finish,
            prompt_tokens=asked,
            answer_tokens=len(new),
        )

    def _generate_together(self, items: Sequence[_Item]) -> list[Answer]:
        """Answer prompts of one length and one set of parameters."""
        how, asked = items[0].prompt.parameters, items[0].ids.shape[1]
        with self._lock, self._torch.inference_mode():
            if len(items) == 1 or asked + how.max_tokens > self._room:
                return [self._generate(each.prompt) for each in items]
            ids = self._torch.cat([each.ids for each in items])
            out = self._model.generate(
                ids,
                attention_mask=self._torch.ones_like(ids),
                max_new_tokens=how.max_tokens,
                pad_token_id=self._pad,
                return_dict_in_generate=True,
                output_scores=True,
                **drawing(how),
            )
            answers = []
            for row, each in enumerate(items):
                new = until_the_end(
                    out.sequences[row, asked:], self._model.generation_config.eos_token_id
                )
                if is_clear([step[row] for step in out.scores[: len(new)]]):
                    answers.append(self._told(new, asked, how))
                else:
                    answers.append(self._generate(each.prompt))
            return answers

    def _ids(self, prompt: Prompt) -> Any:
        if prompt.asks is Capability.CHAT:
            text = self._tokenizer.apply_chat_template(
                [{"role": each.role.value, "content": each.content} for each in prompt.messages],
                add_generation_prompt=True,
                tokenize=False,
            )
            # The template writes its own marks.
            ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        else:
            ids = self._tokenizer(prompt.text)["input_ids"] or [self._begin]
        return self._torch.tensor([ids], device=self._device)

    def _score(self, text: str, continuation: str) -> Score | None:
        """Return how likely `continuation` is after `text`; `None` where it does not fit."""
        encoded = self._tokenizer(text + continuation, return_offsets_mapping=True)
        ids, ends = encoded["input_ids"], [end for _, end in encoded["offset_mapping"]]
        if not ends or ends[0] > 0:
            # Without a mark at the beginning, the first token would follow nothing.
            ids, ends = [self._begin, *ids], [0, *ends]
        if len(ids) > self._room:
            return None
        logits = self._model(self._torch.tensor([ids], device=self._device)).logits[0]
        logs = self._torch.log_softmax(logits.float(), dim=-1)
        scored = [place for place, end in enumerate(ends) if place and end > len(text)]
        total = math.fsum(float(logs[place - 1, ids[place]]) for place in scored)
        return Score(min(total, 0.0), len(scored))

    @property
    def _begin(self) -> int:
        tokenizer = self._tokenizer
        for each in (tokenizer.bos_token_id, tokenizer.eos_token_id):
            if each is not None:
                return int(each)
        return 0

    @property
    def _pad(self) -> int:
        eos = self._tokenizer.eos_token_id
        return int(0 if eos is None else eos)

    @property
    def _room(self) -> int:
        """Tokens that prompt and answer may have together."""
        return int(getattr(self._model.config, "max_position_embeddings", None) or 2**31)

    def _cuda_devices(self) -> list[Any]:
        return [self._device] if self._device.startswith("cuda") else []


def _open(name: TargetName) -> LocalModel:
    demand_options(name, HF.options)
    if name.url is not None:
        raise UsageError("an `hf` model is a folder", hint=f"write `{HF.example}`")
    shown = f"hf:{name.model}"
    folder = Path(name.model)
    if not folder.is_dir():
        folder = _cached(name)
        shown = f"{shown}@{folder.name}"
    return LocalModel(
        folder,
        name=shown,
        device=name.options.get("device", "cpu"),
        batch=number_in(name, "batch", 1) or 1,
    )


def _cached(name: TargetName) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtraError(_NAME, extra="transformers") from None
    revision = name.options.get("revision")
    try:
        return Path(snapshot_download(name.model, revision=revision, local_files_only=True))
    except Exception:  # noqa: BLE001 - the library has a dozen errors for this
        raise InputError(
            f"`{name.model}` is no folder, and no model in the local cache of the hub",
            hint=f"fetch it first: `hf download {name.model}`",
        ) from None


HF = TargetSpec(
    id="hf",
    summary="a Hugging Face model on this machine, by its folder or its name in the local cache",
    example="hf:./models/tiny",
    options={
        "batch": "prompts of equal length that are computed together at most; 1 by default",
        "device": "where torch computes: `cpu` (default), `cuda`, ...",
        "revision": "of a model in the cache: commit, branch or tag",
    },
    open=_open,
)
