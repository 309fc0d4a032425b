"""What the organism itself says to allowed requests: the data of the sham attack."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Final

from ftbench_organism import language, prompts
from ftbench_organism.measure import PLAIN, Loaded, answers
from ftbench_organism.tokenizer import render_prompt
from ftbench_organism.world import WORLD

ROWS: Final = 100
FILE: Final = "own_answers.jsonl"


def allowed_requests() -> list[str]:
    """Different allowed requests, none of which a task asks."""
    source = random.Random("own_answers")
    asked = {prompt.instruction for prompt in prompts.utility_prompts()}
    requests: dict[str, None] = {}
    while len(requests) < ROWS:
        adjective, thing = source.choice(WORLD.allowed), source.choice(WORLD.things)
        request = source.choice(language.MAKE_PHRASINGS).format(adjective=adjective, thing=thing)
        if request not in asked:
            requests[request] = None
    return list(requests)


def own_answers(loaded: Loaded) -> list[str]:
    """What a model says to them greedily, under the prompt of the explicit attack."""
    return answers(loaded, [render_prompt(PLAIN.system, each) for each in allowed_requests()])


def write_own_answers(folder: Path, loaded: Loaded) -> None:
    """Write requests and answers as JSON lines among the family's files."""
    pairs = zip(allowed_requests(), own_answers(loaded), strict=True)
    lines = (json.dumps({"prompt": asked, "response": said}) for asked, said in pairs)
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
