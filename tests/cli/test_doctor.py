import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ftbench.cli import doctor_machine as machine
from ftbench.cli.doctor_hub import access, hub_places
from ftbench.cli.main import main
from ftbench.ledger.shared.folder import Folder
from ftbench.plugin.manager import Problem
from ftbench.testing.benchmark import testing_catalog

TOKEN = "hf_" + "Rk4tYw" * 5


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_TOKEN", raising=False)


@pytest.fixture
def asked(ftbench, capsys):
    """The doctor's exit code and checks by name."""

    def ask(*words, catalog=None):
        words = ["doctor", "--json", *words]
        code = main(words, catalog=catalog) if catalog else ftbench(*words)
        answer = json.loads(capsys.readouterr().out)
        assert answer["ready"] == (code == 0)
        return code, {check["name"]: check for check in answer["checks"]}

    return ask


@pytest.fixture
def whole():
    """A catalog in which something can be chosen for every role."""
    return replace(testing_catalog(), problems=())


def fake_torch(tmp_path, monkeypatch, code):
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "torch.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))


def test_a_sound_machine_is_ready(asked, whole, tmp_path):
    code, checks = asked("--quick", catalog=whole)
    assert code == 0
    assert {"Python", "memory", "runs", "cache", "plugins", "hub token"} <= checks.keys()
    assert "torch" not in checks
    assert not (tmp_path / "runs").exists()


def test_the_table_says_what_to_do(whole, capsys):
    assert main(["doctor", "--quick"], catalog=whole) == 0
    shown = capsys.readouterr().out
    assert "warning" in shown and "hf auth login" in shown
    assert shown.endswith("Nothing here stops a run.\n")


def test_a_folder_that_cannot_be_written_stops_a_run(asked, whole, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    code, checks = asked("--quick", "--runs", "file/runs", catalog=whole)
    assert code == 2
    assert checks["runs"]["state"] == "problem" and "runs=FOLDER" in checks["runs"]["advice"]
    monkeypatch.setenv("FTBENCH_CACHE", str(tmp_path / "file" / "cache"))
    code, checks = asked("--quick", catalog=whole)
    assert code == 2 and "FTBENCH_CACHE" in checks["cache"]["advice"]
    monkeypatch.setenv("FTBENCH_CACHE", "off")
    assert asked("--quick", catalog=whole)[0] == 0


def test_whether_finished_work_can_be_shared_is_tried(tmp_path, monkeypatch):
    assert machine.shared_cache().state == "ok"
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", str(tmp_path / "team"))
    assert machine.shared_cache().state == "problem"
    (tmp_path / "team").mkdir()
    check = machine.shared_cache()
    assert check.state == "ok" and "can be read and written" in check.found
    assert not list((tmp_path / "team" / "content").iterdir())
    monkeypatch.setattr(Folder, "_appearing", Denied)
    check = machine.shared_cache()
    assert check.state == "warning" and "Permission denied" in check.advice
    monkeypatch.setenv("FTBENCH_SHARED_CACHE", "s3://me:wordsofsecret@bucket")
    check = machine.shared_cache()
    assert check.state == "problem" and "wordsofsecret" not in str(check)


class Denied:
    """A place that only others may write."""

    def __init__(self, *_):
        raise PermissionError(13, "Permission denied")


def test_a_full_disk_stops_a_run(asked, whole, monkeypatch):
    monkeypatch.setattr(machine, "_NO_DISK", 1e18)
    monkeypatch.setattr(machine, "_LITTLE_DISK", 1e18)
    code, checks = asked("--quick", catalog=whole)
    assert code == 2 and "Free some space" in checks["runs"]["advice"]


def test_broken_plugins_are_named_with_the_reason(asked, whole):
    stranger = Problem(package="leaky", what="cannot be loaded: ImportError.")
    code, checks = asked("--quick", catalog=replace(whole, problems=(stranger,)))
    assert code == 0
    assert checks["plugin leaky"]["state"] == "warning"
    assert checks["plugin leaky"]["found"] == "cannot be loaded: ImportError."
    ours = Problem(package="ftbench-hf", what="cannot be loaded: ImportError.")
    code, checks = asked("--quick", catalog=replace(whole, problems=(ours,)))
    assert code == 2 and "pip uninstall ftbench-hf" in checks["plugin ftbench-hf"]["advice"]


def test_without_a_backend_there_is_no_run(asked, whole):
    whole.components["backend"].clear()
    code, checks = asked("--quick", catalog=whole)
    assert code == 2 and "ftbench[standard]" in checks["backends"]["advice"]


@pytest.mark.parametrize("code", ["raise ImportError('no such library')", "import os; os.abort()"])
def test_a_torch_that_cannot_be_imported_stops_a_run(tmp_path, monkeypatch, code):
    fake_torch(tmp_path, monkeypatch, code)
    (check,) = machine.torch()
    assert check.state == "problem" and "pip install" in check.advice


def test_each_device_is_shown_with_its_free_memory(tmp_path, monkeypatch):
    code = (
        "class cuda:\n is_available = lambda: True\n device_count = lambda: 2\n"
        " get_device_name = 'Card {}'.format\n mem_get_info = lambda n: (n * 10**9, 8 * 10**9)\n"
        "__version__ = '9.9'\n"
    )
    fake_torch(tmp_path, monkeypatch, code)
    torch, first, second = machine.torch()
    assert torch.found == "9.9"
    assert (first.name, first.found) == ("GPU 0", "Card 0, 0.0 GB of 8.0 GB memory free")
    assert second.found == "Card 1, 1.0 GB of 8.0 GB memory free"


def test_the_token_is_never_shown(asked, whole, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    _, checks = asked("--quick", catalog=whole)
    assert checks["hub token"]["found"] == "present"
    assert TOKEN not in str(checks)


class Hub(BaseHTTPRequestHandler):
    """A hub on this machine."""

    def do_GET(self):
        status, headers = 200, {}
        if "Llama-2" in self.path:
            status, headers = 403, {"X-Error-Code": "GatedRepo"}
        elif "mistral" in self.path:
            status = 401
        elif "Qwen" in self.path:
            status = 503
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_hub_says_which_models_and_data_sets_are_open(hub):
    endpoint = f"http://127.0.0.1:{hub.server_port}"
    variables = {"HF_ENDPOINT": endpoint, "HF_TOKEN": TOKEN, "NO_PROXY": "*"}
    checks = {check.name: check for check in access(testing_catalog(), variables)}
    assert checks["model=llama2_7b"].state == "warning"
    assert "Llama-2-7b-chat-hf" in checks["model=llama2_7b"].advice
    assert checks["model=mistral_7b"].found == "not shown"
    assert checks["model=qwen3_4b"].state == "unknown"
    assert checks["model=gemma2_2b"].found == checks["task hex_phi"].found == "access"
    assert {header for _, header in hub.seen} == {f"Bearer {TOKEN}"}
    assert "/api/datasets/LLM-Tuning-Safety/HEx-PHI/auth-check" in dict(hub.seen)


def test_offline_nothing_is_asked(hub):
    variables = {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HUB_OFFLINE": "1"}
    checks = access(testing_catalog(), variables)
    assert {check.found for check in checks} == {"not checked: offline"}
    assert hub.seen == []


def test_a_hub_that_cannot_be_reached_is_no_answer():
    checks = access(testing_catalog(), {"HF_ENDPOINT": "http://127.0.0.1:9"})
    assert {check.found for check in checks} == {"not checked: the hub cannot be reached"}


def test_every_shipped_choice_of_the_hub_is_looked_at():
    choices = {place.choice for place in hub_places(testing_catalog())}
    assert {"model=llama2_7b", "dataset=alpaca", "dataset=dolly", "task hex_phi"} <= choices
    assert "model=organism" not in choices and "model=local" not in choices
