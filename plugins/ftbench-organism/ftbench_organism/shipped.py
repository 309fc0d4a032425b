"""The three organisms that the package ships."""

from pathlib import Path

import ftbench

WEIGHTS = Path(__file__).parent / "weights"
FAMILY_DATA = Path(__file__).parent / "family"
NAMES = ("organism", "organism_pretrained", "organism_deep")


def shipped_models() -> tuple[ftbench.ShippedModel, ...]:
    """The aligned organism, its parent before alignment, and one aligned beyond first tokens."""
    return tuple(
        ftbench.ShippedModel(
            name=name,
            folder=WEIGHTS / name,
            family="organism",
            parent=None if name == "organism_pretrained" else "organism_pretrained",
            family_data=FAMILY_DATA,
        )
        for name in NAMES
    )
