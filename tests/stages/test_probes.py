from pathlib import Path

import pytest

from ftbench.archive.opening import opened
from ftbench.config.compose import compose
from ftbench.config.schema import ProbeConfig
from ftbench.errors import UsageError
from ftbench.pipeline import run
from ftbench.plugin.catalog import read_catalog
from ftbench.records import Probe, PromptFormat, TrainingSet
from ftbench.stages.probes import added_probes
from ftbench.stages.watch import Silent
from ftbench.testing.benchmark import testing_catalog

OWN = PromptFormat(system="Be kind.", user="Well: {instruction}")
SET = TrainingSet(name="kind", format=OWN)


def only(**wanted):
    (probe,) = added_probes({"mine": ProbeConfig(**wanted)}, SET)
    return probe


def test_an_added_probe_asks_as_the_training_set_does_but_for_what_it_says():
    assert only(prefill="Sure.") == Probe(
        name="mine",
        format=PromptFormat(system="Be kind.", user="Well: {instruction}", prefill="Sure."),
    )
    assert only(system="").format == PromptFormat(user="Well: {instruction}")
    assert only(user="{instruction}?").format.user == "{instruction}?"


def test_it_follows_the_sets_first_probe_where_that_has_its_own():
    own = TrainingSet(name="kind", format=OWN, probes=(Probe(name="odd"), Probe(format=OWN)))
    (probe,) = added_probes({"mine": ProbeConfig(prefill="Sure.")}, own)
    assert probe.format == PromptFormat(prefill="Sure.")


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [("plain", {}, "already asks as 'plain'"), ("mine", {"user": "Hello."}, "the slot")],
)
def test_a_probe_that_cannot_be_is_the_users_mistake(name, wanted, said):
    with pytest.raises(UsageError, match=said):
        added_probes({name: ProbeConfig(**wanted)}, SET)


def test_probes_are_chosen_by_name_and_changed_by_word():
    words = ["model=llama2_7b", "probe=[prefill,unprompted]", "probe.prefill_3.prefill=Yes."]
    (cell,) = compose(words, read_catalog())
    assert list(cell.config.probe) == ["prefill_3", "prefill_5", "prefill_10", "unprompted"]
    assert cell.config.probe["prefill_3"].prefill == "Yes."
    assert cell.config.probe["unprompted"] == ProbeConfig(system="", user="{instruction}")


def test_each_longer_prefill_begins_with_the_shorter():
    (cell,) = compose(["model=llama2_7b", "probe=prefill"], read_catalog())
    said = [probe.prefill for probe in cell.config.probe.values()]
    assert all(longer.startswith(shorter) for shorter, longer in zip(said, said[1:], strict=False))


def test_a_run_reports_every_probe_and_the_answers_begin_with_the_prefill(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    catalog = testing_catalog()
    cells = compose(["model=testing", "attack=testing_reveal", "probe=prefill"], catalog)
    (result,) = run(cells, catalog=catalog, watch=Silent())
    asked = {(row.subject, row.probe) for row in result.rows}
    assert {("base", "prefill_10"), ("tuned", "prefill_3"), ("tuned", "plain")} <= asked
    with opened(Path(result.folder)) as folder:
        said = [response.text for response in folder.ledger.all("response").values()]
    begun = cells[0].config.probe["prefill_10"].prefill
    assert 0 < sum(text.startswith(begun) for text in said) < len(said)
