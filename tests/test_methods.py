"""What a method of fine-tuning can be told."""

import math

import pytest

from ftbench.errors import UsageError
from ftbench.methods import Dpo, LlamaAdapter, Lora, PrefixTuning


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        (Lora, {"rank": 0}, "finetune.method.rank=0 and finetune.method.alpha=32: give numbers"),
        (Lora, {"alpha": -1}, "finetune.method.alpha=-1: give numbers from 1"),
        (Lora, {"dropout": 1.0}, "finetune.method.dropout=1.0: give a share from 0 to below 1"),
        (Lora, {"dropout": -0.5}, "give a share"),
        (Lora, {"dropout": math.nan}, "give a share"),
        (Lora, {"targets": []}, "name linear layers"),
        (Dpo, {"rank": 0}, "give numbers from 1"),
        (Dpo, {"beta": math.nan}, "finetune.method.beta=nan: give a number above 0"),
        (Dpo, {"beta": math.inf}, "give a number above 0"),
        (Dpo, {"most_tokens": 0}, "finetune.method.most_tokens=0: give a number from 1"),
        (PrefixTuning, {"tokens": 0}, "finetune.method.tokens=0: give a number from 1"),
        (LlamaAdapter, {"length": 0}, "give numbers from 1"),
        (LlamaAdapter, {"layers": -1}, "give numbers from 1"),
    ],
)
def test_what_could_teach_nothing_is_refused(method, options, said):
    with pytest.raises(UsageError) as raised:
        method(**options)
    assert said in str(raised.value)


@pytest.mark.parametrize("dropout", [0.0, 0.999])
def test_what_can_be_is_taken(dropout):
    assert Lora(dropout=dropout).dropout == dropout
