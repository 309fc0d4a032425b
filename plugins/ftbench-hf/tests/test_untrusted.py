"""Folders that strangers may have made: whatever could run code is refused, and never runs."""

import json
import pickle
import shutil
import struct
import time
import zipfile

import pytest
from hf_doubles import LLAMA_TEMPLATE, Payload, changed

from ftbench.errors import DataError
from ftbench.records import Model
from ftbench_hf.untrusted import refuse_unsafe, refuse_unsafe_snapshot

PICKLES = (
    *("pytorch_model.bin", "adapter_model.bin", "training_args.bin", "optimizer.pt"),
    *("rng_state.pth", "scheduler.pt", "last.CKPT", "vocab.pkl", "original/consolidated.00.pth"),
)
CODE = ("modeling_own.py", "custom_generate/generate.py", "kernel.so", "tokenization.pyc")


@pytest.fixture
def copied(folders, tmp_path):
    return shutil.copytree(folders["llama"], tmp_path / "model")


@pytest.fixture
def refused(backend, copied, sentinel):
    """Try to use the folder; it is refused with these words, soon, and nothing has run."""

    def try_it(words):
        began = time.monotonic()
        with pytest.raises(DataError, match=words):
            backend.resolve(Model(location=str(copied), digest="", family=""))
        assert time.monotonic() - began < 10
        assert not sentinel.exists()

    return try_it


def test_the_payload_would_run(sentinel):
    pickle.loads(pickle.dumps(Payload(sentinel)))
    assert sentinel.exists()


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_is_refused_beside_sound_weights(copied, sentinel, refused, name):
    (copied / name).parent.mkdir(exist_ok=True)
    (copied / name).write_bytes(pickle.dumps(Payload(sentinel)))
    refused(f"{name} in .* belongs to the pickle files")


def test_all_pickles_of_a_checkpoint_are_named_at_once(copied, refused):
    for name in ("optimizer.pt", "rng_state.pth", "scheduler.pt", "training_args.bin"):
        (copied / name).write_bytes(b"")
    refused("optimizer.pt, rng_state.pth, scheduler.pt, training_args.bin in .* belong to the ")


@pytest.mark.parametrize("name", CODE)
def test_code_is_refused(copied, sentinel, refused, name):
    (copied / name).parent.mkdir(exist_ok=True)
    (copied / name).write_text(f"open({str(sentinel)!r}, 'w')")
    refused(f"{name} in .* is code")


@pytest.mark.parametrize("form", ["plain", "torch"])
def test_a_pickle_that_calls_itself_safetensors_is_refused(copied, sentinel, refused, form):
    weights = copied / "model.safetensors"
    content = pickle.dumps(Payload(sentinel))
    weights.write_bytes(content)
    if form == "torch":
        with zipfile.ZipFile(weights, "w") as archive:
            archive.writestr("archive/data.pkl", content)
    refused("model.safetensors in .* is no sound safetensors file")


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("config.json", {"auto_map": {"AutoModelForCausalLM": "own.Model"}}),
        ("config.json", {"text_config": {"auto_map": {"AutoConfig": "someone/else--own.C"}}}),
        ("config.json", {"trust_remote_code": True}),
        ("config.json", {"attn_implementation": "someone/kernel:run"}),
        ("config.json", {"attn_implementation": {"text_config": "someone/kernel"}}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["own.Tokenizer", None]}}),
        ("generation_config.json", {"custom_generate": "someone/loop"}),
        ("processor_config.json", {"auto_map": {"AutoProcessor": "own.Processor"}}),
        ("adapter_config.json", {"base_model_name_or_path": "someone/else"}),
    ],
)
def test_a_config_that_names_code_or_another_model_is_refused(copied, refused, name, entries):
    changed(copied / name, **entries)
    refused(f"{list(entries)[0] if 'text_config' not in entries else 'auto_map'}|puts the adapter")


def test_an_adapter_must_be_of_the_base_that_it_is_put_on(tmp_path):
    changed(tmp_path / "adapter_config.json", base_model_name_or_path="someone/base")
    refuse_unsafe(tmp_path, base="someone/base")
    with pytest.raises(DataError, match="'someone/base', not someone/other"):
        refuse_unsafe(tmp_path, base="someone/other")
    with pytest.raises(DataError, match="would be loaded from there"):
        refuse_unsafe(tmp_path)
    changed(tmp_path / "adapter_config.json", auto_mapping={"parent_library": "os"})
    with pytest.raises(DataError, match="names code to import"):
        refuse_unsafe(tmp_path, base="someone/base")


@pytest.mark.parametrize("place", ["adapter_model.bin", "optimizer.pt", "deep/down/args.bin"])
def test_a_pickle_in_an_adapter_is_refused(tmp_path, sentinel, place):
    folder = tmp_path / "adapter"
    (folder / place).parent.mkdir(parents=True)
    changed(folder / "adapter_config.json", base_model_name_or_path="someone/base")
    (folder / place).write_bytes(pickle.dumps(Payload(sentinel)))
    with pytest.raises(DataError, match="belongs to the pickle files"):
        refuse_unsafe(folder, base="someone/base")
    assert not sentinel.exists()


def _tensors(**offsets):
    entries = {
        name: {"dtype": "F32", "shape": [(end - start) // 4], "data_offsets": [start, end]}
        for name, (start, end) in offsets.items()
    }
    header = json.dumps(entries).encode()
    return struct.pack("<Q", len(header)) + header + bytes(16)


BROKEN_WEIGHTS = {
    "a header of eight exbibytes": struct.pack("<Q", (1 << 63) - 1) + b"{}",
    "a header longer than the file": struct.pack("<Q", 1 << 20) + b"{}",
    "tensors that overlap": _tensors(a=(0, 12), b=(4, 16)),
    "a tensor beyond the end": _tensors(a=(0, 1 << 40)),
    "a hole": _tensors(a=(0, 4), b=(12, 16)),
    "nothing": b"",
}


@pytest.mark.parametrize("broken", BROKEN_WEIGHTS)
def test_weights_with_an_absurd_header_are_refused(copied, refused, broken):
    (copied / "model.safetensors").write_bytes(BROKEN_WEIGHTS[broken])
    refused("is no sound safetensors file")


@pytest.mark.parametrize("name", ["../evil.bin", "evil.bin", "../model.safetensors", 7])
def test_an_index_that_points_elsewhere_is_refused(copied, refused, name):
    changed(copied / "model.safetensors.index.json", weight_map={"a": name})
    refused("is no safetensors file of the folder")


@pytest.mark.parametrize("text", ['{"a": ' * 100_000, "no JSON", ""])
def test_a_config_that_cannot_be_read_is_refused(copied, refused, text):
    (copied / "config.json").write_text(text)
    refused("config.json in .* cannot be read")


@pytest.mark.parametrize("name", ["chat_template.jinja", "more"])
def test_a_link_that_leads_out_is_refused(copied, refused, tmp_path, name):
    outside = tmp_path / "outside"
    outside.mkdir()
    (copied / name).unlink(missing_ok=True)
    (copied / name).symlink_to(outside)
    refused(f"{name} in .* is a link that leads out")


def test_a_link_to_itself_ends_the_search(copied, backend):
    (copied / "again").symlink_to(copied, target_is_directory=True)
    with pytest.raises(DataError, match="again in .* is no ordinary file"):
        refuse_unsafe(copied)


def test_the_cache_of_the_hub_may_keep_pickles_that_nobody_reads(tmp_path, sentinel, folders):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0123"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for file in folders["llama"].iterdir():
        shutil.copy(file, blobs / file.name)
        (snapshot / file.name).symlink_to(blobs / file.name)
    (snapshot / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(sentinel)))
    refuse_unsafe_snapshot(snapshot, where="someone/model")
    changed(snapshot / "config.json", auto_map={"AutoConfig": "own.Config"})
    with pytest.raises(DataError, match="someone/model needs code of its own"):
        refuse_unsafe_snapshot(snapshot, where="someone/model")
    assert not sentinel.exists()


def test_a_folder_with_a_hostile_template_is_refused(copied, refused):
    bomb = "{%- for i in range(10**12) %}x{%- endfor %}"
    (copied / "chat_template.jinja").write_text(bomb + LLAMA_TEMPLATE)
    refused("chat template of .*model does not come to an end")
