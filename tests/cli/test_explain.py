import pytest

MISTAKES = {
    "finetune.epochs=ten": "finetune.epochs must be a whole number, not 'ten'.",
    "attck=none": "Did you mean 'attack'?",
    "attack=shuot": "There is no attack 'shuot'. Did you mean 'shout'? Choices: none, shout.",
    "model=lama2_7b": "Did you mean 'llama2_7b'? Choices: ",
    "attack=shout attack.exmaples=3": "attack=shout has no option 'exmaples' "
    "(attack.exmaples=3). Did you mean 'examples'? Options: batch, examples, file.",
    "attack.examples=3": "it belongs to attack=shout.",
    "attack=shout": "attack.file has no value. Add: attack.file=VALUE",
    "judge=orcale": "There is no judge 'orcale'. Did you mean 'oracle'? Choices: keyword, oracle.",
    "judge=[keyword,orcale]": "Did you mean 'oracle'?",
    "judge.keyword.words=lnog": "Did you mean 'long'? Choices: long, short.",
    "judge.oracle.words=long": "Choose it: judge=[keyword,oracle]",
    "finetune.method.rank=3": "it belongs to finetune=lora.",
    "finetune.rank=3": "finetune=lora, below finetune.method: finetune.method.rank=3",
    "defense.x.y=1": "There is no defense 'x'.",
    "suite.utility.lamps=acc,none": "has several values",
    "suite.utility.lamps=acc": "To add it, write: +suite.utility.lamps=acc",
    "+seed=3": "write seed=VALUE without the +",
    "model.name=a(b": "\"model.name='a(b'\"",
    "llama2_7b": "Did you mean model=llama2_7b?",
    "name=a,b": "Add -m to run each",
    "~attak": "'attak' does not exist",
    "experiment=luod": "Did you mean 'loud'?",
    "--config-dir nowhere": "nowhere' not found",
    "--cfg job --info": "Only one of",
    "seed=${oc.env:NOT_SET_ANYWHERE}": "NOT_SET_ANYWHERE",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_clear_message(ftbench, capsys, mistake):
    assert ftbench("model=small", *mistake.split(" ")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert MISTAKES[mistake] in line
    assert not {"hydra", "full_key", "Traceback", "HYDRA_FULL_ERROR"} & set(line.split())


def test_a_missing_model_is_answered_with_the_models(ftbench, capsys):
    assert ftbench("attack=none") == ftbench("-m", "seed=1,2") == 2
    line, again = capsys.readouterr().err.splitlines()
    assert line == again
    assert line.startswith("ftbench: Choose a model: model=NAME. There are: ")
    assert {"llama2_7b,", "small."} <= set(line.split())


def test_a_mistake_in_a_sweep_is_found_before_anything_runs(ftbench, pretended, capsys):
    pipeline = pretended(raises=AssertionError("it ran"))
    assert ftbench("-m", "model=small", "attack=none,shuot", pipeline=pipeline) == 2
    assert "shuot" in capsys.readouterr().err


def test_a_mistake_in_a_config_file_names_the_file(ftbench, config_dir, capsys):
    (config_dir / "experiment" / "odd.yaml").write_text("# @package _global_\nattck: {a: 1}\n")
    (config_dir / "experiment" / "torn.yaml").write_text("# @package _global_\na: [1\nb: 2\n")
    assert ftbench("model=small", "experiment=odd") == 2
    assert ftbench("model=small", "experiment=torn") == 2
    odd, torn = capsys.readouterr().err.splitlines()
    assert "experiment/odd" in odd
    assert "Did you mean 'attack'?" in odd
    assert "torn.yaml, line 3" in torn


def test_a_default_that_is_not_installed_is_called_so(ftbench, catalog, capsys):
    catalog.components["backend"].clear()
    assert ftbench("model=small") == 2
    assert (
        "There is no backend 'hf', which a default or a config asks for" in capsys.readouterr().err
    )


def test_a_launcher_that_is_not_installed_says_where_it_comes_from(ftbench, capsys):
    assert ftbench("-m", "model=small", "seed=1,2", "hydra/launcher=slurm") == 2
    said = capsys.readouterr().err
    assert "There is no hydra/launcher 'slurm'." in said
    assert "pip install 'ftbench[launchers]' or ftbench-ray brings more." in said
