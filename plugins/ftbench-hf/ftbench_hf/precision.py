"""Which number format weights have while they are trained and while they answer."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ftbench.errors import UsageError


class Precision(Enum):
    """How exactly numbers are kept.

    ``auto`` is fp32 on a CPU and for checkpoints stored in 32 bit; elsewhere it is pure_bf16 for
    full fine-tuning, as in the paper, and a bf16 base with an fp32 adapter for LoRA.
    """

    auto = "auto"
    pure_bf16 = "pure_bf16"
    """Weights, gradients and optimizer states in bf16, without an fp32 copy."""
    fp32_master = "fp32_master"
    """bf16 arithmetic, fp32 weights for the optimizer; what answers is the bf16 rounding."""
    fp32 = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """The precision of one model on one device; the types are torch's."""

    device: Any
    answering: Any
    """The dtype of the weights of a model that answers, base and tuned alike."""
    training: Any
    """The dtype of the weights that full fine-tuning changes."""
    adapter_in_fp32: bool
    autocast: bool

    @property
    def words(self) -> str:
        """For the record of a fine-tune."""
        weights = str(self.training).removeprefix("torch.")
        return f"{weights} weights, bfloat16 arithmetic" if self.autocast else weights


def arithmetic(precision: Precision, *, device: Any, stored: Any) -> Arithmetic:
    """What a precision means for a checkpoint stored as ``stored`` on a device."""
    import torch  # noqa: PLC0415, slow to import

    chosen = precision
    if precision is Precision.auto:
        plain = device.type == "cpu" or stored in (torch.float32, torch.float64)
        chosen = Precision.fp32 if plain else Precision.pure_bf16
    in_32 = {Precision.fp32, Precision.fp32_master}
    return Arithmetic(
        device=device,
        answering=torch.float32 if chosen is Precision.fp32 else torch.bfloat16,
        training=torch.float32 if chosen in in_32 else torch.bfloat16,
        adapter_in_fp32=precision is not Precision.pure_bf16,
        autocast=chosen is Precision.fp32_master,
    )


def find_device(name: str) -> Any:
    """The torch device of a name; ``auto`` takes a CUDA device where there is one."""
    import torch  # noqa: PLC0415, slow to import

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError(
            f"backend.device={name}: torch sees no CUDA device here. "
            "Use backend.device=cpu, or install a torch build for your driver."
        )
    try:
        return torch.device(name)
    except RuntimeError:
        raise UsageError(
            f"backend.device={name} is no device: write auto, cpu, cuda or cuda:1."
        ) from None
