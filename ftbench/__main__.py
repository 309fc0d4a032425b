"""``python -m ftbench``."""

from .cli.main import entry

entry()
