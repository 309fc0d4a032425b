import pytest

from ftbench.config.schema import FineTuneConfig
from ftbench.errors import UsageError
from ftbench.methods import Full
from ftbench.records import Recipe, TrainingSet
from ftbench.stages.recipe import decide

PAPERS = Recipe(epochs=10, learning_rate=5e-5, source="the paper")


def test_the_user_comes_first_then_the_data_then_the_method():
    decided = decide(
        FineTuneConfig(method=Full(), epochs=3), TrainingSet(name="identity_shift", recipe=PAPERS)
    )
    assert decided.values == Recipe(epochs=3, learning_rate=5e-5, batch_size=10)
    assert decided.origins == {
        "epochs": "3 (the user)",
        "learning_rate": "5e-05 (identity_shift: the paper)",
        "batch_size": "10 (full: Qi et al. 2024, section 4.2)",
    }


def test_a_zero_from_the_user_is_not_taken_for_silence():
    decided = decide(
        FineTuneConfig(method=Full(), learning_rate=0.0), TrainingSet(name="x", recipe=PAPERS)
    )
    assert decided.values.learning_rate == 0.0


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), float("-inf")])
def test_a_rate_that_is_no_number_is_refused(rate):
    with pytest.raises(UsageError, match="learning_rate=.* is no rate"):
        decide(FineTuneConfig(method=Full(), learning_rate=rate), TrainingSet(name="x"))
