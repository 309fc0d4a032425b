"""Which models are taken, and what is said of those that are not."""

import json
import shutil

import huggingface_hub
import pytest
from hf_doubles import LLAMA_TEMPLATE, make_tokenizer

from ftbench.errors import AccessError, DataError
from ftbench.records import Model


def named(location, **values):
    return Model(location=str(location), digest="", family="", **values)


@pytest.fixture
def copied(folders, tmp_path):
    return shutil.copytree(folders["llama"], tmp_path / "model")


def test_a_folder_is_pinned_by_what_is_in_it(backend, folders, copied):
    first, second = (backend.resolve(named(where)) for where in (folders["llama"], copied))
    assert first.digest == second.digest
    assert len(first.digest) == 64
    (copied / "chat_template.jinja").write_text(LLAMA_TEMPLATE + " ")
    assert backend.resolve(named(copied)).digest != first.digest


def test_a_missing_folder_is_named(backend):
    with pytest.raises(DataError, match=r"There is no folder \./nowhere"):
        backend.resolve(named("./nowhere"))


def test_pickled_weights_are_refused(backend, copied):
    (copied / "model.safetensors").rename(copied / "pytorch_model.bin")
    with pytest.raises(DataError, match="pickle files"):
        backend.resolve(named(copied))


def test_a_folder_without_weights_is_refused(backend, copied):
    (copied / "model.safetensors").unlink()
    with pytest.raises(DataError, match=r"no \.safetensors file"):
        backend.resolve(named(copied))


def test_an_adapter_is_no_model(backend, copied):
    (copied / "config.json").rename(copied / "adapter_config.json")
    with pytest.raises(DataError, match="holds an adapter"):
        backend.resolve(named(copied))


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_model_with_code_of_its_own_is_refused(backend, copied, name):
    entries = json.loads((copied / name).read_text())
    (copied / name).write_text(json.dumps(entries | {"auto_map": {"AutoConfig": "own.Config"}}))
    with pytest.raises(DataError, match=f"auto_map in {name}"):
        backend.resolve(named(copied))


def test_a_tokenizer_without_a_chat_template_is_refused(backend, copied):
    (copied / "chat_template.jinja").unlink()
    with pytest.raises(DataError, match="has no chat template"):
        backend.resolve(named(copied))


def test_a_template_that_raises_on_a_system_prompt_is_never_guessed(backend, folders):
    with pytest.raises(DataError, match=r"not supported.*model\.system_role=in_user_turn"):
        backend.resolve(named(folders["gemma2"]))
    assert backend.resolve(named(folders["gemma2"], system_role="in_user_turn")).digest
    assert backend.resolve(named(folders["gemma2"], system_role="none")).digest


def test_a_template_that_drops_the_system_prompt_is_never_guessed(backend, copied):
    dropping = LLAMA_TEMPLATE.replace("messages %}", "messages if m.role != 'system' %}")
    make_tokenizer(dropping).save_pretrained(copied)
    with pytest.raises(DataError, match=r"drops the system prompt.*system_role=in_user_turn"):
        backend.resolve(named(copied))


def test_a_model_that_is_not_cached_cannot_be_had_offline(backend, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="not in the local cache.*hf download someone/something"):
        backend.resolve(named("someone/something"))


def hub_says(monkeypatch, error, status):
    class Answer:
        status_code, headers, text, request = status, {}, "", None

    def refuse(*_args, **_options):
        raise error("no", response=Answer())

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)


def test_a_gated_model_asks_for_token_and_licence(backend, monkeypatch):
    hub_says(monkeypatch, huggingface_hub.errors.GatedRepoError, 403)
    with pytest.raises(AccessError) as refused:
        backend.resolve(named("someone/gated"))
    for words in ("https://huggingface.co/someone/gated", "HF_TOKEN", "hf auth login"):
        assert words in str(refused.value)


def test_a_missing_model_asks_to_check_the_name(backend, monkeypatch):
    hub_says(monkeypatch, huggingface_hub.errors.RepositoryNotFoundError, 404)
    with pytest.raises(AccessError, match="no model someone/typo"):
        backend.resolve(named("someone/typo"))


def test_a_cached_hub_model_is_pinned_to_its_commit(backend, folders, tmp_path, monkeypatch):
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = shutil.copytree(folders["llama"], tmp_path / "snapshots" / commit)

    def cached(_name, file_name, *, revision=None):
        if not (snapshot / file_name).exists():
            raise huggingface_hub.errors.LocalEntryNotFoundError("offline")
        return str(snapshot / file_name)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", cached)
    monkeypatch.setattr(
        "ftbench_hf.resolving.load_tokenizer", lambda _: make_tokenizer(LLAMA_TEMPLATE)
    )
    found = backend.resolve(named("someone/something", revision="main"))
    assert (found.revision, found.digest) == (commit, commit)
    assert found.location == "someone/something"
