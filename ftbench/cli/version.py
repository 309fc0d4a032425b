"""``ftbench version``: which ftbench this is."""

import argparse
from collections.abc import Sequence

import ftbench


def version(words: Sequence[str]) -> int:
    """Print the version."""
    argparse.ArgumentParser(prog="ftbench version", description=version.__doc__).parse_args(words)
    print(f"ftbench {ftbench.__version__}")
    return 0
