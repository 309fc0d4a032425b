"""What is told of sweeps, some of whose files are damaged."""

from types import SimpleNamespace

import pytest

from ftbench.cli.main import main
from ftbench.errors import UsageError
from ftbench.spread.outcomes import Ending, result_of
from ftbench.spread.standing import standings
from ftbench.spread.sweep_folder import Group, SweepFolder, begun

GROUPS = [Group(cells=((f"seed={seed}",),), numbers=(seed,)) for seed in range(2)]


@pytest.fixture
def folder(tmp_path):
    made = SweepFolder.of(tmp_path / "runs", GROUPS)
    made.begin(GROUPS, launcher="joblib", is_agreed=False)
    for number in range(2):
        made.put_state(number, begun(made.token) | {"ended": "now"})
    return made


def states(folder):
    return [one.state for one in standings([folder.path.parents[1]])]


@pytest.mark.parametrize("content", ['{"a', "[]", "{}", '{"launcher": "joblib"}', ""])
def test_a_damaged_sweep_leaves_the_others(content, folder, capsys):
    other = SweepFolder.of(folder.path.parents[1], GROUPS[:1])
    other.begin(GROUPS[:1], launcher="ray", is_agreed=False)
    (folder.path / "sweep.json").write_text(content)
    assert sorted(states(folder)) == ["damaged", "waiting"]
    assert main(["status", str(folder.path.parents[1])]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"{folder.path.name} damaged 0" in said
    assert "sweep.json cannot be read" in said
    with pytest.raises(UsageError, match="sweep.json is missing or damaged"):
        folder.sweep()


@pytest.mark.parametrize("content", ['{"token', "[]", "{}"])
def test_a_damaged_job_is_no_job_that_waits_and_is_done_anew(content, folder):
    (folder.path / "group-1.json").write_text(content)
    assert states(folder) == ["ended", "damaged"]
    assert not folder.has_ended(1)


def test_what_another_command_does_now_is_told_as_that(folder):
    ending = Ending(words="Another command does this run", is_anothers=True)
    folder.forget_state(1)
    result = result_of(SimpleNamespace(choices={}), 1, folder, {1: ending})
    assert result.failure == "Another command does this run: `ftbench status` shows it."
