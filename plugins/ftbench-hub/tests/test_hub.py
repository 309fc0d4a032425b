"""What is sent to a hub: a double on loopback that remembers every request."""

import base64
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ftbench.errors import AccessError, UsageError
from ftbench.testing import PublisherContract
from ftbench_hub.hub import Hub

REPO = "me/results"


@dataclass
class Double:
    """A hub with at most one dataset."""

    private: bool | None = None
    """None as long as the dataset is not there."""
    gated: object = False
    files: dict = field(default_factory=dict)
    allowed: bool = True
    tokens: set = field(default_factory=set)
    endpoint: str = ""

    def answer(self, method, path, body):
        if not self.allowed and method != "GET":
            return 403, {"error": "no right"}
        for piece, way in self.ways().items():
            if piece in path:
                return 200, way(body)
        if path.startswith("/api/datasets/") and self.private is None:
            return 404, {"error": "Repository not found"}
        return 200, {"id": REPO, "private": self.private, "sha": "0" * 40, "tags": []}

    def ways(self):
        return {
            "/api/repos/create": self.create,
            "/settings": self.settle,
            "/preupload/": self.look_at,
            "/commit/": self.take,
        }

    def create(self, body):
        wanted = json.loads(body)
        self.private = bool(wanted.get("private")) or wanted.get("visibility") == "private"
        return {"url": f"{self.endpoint}/datasets/{REPO}"}

    def settle(self, body):
        self.gated = json.loads(body)["gated"]
        return {}

    def look_at(self, body):
        modes = {"uploadMode": "regular", "shouldIgnore": False}
        return {"files": [{"path": one["path"], **modes} for one in json.loads(body)["files"]]}

    def take(self, body):
        parts = [json.loads(line) for line in body.split(b"\n") if line]
        for part in parts:
            if part["key"] == "file":
                content = base64.b64decode(part["value"]["content"])
                self.files[part["value"]["path"]] = content
        commit = f"{self.endpoint}/datasets/{REPO}/commit/{'0' * 40}"
        return {"commitUrl": commit, "commitOid": "0" * 40, "success": True}


def handler_of(double):
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            double.tokens.add(self.headers.get("Authorization"))
            status, value = double.answer(self.command, self.path.split("?")[0], body)
            content = json.dumps(value).encode()
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = handle_any

        def log_message(self, *_):
            return

    return Handler


@pytest.fixture
def hub(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "hf_made_up_for_tests")
    double = Double()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(double))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    double.endpoint = f"http://127.0.0.1:{server.server_port}"
    yield double
    server.shutdown()
    server.server_close()


@pytest.fixture
def public(tmp_path):
    folder = tmp_path / "runs" / "a-run-s0-00000000"
    (folder / "public").mkdir(parents=True)
    (folder / "private").mkdir()
    (folder / "public" / "result.json").write_text('{"rows": []}')
    (folder / "public" / "verdicts.csv").write_text("key,kind\n")
    (folder / "public" / "notes.txt").write_text("mine")
    (folder / "private" / "ledger.sqlite").write_text("responses")
    return folder / "public"


class TestContract(PublisherContract):
    component = Hub

    @pytest.fixture(autouse=True)
    def _double(self, hub):
        self.hub = hub

    def build(self):
        return Hub(repo=REPO, endpoint=self.hub.endpoint)

    def public(self, folder):
        folder.mkdir(parents=True)
        (folder / "result.json").write_text("{}")
        return folder


def test_a_new_dataset_is_private_and_gated_and_holds_what_is_public(hub, public):
    where = Hub(repo=REPO, endpoint=hub.endpoint).publish(public)
    assert (hub.private, hub.gated) == (True, "manual")
    names = {"a-run-s0-00000000/result.json", "a-run-s0-00000000/verdicts.csv"}
    assert hub.files.keys() == names
    assert where.endswith(f"/datasets/{REPO}/tree/main/a-run-s0-00000000")
    assert hub.tokens == {"Bearer hf_made_up_for_tests"}


def test_a_public_dataset_is_refused_unless_that_is_meant(hub, public):
    hub.private = False
    with pytest.raises(UsageError, match="is public"):
        Hub(repo=REPO, endpoint=hub.endpoint).publish(public)
    assert hub.files == {}
    Hub(repo=REPO, endpoint=hub.endpoint, public=True).publish(public)
    assert len(hub.files) == 2 and hub.gated is False


def test_a_token_without_the_right_is_said_in_words(hub, public):
    hub.private, hub.allowed = True, False
    with pytest.raises(AccessError, match="HF_TOKEN") as told:
        Hub(repo=REPO, endpoint=hub.endpoint).publish(public)
    assert "hf_made_up" not in str(told.value)


@pytest.mark.parametrize("repo", ["???", "mine", "a/b/c", "/x"])
def test_a_name_that_is_none_is_refused_before_anything_is_sent(hub, public, repo):
    with pytest.raises(UsageError, match="owner/name"):
        Hub(repo=repo, endpoint=hub.endpoint).publish(public)
    assert hub.tokens == set()
