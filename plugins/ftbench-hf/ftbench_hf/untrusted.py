"""Looks through the folder of a model before anything of it is loaded: it may be anybody's."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftbench.errors import DataError

_PICKLES = frozenset({".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill"})
_CODE = frozenset({".py", ".pyc", ".pyd", ".so", ".dll", ".dylib"})
_CODE_KEYS = ("auto_map", "trust_remote_code", "custom_pipelines", "custom_generate")
"""Entries of a config that name Python of the model's own."""
_KERNEL_KEYS = ("attn_implementation", "_attn_implementation", "experts_implementation")
"""Entries that may name a compiled kernel on the hub; names of transformers' own have no slash."""
_WEIGHTS = ".safetensors"
_ADAPTER = "adapter_config.json"
_KINDS = ("LORA", "PREFIX_TUNING", "ADAPTION_PROMPT")
_LARGEST_CONFIG = 1 << 26


class Unreadable(DataError):
    """A file is not what its name says: damaged, cut off or another's."""


def refuse_unsafe(folder: Path, *, where: str = "", base: str | None = None) -> None:
    """Refuse the folder of a model, or of an adapter to ``base``, that could run code.

    Raises:
        DataError: It holds pickles, code, configs that name code or another base, or links that
            lead out; or its configs, its weights or its index cannot be trusted to be such.
    """
    _check_files(folder, where or str(folder), is_cached=False)
    _check_contents(folder, where or str(folder))
    _check_adapter(folder, where or str(folder), base)


def refuse_unsafe_adapter(folder: Path) -> None:
    """Refuse an adapter's folder that could run code, before it is put on a base that we chose.

    Which base its config names is no matter then: the place where that lay may be another by now.

    Raises:
        DataError: As ``refuse_unsafe``; it is an Unreadable where nothing looks like code, but
            the folder is no adapter.
    """
    where = str(folder)
    if not (folder / _ADAPTER).is_file():
        raise Unreadable(f"There is no {_ADAPTER} in {where}.")
    _check_files(folder, where, is_cached=False)
    _check_contents(folder, where)
    _check_adapter_names_no_code(folder, where)


def refuse_unsafe_snapshot(snapshot: Path, *, where: str) -> None:
    """Refuse a model in the hub's cache, of which only files asked for by name are ever read.

    The cache may hold the pickles that many repositories keep beside their safetensors.

    Raises:
        DataError: As ``refuse_unsafe``.
    """
    _check_files(snapshot, where, is_cached=True)
    _check_contents(snapshot, where)
    _check_adapter(snapshot, where, None)


def _check_files(folder: Path, where: str, *, is_cached: bool) -> None:
    if not is_cached:
        _check_pickles(folder, where)
    inside = (folder.parent.parent if _is_snapshot(folder) else folder).resolve()
    for path in _everything(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            raise DataError(
                f"{name} in {where} is a link that leads out of the folder. Copy the file there."
            )
        if not path.is_file():
            raise DataError(f"{name} in {where} is no ordinary file. Remove it.")
        if not is_cached:
            _check_name(name, where)


def _check_pickles(folder: Path, where: str) -> None:
    """Name all at once: a trainer's checkpoint has four of them beside its weights."""
    names = [path.relative_to(folder).as_posix() for path in _everything(folder)]
    found = [name for name in names if _endings(name) & _PICKLES]
    if found:
        one = len(found) == 1
        raise DataError(
            f"{', '.join(found)} in {where} {'belongs' if one else 'belong'} to the pickle files, "
            f"which can run code when they are loaded. Remove {'it' if one else 'them'}, or give a "
            "copy without. If weights are in one, convert them: load once in a place you trust, "
            "then save_pretrained as safetensors."
        )


def _endings(name: str) -> set[str]:
    return {suffix.lower() for suffix in Path(name).suffixes}


def _check_name(name: str, where: str) -> None:
    if _endings(name) & _CODE:
        raise DataError(
            f"{name} in {where} is code, which ftbench never runs from a model. Remove it; a model "
            "must be of an architecture that is part of transformers."
        )


def _is_snapshot(folder: Path) -> bool:
    """Whether a folder is in the hub's cache, whose files are links to blobs beside it."""
    return folder.parent.name == "snapshots" and (folder.parent.parent / "blobs").is_dir()


def _everything(folder: Path) -> Iterator[Path]:
    """Every file below a folder, and every link to a folder; links are not followed."""
    for place, folders, files in os.walk(folder, followlinks=False):
        links = (name for name in folders if (Path(place) / name).is_symlink())
        yield from (Path(place) / name for name in sorted([*files, *links]))


def _check_contents(folder: Path, where: str) -> None:
    for path in _everything(folder):
        if path.suffix == ".json" and "config" in path.name:
            _check_config(path, where)
        elif path.name.endswith(".safetensors.index.json"):
            _check_index(path, where)
        elif path.name.endswith(_WEIGHTS):
            _check_weights(path, where)


def _check_config(path: Path, where: str) -> None:
    for key, value in _entries(_read(path, where)):
        if key in _CODE_KEYS and value:
            raise DataError(
                f"{where} needs code of its own to load ({key} in {path.name}), which ftbench "
                "never runs. Use a model whose architecture is part of transformers."
            )
        if key in _KERNEL_KEYS and "/" in str(value):
            raise DataError(
                f"{where} asks for a kernel from the hub ({key} in {path.name}), which is code. "
                f"Remove {key} from the file."
            )


def _check_index(path: Path, where: str) -> None:
    index = _read(path, where)
    names = index.get("weight_map") if isinstance(index, dict) else None
    for name in names.values() if isinstance(names, dict) else [None]:
        if not isinstance(name, str) or Path(name).name != name or not name.endswith(_WEIGHTS):
            raise DataError(
                f"{path.name} in {where} names {name!r}, which is no safetensors file of the "
                "folder. Get the model anew."
            )


def _check_weights(path: Path, where: str) -> None:
    """Let safetensors check the header: its length, and that no two tensors overlap."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415, slow to import

    try:
        with safe_open(path, framework="numpy"):
            return
    except (SafetensorError, OSError) as error:
        raise Unreadable(
            f"{path.name} in {where} is no sound safetensors file ({error}). Get the model anew."
        ) from None


def _check_adapter(folder: Path, where: str, base: str | None) -> None:
    if not (folder / _ADAPTER).is_file():
        return
    entries = _read(folder / _ADAPTER, where)
    named = entries.get("base_model_name_or_path") if isinstance(entries, dict) else None
    if base is None or named != base:
        wanted = f"not {base}" if base else "so that a model would be loaded from there"
        raise DataError(
            f"{_ADAPTER} in {where} puts the adapter on {named!r}, {wanted}. "
            "Merge the adapter into its base, or name the base that it was trained on."
        )
    _check_adapter_names_no_code(folder, where)


def _check_adapter_names_no_code(folder: Path, where: str) -> None:
    entries = _read(folder / _ADAPTER, where)
    if not isinstance(entries, dict):
        raise Unreadable(f"{_ADAPTER} in {where} is none of an adapter.")
    if entries.get("auto_mapping") or entries.get("megatron_config"):
        raise DataError(f"{_ADAPTER} in {where} names code to import. ftbench never does.")
    kind = entries.get("peft_type", "LORA")
    if kind not in _KINDS:  # some kinds read more adapters, from wherever their config says
        raise DataError(
            f"The adapter in {where} is of the kind {kind!r}; only {', '.join(_KINDS)} are read."
        )


def _read(path: Path, where: str) -> Any:
    try:
        if path.stat().st_size > _LARGEST_CONFIG:
            raise ValueError("it is far too large")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path.name} in {where} cannot be read: {error}.") from None


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of nested data with its value, however deep."""
    waiting = [value]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            yield from entry.items()
            waiting += entry.values()
        elif isinstance(entry, list):
            waiting += entry
