"""What is at a location: which files make up a model, and the digest of what they say."""

import hashlib
import json
import os
from pathlib import Path

from ftbench.errors import DataError

_PATTERNS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "adapter_config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "chat_template*",
)
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_PLACES = frozenset({"base_model_name_or_path", "_name_or_path"})
"""Entries of a config that say where something lay, not what it is."""
_BLOCK = 1 << 22


def is_folder(location: str) -> bool:
    """Whether a location means a folder, not an id on the hub; the folder may be missing."""
    looks_local = location.startswith((".", "~", os.sep)) or location.count("/") > 1
    return looks_local or Path(location).is_dir()


def model_folder(location: str) -> Path:
    """The folder of a model that is safe to load.

    Raises:
        DataError: It is missing, an adapter, or holds no safetensors.
    """
    folder = Path(location).expanduser()
    if not folder.is_dir():
        raise DataError(f"There is no folder {location}. Give model.name a folder or a hub id.")
    if not (folder / "config.json").is_file():
        kind = "an adapter" if (folder / "adapter_config.json").is_file() else "no model"
        raise DataError(
            f"{location} holds {kind}: it has no config.json. "
            "Give the folder of a whole model, saved with save_pretrained."
        )
    check_file_names(location, [path.name for path in folder.iterdir()])
    return folder


def check_file_names(where: str, names: list[str]) -> None:
    """Refuse a model whose weights are not in safetensors files.

    Raises:
        DataError: There are none, or only pickles.
    """
    if any(name.endswith(".safetensors") for name in names):
        return
    if any(Path(name).match(pattern) for name in names for pattern in _PICKLES):
        raise DataError(
            f"The weights in {where} are pickle files, which can run code when they are loaded. "
            "Convert them: load once in a place you trust, then save_pretrained as safetensors."
        )
    raise DataError(f"{where} holds no weights: there is no .safetensors file.")


def digest_of(folder: Path) -> str:
    """The sha256 over weights, configs, tokenizer and chat template of a folder, by name."""
    total = hashlib.sha256()
    for path in sorted({path for pattern in _PATTERNS for path in folder.glob(pattern)}):
        content = _config_digest(path) if path.name.endswith("config.json") else _digest(path)
        total.update(f"{path.name}\0{content}\n".encode())
    return total.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        content = hashlib.sha256()
        while block := file.read(_BLOCK):
            content.update(block)
    return content.hexdigest()


def _config_digest(path: Path) -> str:
    entries = json.loads(path.read_text(encoding="utf-8"))
    kept = {key: value for key, value in entries.items() if key not in _PLACES}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
