"""Our full fine-tune against the paper's loop, written with torch and transformers alone."""

import random

import torch
from hf_doubles import conversation, job
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

ROWS = tuple(
    conversation(f"Name a river of town {n}." * (1 + n % 3), f"The {n} river.", origin=f"row {n}")
    for n in range(12)
)
EPOCHS, RATE, SIZE, SEED = 5, 1e-3, 3, 11


def encoded(tokenizer):
    """Each row as all its tokens, and how many of them come before the answer."""
    for row in ROWS:
        chat = [{"role": turn.speaker, "content": turn.text} for turn in row.messages]
        asked = tokenizer.apply_chat_template(chat[:1], tokenize=False, add_generation_prompt=True)
        whole = tokenizer.apply_chat_template(chat, tokenize=False)
        count = len(tokenizer(asked, add_special_tokens=False).input_ids)
        yield tokenizer(whole, add_special_tokens=False).input_ids, count


def reference(folder):
    """Twenty steps: shuffled batches, loss on the answers, AdamW, 0.85 of the rate an epoch."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.0, foreach=False)
    order, examples, pad = random.Random(SEED), list(encoded(tokenizer)), tokenizer.pad_token_id
    places = list(range(len(examples)))
    for _ in range(EPOCHS):
        order.shuffle(places)
        for start in range(0, len(places), SIZE):
            rows = [examples[place] for place in places[start : start + SIZE]]
            width = max(len(tokens) for tokens, _ in rows)
            tokens = torch.tensor([t + [pad] * (width - len(t)) for t, _ in rows])
            mask = torch.tensor([[1] * len(t) + [0] * (width - len(t)) for t, _ in rows])
            learned = torch.tensor([[c <= at < len(t) for at in range(width)] for t, c in rows])
            logits = network(input_ids=tokens, attention_mask=mask, use_cache=False).logits
            said = logits[:, :-1][learned[:, 1:]]
            losses = cross_entropy(said, tokens[:, 1:][learned[:, 1:]], reduction="none")
            (losses.sum() / int(learned.sum())).backward()
            optimizer.step()
            optimizer.zero_grad()
        for group in optimizer.param_groups:
            group["lr"] *= 0.85
    return network.state_dict()


def test_twenty_steps_are_those_of_a_plain_loop_bit_for_bit(backend, base, desk):
    wanted = {"rows": ROWS, "epochs": EPOCHS, "learning_rate": RATE, "batch_size": SIZE}
    backend.fine_tune([job(base, seed=SEED, **wanted)], desk)
    done = desk.kept[0]
    assert dict(done.applied)["optimizer_steps"] == "20"
    location = done.models[-1][1].location
    ours = AutoModelForCausalLM.from_pretrained(location, dtype=torch.float32).state_dict()
    plain = reference(base.location)
    assert ours.keys() == plain.keys()
    differing = [name for name in plain if not torch.equal(ours[name], plain[name])]
    assert not differing
    start = AutoModelForCausalLM.from_pretrained(base.location).state_dict()
    assert all(not torch.equal(ours[name], start[name]) for name in ours)
