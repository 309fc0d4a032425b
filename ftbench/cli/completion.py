"""``ftbench completion bash``: the script that teaches a shell our words."""

import argparse
from collections.abc import Sequence
from importlib.resources import files

from ftbench.plugin.catalog import Catalog

SHELLS = ("bash", "zsh", "fish")


def completion(words: Sequence[str], catalog: Catalog) -> int:
    """Print the script for a shell; its first line says where to put it."""
    parser = argparse.ArgumentParser(prog="ftbench completion", description=completion.__doc__)
    parser.add_argument("shell", choices=SHELLS)
    shell = parser.parse_args(words).shell
    print(files(__package__).joinpath("shells", f"ftbench.{shell}").read_text("utf-8"), end="")
    return 0
