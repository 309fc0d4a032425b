"""A cell with lm-eval's own model: load, ask in batches, train with peft, save, load, ask."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForCausalLM

from ftbench_hf.chat import Chat

from .outcome import Outcome
from .reference import train, without_end
from .world import Cell, World


def run(world: World, cell: Cell, chat: Chat, folder: Path, *, batch_size: int) -> Outcome:
    """One cell, whole."""
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    outcome = Outcome()
    with outcome.stage("load"):
        model = _load(world, batch_size)
    with outcome.stage("base"):
        outcome.said["base"] = _ask(model, world, chat)
    with outcome.stage("load"):
        network = AutoModelForCausalLM.from_pretrained(world.base.location, dtype=torch.float32)
    with outcome.stage("train"):
        tuned = train(network, world, cell, chat, width=None)
    with outcome.stage("save"):
        tuned.save_pretrained(folder / "tuned")
        del model, network, tuned
    with outcome.stage("load"):
        model = _load(world, batch_size, peft=str(folder / "tuned"))
    with outcome.stage("tuned"):
        outcome.said["tuned"] = _ask(model, world, chat)
    return outcome


def best_batch(world: World, chat: Chat, sizes: Sequence[int]) -> tuple[int, dict[int, float]]:
    """The size with which the base is asked in the least time, and the seconds of each."""
    seconds = {}
    for size in sizes:
        model, outcome = _load(world, size), Outcome()
        with outcome.stage("base"):
            _ask(model, world, chat)
        seconds[size] = round(outcome.total, 2)
    return min(seconds, key=seconds.__getitem__), seconds


def _load(world: World, batch_size: int, **options: Any) -> HFLM:
    return HFLM(
        pretrained=world.base.location,
        device="cpu",
        dtype="float32",
        batch_size=batch_size,
        **options,
    )


def _ask(model: HFLM, world: World, chat: Chat) -> list[list[int]]:
    options = {"until": [], "max_gen_toks": world.max_tokens, "do_sample": False}
    asked = [
        Instance(
            request_type="generate_until",
            doc={},
            arguments=(chat.render(request.question.messages, answering=True), options),
            idx=number,
        )
        for number, request in enumerate(world.requests(world.base, "base"))
    ]
    said = model.generate_until(asked, disable_tqdm=True)
    return [without_end(chat.encode(text), chat) for text in said]
