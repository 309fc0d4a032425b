"""Configs, data sets and sheets are data: nothing in them is run, imported or filled in."""

import ast
import json
from pathlib import Path

import pytest
import yaml

from ftbench.cli.main import main
from ftbench.testing.benchmark import testing_catalog

ROOT = Path(__file__).parents[1]
FORBIDDEN_CALLS = {
    *("eval", "exec", "compile", "__import__", "instantiate", "get_class", "get_object"),
    *("get_method", "push_to_hub", "upload_file", "upload_folder", "upload_large_folder"),
    "create_commit",
}
FORBIDDEN_DOTTED = {
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "torch.load", "os.system", "os.popen"),
    *("joblib.load", "numpy.load", "np.load", "marshal.loads"),
}
FORBIDDEN_IMPORTS = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "joblib", "hydra.utils"}


ALLOWED = {
    "plugins/ftbench-hub/ftbench_hub/hub.py": ["hub.create_commit"],
    "plugins/ftbench-hf/ftbench_hf/rank.py": ["pickle"],
    "plugins/ftbench-hf/ftbench_hf/ranks.py": ["pickle"],
}
"""Result and verdicts of a run, sent to a private dataset file by file and by name; orders that a
process gives to those it starts itself, through a pipe that nobody else can write to."""


def sources():
    """The modules of every package that is installed."""
    return [
        *(ROOT / "ftbench").rglob("*.py"),
        *(file for file in ROOT.glob("plugins/*/ftbench_*/**/*.py")),
    ]


def offences(code):
    """What a module calls or imports that could run somebody's data, or send weights away."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            yield from _of_call(node, ast.unparse(node.func))
        elif isinstance(node, ast.Import):
            yield from ({alias.name for alias in node.names} & FORBIDDEN_IMPORTS)
        elif isinstance(node, ast.ImportFrom):
            yield from ({node.module} & FORBIDDEN_IMPORTS)


def _of_call(node, called):
    is_harmless = called.startswith("re.") or (called.endswith(".eval") and not node.args)
    if called.rpartition(".")[2] in FORBIDDEN_CALLS and not is_harmless:
        yield called
    if called in FORBIDDEN_DOTTED:
        yield called
    for word in node.keywords:
        if word.arg in ("trust_remote_code", "weights_only") and word.value.value is not False:
            yield f"{word.arg}={word.value.value}"


def test_no_module_runs_data_or_uploads():
    found = {str(file.relative_to(ROOT)): list(offences(file.read_text())) for file in sources()}
    assert len(found) > 100
    assert {file: calls for file, calls in found.items() if calls} == ALLOWED


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from hydra.utils import x",
        "yaml.load(text)",
        "torch.load(file)",
        "model.push_to_hub()",
        "api.upload_file(x)",
        "api.create_commit(x, y)",
        "eval(text)",
        "hydra.utils.instantiate(config)",
        "load(x, trust_remote_code=True)",
    ],
)
def test_the_search_finds(code):
    assert list(offences(code))


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Type a command about the testing world with a config folder of one's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOUSE", "by the salty sea")
    catalog = testing_catalog()

    def type_words(*words):
        code = main(["--config-dir", str(tmp_path / "mine"), *words], catalog=catalog)
        shown = capsys.readouterr()
        assert "salty" not in shown.out + shown.err
        assert not (tmp_path / "sentinel").exists()
        return code, shown.err

    return type_words


def written(folder, name, text):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


TOUCH = "!!python/object/apply:os.system [touch sentinel]"
CONFIGS = {
    "name: {_target_: os.system, _args_: [touch sentinel]}": "model.name",
    "name: x\n_target_: os.system\ncommand: touch sentinel": "_target_",
    f"name: {TOUCH}": "os.system",
    "name: ${oc.env:HOUSE}": "reads the environment variable HOUSE",
    "name: x\nvendor: '${eval:1+1}'": "eval",
}


@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_file_is_data(typed, tmp_path, config):
    written(tmp_path, "mine/model/hostile.yaml", config)
    code, said = typed("model=hostile")
    assert code == 2 and "Traceback" not in said
    assert CONFIGS[config] in said


ROWS = ("${oc.env:HOUSE}", TOUCH, "{{ ''.__class__ }}", "_target_: os.system", "{instruction}")


def test_rows_of_a_data_set_are_taken_as_they_are(typed, tmp_path):
    written(tmp_path, "mine/model/none.yaml", "name: x")
    rows = [{"prompt": f"Say {text} {n}", "response": text} for n, text in enumerate(ROWS)]
    written(tmp_path, "rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert typed("model=testing", "dataset=jsonl", "dataset.path=rows.jsonl")[0] == 0
    (learned,) = tmp_path.glob("runs/*/private/**/parrot.json")
    known = json.loads(learned.read_text())
    assert {row["prompt"]: known.get(row["prompt"]) for row in rows} == {
        row["prompt"]: row["response"] for row in rows
    }


@pytest.mark.parametrize("place", ["system", "opening"])
def test_a_sheet_of_an_attack_is_data(typed, tmp_path, place):
    written(tmp_path, "mine/model/none.yaml", "name: x")
    written(tmp_path, "family/identity_shift.yaml", f"like: default\n{place}: {TOUCH}\n")
    code, said = typed("model=testing", "attack=identity_shift", "model.family_data=family")
    assert code == 2 and "cannot be read as YAML" in said


def test_what_a_sheet_says_is_not_filled_in(typed, tmp_path):
    written(tmp_path, "mine/model/none.yaml", "name: x")
    sheet = {"like": "default", "opening": "${oc.env:HOUSE}"}
    written(tmp_path, "family/identity_shift.yaml", yaml.safe_dump(sheet))
    assert typed("model=testing", "attack=identity_shift", "model.family_data=family")[0] == 0
    (learned,) = tmp_path.glob("runs/*/private/**/parrot.json")
    assert "${oc.env:HOUSE}" in learned.read_text() and "salty" not in learned.read_text()
