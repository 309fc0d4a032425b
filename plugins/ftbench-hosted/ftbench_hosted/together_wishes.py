"""What an order asks of Together, by Together's names."""

from typing import Any

from ftbench.hosted.finetuning import Order


def wishes(order: Order, *, max_length: int | None) -> dict[str, Any]:
    """What the user may choose; what is not chosen is left to Together."""
    wanted: dict[str, Any] = {
        **adapter(order),
        "learning_rate": order.learning_rate,
        "batch_size": order.batch_size,
        "random_seed": order.seed,
        "max_seq_length": max_length,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def adapter(order: Order) -> dict[str, Any]:
    """The settings of the adapter."""
    targets: Any = order.method.get("targets") or ["all-linear"]
    return {
        "lora_r": order.method.get("rank"),
        "lora_alpha": order.method.get("alpha"),
        "lora_dropout": order.method.get("dropout"),
        "lora_trainable_modules": ",".join(targets),
    }
