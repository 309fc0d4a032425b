"""Tuned models in runs and caches, as strangers may have changed them: looked through first."""

import pickle
from pathlib import Path

import pytest
from hf_doubles import Payload, ask, changed, conversation, job

from ftbench import Lora
from ftbench.errors import DataError, StorageError


@pytest.fixture
def tuned(backend, bases, desk):
    """An adapter as this machine has trained it, in the folder of a run."""
    backend.fine_tune([job(bases["llama"], Lora(), epochs=1)], desk)
    return desk.kept[0].models[-1][1]


@pytest.fixture
def not_attached(backend, desk, tuned, sentinel):
    """Ask a model with its adapter; it is refused with these words, and nothing has run."""

    def try_it(words, error=DataError):
        with pytest.raises(error, match=words):
            backend.respond([ask(tuned, "Name a river.")], desk)
        with pytest.raises(error, match=words):
            backend.inside().likelihoods(tuned, [conversation("Name a river.", "The Rhine.")])
        assert not sentinel.exists()

    return try_it


@pytest.mark.parametrize("place", ["adapter_model.bin", "optimizer.pt", "deep/down/args.bin"])
def test_an_adapter_with_a_pickle_is_never_attached(tuned, sentinel, not_attached, place):
    path = Path(tuned.location) / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(Payload(sentinel)))
    not_attached(f"{place} in .* belongs to the pickle files")
    (Path(tuned.location) / "adapter_model.safetensors").unlink()
    not_attached(f"{place} in .* belongs to the pickle files")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"auto_mapping": {"parent_library": "os"}}, "names code to import"),
        ({"megatron_config": {"a": 1}, "megatron_core": "os"}, "names code to import"),
        ({"peft_type": "XLORA", "adapters": {"a": "elsewhere"}}, "only LORA, "),
        ({"auto_map": {"AutoModel": "own.Model"}}, "needs code of its own"),
    ],
)
def test_an_adapter_whose_config_leads_elsewhere_is_never_attached(
    tuned, not_attached, entries, words
):
    changed(Path(tuned.location) / "adapter_config.json", **entries)
    not_attached(words)


def test_an_adapter_whose_weights_are_a_link_or_no_weights_is_never_attached(
    tuned, sentinel, not_attached, tmp_path
):
    weights = Path(tuned.location) / "adapter_model.safetensors"
    outside = weights.rename(tmp_path / "outside.safetensors")
    weights.symlink_to(outside)
    not_attached("is a link that leads out")
    weights.unlink()
    weights.write_bytes(pickle.dumps(Payload(sentinel)))
    not_attached("cannot be read: .* no sound safetensors file", error=StorageError)
    (weights.parent / "adapter_config.json").write_text("[]")
    weights.write_bytes(outside.read_bytes())
    not_attached("cannot be read: .* is none of an adapter", error=StorageError)


def test_an_adapter_may_have_been_trained_where_its_base_lay_elsewhere(tuned, backend, desk):
    changed(Path(tuned.location) / "adapter_config.json", base_model_name_or_path="/gone/base")
    backend.respond([ask(tuned, "Name a river.")], desk)


def test_a_whole_tuned_model_is_looked_through_before_it_is_loaded(backend, bases, desk, sentinel):
    backend.fine_tune([job(bases["llama"], epochs=1)], desk)
    ((_, whole),) = desk.kept[0].models
    (Path(whole.location) / "training_args.bin").write_bytes(pickle.dumps(Payload(sentinel)))
    with pytest.raises(DataError, match="belongs to the pickle files"):
        backend.respond([ask(whole, "Name a river.")], desk)
    assert not sentinel.exists()
