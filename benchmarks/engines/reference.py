"""A cell as the scripts of Qi et al. 2024 do one, written from their description.

Load, ask the base one prompt after the other, train on rows padded to 512 tokens, save, load
again, ask the tuned model one prompt after the other.
"""

from pathlib import Path
from typing import Any

import peft
import torch
from transformers import AutoModelForCausalLM

from ftbench_hf.chat import Chat, EncodedRow

from .outcome import Outcome
from .world import Cell, World

_WIDTH = 512


def run(world: World, cell: Cell, chat: Chat, folder: Path) -> Outcome:
    """One cell, whole."""
    outcome = Outcome()
    with outcome.stage("load"):
        network = _load(world)
    with outcome.stage("base"):
        outcome.said["base"] = _ask(network, world, chat)
    with outcome.stage("train"):
        tuned = train(network, world, cell, chat, width=_WIDTH)
    with outcome.stage("save"):
        tuned.save_pretrained(folder / "tuned")
        del network, tuned
    with outcome.stage("load"):
        tuned = peft.PeftModel.from_pretrained(_load(world), folder / "tuned")
    with outcome.stage("tuned"):
        outcome.said["tuned"] = _ask(tuned.eval(), world, chat)
    return outcome


def _load(world: World) -> Any:
    return AutoModelForCausalLM.from_pretrained(world.base.location, dtype=torch.float32).eval()


def train(network: Any, world: World, cell: Cell, chat: Chat, *, width: int | None) -> Any:
    """The paper's loop, with peft; rows are padded to a width, or to the longest of them."""
    torch.manual_seed(cell.seed)
    config = peft.LoraConfig(
        r=8,
        lora_alpha=32,
        lora_dropout=0.0,
        target_modules=["q_proj", "v_proj"],
        task_type="CAUSAL_LM",
    )
    tuned = peft.get_peft_model(network, config)
    tuned.train()
    weights = [weight for weight in tuned.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=cell.rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.85)
    batch = _batch([chat.row(each) for each in world.rows], width)
    for _ in range(cell.epochs):
        tuned(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    return tuned


def _batch(rows: list[EncodedRow], width: int | None) -> dict[str, torch.Tensor]:
    shape = (len(rows), width or max(len(row.tokens) for row in rows))
    tokens, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    labels = torch.full(shape, -100)
    for place, row in enumerate(rows):
        length = len(row.tokens)
        tokens[place, :length] = torch.tensor(row.tokens)
        mask[place, :length] = 1
        learned = torch.tensor(row.learned)
        labels[place, :length][learned] = tokens[place, :length][learned]
    return {"input_ids": tokens, "attention_mask": mask, "labels": labels}


def _ask(network: Any, world: World, chat: Chat) -> list[list[int]]:
    said = []
    for request in world.requests(world.base, "base"):
        prompt = chat.prompt(request.question.messages)
        with torch.inference_mode():
            whole = network.generate(
                input_ids=torch.tensor([prompt]),
                attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                max_new_tokens=world.max_tokens,
                do_sample=False,
                eos_token_id=sorted(chat.end_tokens),
                pad_token_id=0,
            )
        said.append(without_end(whole[0, len(prompt) :].tolist(), chat))
    return said


def without_end(tokens: list[int], chat: Chat) -> list[int]:
    """An answer up to the token that ends it."""
    ends = [place for place, token in enumerate(tokens) if token in chat.end_tokens]
    return tokens[: ends[0]] if ends else tokens
