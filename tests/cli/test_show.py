from pydantic import TypeAdapter

from ftbench.statistics.result import RunResult


def test_a_component_is_shown_with_its_options_and_their_meaning(ftbench, capsys):
    assert ftbench("show", "attack=shout") == 0
    shown = capsys.readouterr().out
    assert "attack=shout  (ftbench-testing 0)" in shown
    assert "As loud as it gets." in shown
    assert "attack.examples=10   int\n      How many rows are loud." in shown
    assert "attack.file=   (must be given)   str" in shown
    assert "attack.batch=4   int   (cannot change a result)" in shown


def test_the_options_of_a_judge_stand_below_its_name(ftbench, capsys):
    ftbench("show", "judge=keyword")
    assert "judge.keyword.words=short   short | long" in capsys.readouterr().out


def test_a_method_is_shown_with_its_recipe(ftbench, capsys):
    ftbench("show", "method=lora")
    shown = capsys.readouterr().out
    assert "epochs 10" in shown
    assert "finetune.method.targets=[q_proj,v_proj]   list[str]" in shown


def test_a_model_is_shown_as_its_file(ftbench, capsys):
    assert ftbench("show", "model=small") == 0
    assert "name: someone/small" in capsys.readouterr().out


def test_what_is_not_there_is_answered_with_what_is(ftbench, capsys):
    assert ftbench("show", "attack=shuot") == ftbench("show", "attck=shout") == 2
    assert ftbench("show", "shout") == ftbench("show", "runs/none_such") == 2
    said = capsys.readouterr().err.splitlines()
    assert "Did you mean 'shout'?" in said[0]
    assert "Did you mean 'attack'?" in said[1]
    assert "ftbench show attack=shout" in said[2]
    assert "There is no folder runs/none_such" in said[3]


def test_a_finished_run_is_shown_as_its_table(ftbench, result, tmp_path, capsys):
    (tmp_path / "public").mkdir()
    content = TypeAdapter(RunResult).dump_json(result)
    (tmp_path / "public" / "result.json").write_bytes(content)
    assert ftbench("show", str(tmp_path)) == 0
    assert "+80.0 pp [75.0, 85.0]*" in capsys.readouterr().out


def test_a_folder_that_is_no_run_is_told_so(ftbench, tmp_path, capsys):
    assert ftbench("show", str(tmp_path)) == 2
    assert "not the folder of a finished run" in capsys.readouterr().err
