"""Nothing that only concerns the machine changes what comes out, in fp32 on a CPU."""

import pytest
from hf_doubles import ARCHITECTURES, answers, job, many

from ftbench import Full, Lora
from ftbench_hf.backend import HuggingFace


def digests(finetune):
    return [model.digest for _, model in finetune.models]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_long_prompts_alone_and_together_are_answered_alike(backend, bases, desk, architecture):
    requests = many(bases[architecture], count=6, words=65, max_tokens=8)
    together = answers(backend, desk, requests)
    alone = answers(HuggingFace(device="cpu", batch_tokens=1), desk, requests)
    some = answers(HuggingFace(device="cpu", batch_tokens=400), desk, requests)
    assert together == alone == some
    assert len({response.text for response in together.values()}) > 3


@pytest.mark.parametrize("method", [Full(), Lora(dropout=0.2)], ids=["full", "lora"])
def test_the_same_plan_twice_gives_the_same_weights_and_answers(bases, desk, method):
    found = []
    for key in ("first", "second"):
        backend = HuggingFace(device="cpu", threads=1)
        backend.fine_tune([job(bases["gemma3"], method, key=key, keep=(1,))], desk)
        finetune = desk.kept.pop()
        said = answers(backend, desk, many(finetune.models[-1][1], count=4))
        found.append((digests(finetune), finetune.applied, said))
        desk.kept.clear()
    assert found[0] == found[1]


def test_other_jobs_before_a_job_do_not_change_it(backend, bases, desk):
    backend.fine_tune([job(bases["llama"], Lora(dropout=0.2), key="alone")], desk)
    others = [job(bases["llama"], key="full", seed=9), job(bases["qwen3"], Lora(), key="other")]
    backend.fine_tune([*others, job(bases["llama"], Lora(dropout=0.2), key="later")], desk)
    kept = {finetune.key: digests(finetune) for finetune in desk.kept}
    assert kept["alone"] == kept["later"]
    assert len({tuple(each) for each in kept.values()}) == 3
