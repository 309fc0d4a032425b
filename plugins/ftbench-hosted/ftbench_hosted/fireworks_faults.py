"""What exceptions of the Fireworks SDK mean."""

import fireworks

from .stainless_faults import Faults, Missing, Taken

__all__ = ["Missing", "Taken", "creating", "safe"]

_FAULTS = Faults(fireworks)
safe, creating = _FAULTS.safe, _FAULTS.creating
