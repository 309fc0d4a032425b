"""How answers are decoded, as a user may choose."""

from enum import Enum


class Engine(Enum):
    """How answers are decoded; all say the same in fp32."""

    auto = "auto"
    """in_flight where the architecture allows it, else batches; vllm on CUDA where it is there."""
    in_flight = "in_flight"
    """Rows come and go one by one, and many adapters of one base are asked in one batch."""
    batches = "batches"
    """One model after the other, a batch at a time; what every architecture can."""
    continuous = "continuous"
    """One model after the other, by transformers' own continuous batching."""
    vllm = "vllm"
    """vLLM in a process and an environment of its own; needs the package ftbench-vllm."""
