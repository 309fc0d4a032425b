"""How vLLM is asked: greedily, each row by its own adapter, and no number for two contents.

vLLM itself is not here; what stands in its place remembers how it was called.
"""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from ftbench_vllm.own_environment.ftbench_worker.with_vllm import Runner

START = {
    "model": "base",
    "dtype": "bfloat16",
    "room": 2048,
    "memory": 0.9,
    "adapters": 2,
    "rank": 12,
}


class Played:
    """An LLM that ends every answer at once, all that are under way in one step."""

    def __init__(self, **options):
        self.options = options
        self.llm_engine = self
        self.waiting = []
        self.steps = []
        self.resets = 0

    def add_request(self, name, prompt, params, lora_request):
        self.waiting.append((name, prompt, params, lora_request))

    def has_unfinished_requests(self):
        return bool(self.waiting)

    def step(self):
        self.steps.append(self.waiting)
        done, self.waiting = self.waiting, []
        said = [SimpleNamespace(token_ids=[7, 2], finish_reason="stop")]
        return [SimpleNamespace(request_id=one[0], finished=True, outputs=said) for one in done]

    def reset_prefix_cache(self):
        self.resets += 1


@pytest.fixture
def started(monkeypatch):
    """A runner on a platform."""

    def start(*, is_cuda):
        vllm, platforms, request = (ModuleType(name) for name in ("vllm", "platforms", "request"))
        vllm.__version__, vllm.LLM = "0.1", Played
        vllm.SamplingParams = SimpleNamespace
        platforms.current_platform = SimpleNamespace(is_cuda_alike=lambda: is_cuda)
        request.LoRARequest = lambda name, number, folder: (name, number, folder)
        for name, module in (
            ("vllm", vllm),
            ("vllm.platforms", platforms),
            ("vllm.lora", ModuleType("lora")),
            ("vllm.lora.request", request),
        ):
            monkeypatch.setitem(sys.modules, name, module)
        for name in ("VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_NO_USAGE_STATS"):
            monkeypatch.setenv(name, "")
        return Runner(START)

    return start


def question(name, adapter=None):
    return {
        "id": name,
        "prompt": [1, 5],
        "adapter": adapter and {"key": adapter[0], "folder": adapter[1]},
        "max_new_tokens": 9,
        "end_tokens": [2, 5],
    }


def test_it_decodes_greedily_and_takes_nothing_from_the_models_own_files(started):
    runner = started(is_cuda=True)
    options = runner._llm.options
    assert options["generation_config"] == "vllm"
    assert options["load_format"] == "safetensors"
    assert options["trust_remote_code"] is False
    assert (options["max_loras"], options["max_lora_rank"]) == (2, 16)
    said = list(runner.answers([question("a")]))
    assert said == [{"id": "a", "tokens": [7, 2], "reason": "stop"}]
    params = runner._llm.steps[0][0][2]
    assert (params.temperature, params.max_tokens, params.stop_token_ids) == (0, 9, [2, 5])
    assert params.ignore_eos


@pytest.mark.parametrize(("is_cuda", "batches"), [(True, [3]), (False, [1, 2])])
def test_without_its_cuda_kernels_the_base_is_asked_alone(started, is_cuda, batches):
    """A row without an adapter would get the last one's."""
    runner = started(is_cuda=is_cuda)
    asked = [question("a", ("x", "here")), question("b"), question("c", ("y", "there"))]
    assert {one["id"] for one in runner.answers(asked)} == {"a", "b", "c"}
    assert [len(step) for step in runner._llm.steps] == batches
    loras = {one[0]: one[3] for step in runner._llm.steps for one in step}
    assert loras["b"] is None
    assert loras["a"][2] == "here" and loras["c"][2] == "there"
    assert loras["a"][1] != loras["c"][1]


def test_other_weights_in_a_folder_get_a_number_and_a_name_of_their_own(started):
    runner = started(is_cuda=True)
    contents = ["first", "second", "first"]
    for key in contents:
        list(runner.answers([question("a", (key, "here"))]))
    loras = [step[0][3] for step in runner._llm.steps]
    assert [number for _, number, _ in loras] == [1, 2, 1]
    assert len({name for name, _, _ in loras}) == 2
    assert runner._llm.resets == 2
