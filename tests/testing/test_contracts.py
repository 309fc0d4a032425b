"""The contracts hold for the kit's own components, and catch what they are there to catch."""

import pytest

from ftbench.methods import Dpo, Full, LlamaAdapter, Lora, PrefixTuning
from ftbench.none import NoAttack, NoAudit, NoDataset, NoDefense, NoPublisher
from ftbench.testing import (
    AttackContract,
    AuditContract,
    BackendContract,
    DatasetContract,
    DefenseContract,
    JudgeContract,
    MethodContract,
    Parrot,
    PublisherContract,
    Reveal,
    Words,
)
from ftbench.testing.parrot import aligned_parrot
from tests.testing.broken_components import BROKEN, OddList


class TestReveal(AttackContract):
    component = Reveal


class TestRevealOfThree(AttackContract):
    component = Reveal
    options = {"n": 3}


class TestWords(JudgeContract):
    component = Words


class TestParrot(BackendContract):
    component = Parrot

    def base(self, folder):
        return aligned_parrot()


class TestNoDataset(DatasetContract):
    component = NoDataset


class TestNoAttack(AttackContract):
    component = NoAttack


class TestNoDefense(DefenseContract):
    component = NoDefense


class TestNoAudit(AuditContract):
    component = NoAudit


class TestNoPublisher(PublisherContract):
    component = NoPublisher


class TestFull(MethodContract):
    component = Full


class TestLora(MethodContract):
    component = Lora


class TestPrefixTuning(MethodContract):
    component = PrefixTuning


class TestLlamaAdapter(MethodContract):
    component = LlamaAdapter


class TestDpo(MethodContract):
    component = Dpo


def names_of_tests(contract):
    return [name for name in dir(contract) if name.startswith("test_")]


def failures(contract, component, folder):
    """The tests of a contract that a component fails."""
    case = type("Case", (contract,), {"component": component})()
    failed = set()
    for number, name in enumerate(names_of_tests(contract)):
        test = getattr(case, name)
        place = folder / str(number)
        place.mkdir(parents=True)
        try:
            test(place) if "tmp_path" in test.__code__.co_varnames else test()
        except Exception:  # noqa: BLE001, a broken component may raise anything
            failed.add(name)
    return failed


@pytest.mark.parametrize(("contract", "component", "expected"), BROKEN)
def test_a_contract_catches_exactly_what_is_broken(contract, component, expected, tmp_path):
    assert failures(contract, component, tmp_path) == expected


def test_a_field_that_no_config_can_hold_is_caught(tmp_path):
    assert "test_hydra_builds_it_from_its_fields" in failures(AttackContract, OddList, tmp_path)


def test_a_backend_contract_without_a_model_says_what_to_override(tmp_path):
    with pytest.raises(NotImplementedError, match="Override base"):
        BackendContract().base(tmp_path)
