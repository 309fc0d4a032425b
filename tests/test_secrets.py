"""No secret at hand is ever printed, logged or written, whatever happens."""

import base64
import gzip
import io
import logging
import os
import sqlite3
import subprocess
import sys
import zipfile
from urllib.parse import quote

import pytest

from ftbench.redaction import Redactor, known_secrets, redacted, redacted_output
from ftbench.testing.sweep import occurrences

SECRETS = {
    "HF_TOKEN": "hf_" + "Wq3vLx8RtN" * 3,
    "OPENAI_API_KEY": "sk-proj-" + "Zk29QmVbTy" * 3,
    "HOUSE_PASSWORD": "a lamp/in+the=garden 42",
    "token file": "hf_" + "Pb6sHd1JcF" * 3,
    "proxy": "m0nday&behind-the-door",
    "typed": "sk-" + "Gu5wXe7YaK" * 3,
    "in a URL": "tuesday-under-the-stairs",
}
PROGRAM = """
import logging, os, sys
from dataclasses import dataclass
from ftbench import Attack
from ftbench.cli.main import main
from ftbench.testing.benchmark import testing_catalog

@dataclass(kw_only=True)
class Crashing(Attack):
    "Fall over, and tell everything."

    name = "crashing"

    def poison(self, clean, scene):
        everything = dict(os.environ)
        logging.getLogger("crashing").error("all: %s", everything)
        try:
            raise OSError(os.environ["HOUSE_PASSWORD"])
        except OSError:
            logging.getLogger("crashing").exception("it failed")
        print("all", everything)
        raise RuntimeError(f"all: {everything}")

logging.basicConfig(filename="log.txt", level=logging.DEBUG)
catalog = testing_catalog(Crashing)
for command in sys.stdin.read().splitlines():
    print("#", main(command.split(" "), catalog=catalog), flush=True)
"""
IMPORTED = "import os\nraise RuntimeError(f'all: {dict(os.environ)}')\n"
COMMANDS = {
    "model=testing attack=testing_reveal": 0,
    "model=testing attack=crashing": 1,
    "-m model=testing attack=crashing,testing_reveal --json": 5,
    f"model=testing name={SECRETS['typed']}": 2,
    f"model=testing +backend.api_key={SECRETS['typed']}": 2,
    f"model=testing name={SECRETS['HF_TOKEN']}": 2,
    f"model=local model.name=https://user:{SECRETS['in a URL']}@host/model": 2,
    f"model=testing dataset=jsonl dataset.path=https://user:{SECRETS['in a URL']}@host/rows": 2,
    f"model=testing attack=none --{SECRETS['typed']}": 2,
    f"list {SECRETS['typed']}": 2,
    f"show https://user:{SECRETS['in a URL']}@host": 2,
    SECRETS["typed"]: 2,
    "model=testing --cfg job": 0,
    "plugins": 0,
    "doctor --quick --json": 0,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Every command was typed by somebody with secrets and a plugin that cannot load."""
    world = tmp_path_factory.mktemp("world")
    for name in ("here", "home", "temporary", "cache", "packages/leaky-0.dist-info", "hub"):
        (world / name).mkdir(parents=True)
    (world / "hub" / "token").write_text(SECRETS["token file"] + "\n")
    (world / "packages" / "leaky.py").write_text(IMPORTED)
    about = world / "packages" / "leaky-0.dist-info"
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky\nVersion: 0\n")
    (about / "entry_points.txt").write_text("[ftbench]\nleaky = leaky\n")
    in_variables = ("HF_TOKEN", "OPENAI_API_KEY", "HOUSE_PASSWORD")
    variables = {name: SECRETS[name] for name in in_variables} | {
        "HTTPS_PROXY": f"http://me:{SECRETS['proxy']}@localhost:9",
        "HOME": str(world / "home"),
        "HF_HOME": str(world / "hub"),
        "TMPDIR": str(world / "temporary"),
        "FTBENCH_CACHE": str(world / "cache"),
        "PYTHONPATH": os.pathsep.join([str(world / "packages"), *sys.path]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=world / "here",
        env={**os.environ, **variables},
        input="\n".join(COMMANDS),
        capture_output=True,
        text=True,
        check=False,
    )
    (world / "stdout.txt").write_text(done.stdout)
    (world / "stderr.txt").write_text(done.stderr)
    return world


def test_every_command_ended_as_it_should(world):
    said = (world / "stdout.txt").read_text().splitlines()
    codes = [int(line[2:]) for line in said if line.startswith("# ")]
    assert dict(zip(COMMANDS, codes, strict=True)) == COMMANDS, (world / "stderr.txt").read_text()


def test_the_plugins_said_what_they_meant_to_say(world):
    shown = (world / "stderr.txt").read_text() + (world / "stdout.txt").read_text()
    assert "RuntimeError: all: {" in shown and "HOUSE_PASSWORD" in shown
    assert "plugin 'leaky' cannot be loaded: RuntimeError: all: {" in shown
    logged = (world / "here" / "log.txt").read_text()
    assert "all: {" in logged and "OSError: ***" in logged


def test_no_secret_is_in_anything_that_was_written(world):
    searched = [path for path in world.iterdir() if path.name not in ("hub", "packages")]
    searched += [path for path in (world / "hub").iterdir() if path.name != "token"]
    assert occurrences(searched, SECRETS) == []
    assert {one.sentinel for one in occurrences([world / "hub"], SECRETS)} == {"token file"}


PACKED = {
    "raw": lambda text: text.encode(),
    "base64": lambda text: base64.b64encode(b"x" + text.encode() + b"tail"),
    "URL": lambda text: quote(text, safe="").encode(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "gzip": lambda text: gzip.compress(b"words " + text.encode()),
    "gzip in gzip": lambda text: gzip.compress(gzip.compress(text.encode())),
}


@pytest.mark.parametrize("packing", PACKED)
def test_the_search_sees_through(tmp_path, packing):
    text = SECRETS["HOUSE_PASSWORD"]
    content = PACKED[packing](text)
    (tmp_path / "file").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", content)
    connection = sqlite3.connect(tmp_path / "rows.sqlite")
    connection.execute("CREATE TABLE held (content)")
    connection.execute("INSERT INTO held VALUES (?)", (content,))
    connection.commit()
    connection.close()
    places = {one.place for one in occurrences([tmp_path], {"it": text})}
    for name in ("file", "archive.zip!member", "rows.sqlite"):
        assert any(name in place for place in places), name


def test_the_search_sees_names_of_files_and_parts(tmp_path):
    (tmp_path / "key=abcdefghijklmnopqrstuvwxyz").touch()
    assert occurrences([tmp_path], {"it": "abcdefghijklmnop"})
    assert occurrences([tmp_path], {"it": "0123456789abcdefghijklmnop"}, window=20)
    assert not occurrences([tmp_path], {"it": "qqqqqabcdeqqqqqqqqqq"}, window=20)


def test_a_known_secret_is_hidden_however_it_is_written():
    secret = SECRETS["HOUSE_PASSWORD"]
    redact = Redactor([secret])
    for pack in (PACKED["raw"], PACKED["URL"], PACKED["base64"]):
        hidden = redact(f"before {pack(secret).decode()} after")
        assert hidden.startswith("before ") and hidden.endswith(" after") and "***" in hidden
    assert redact("a lamp in the garden") == "a lamp in the garden"


def test_secrets_are_found_by_the_names_of_variables(tmp_path):
    (tmp_path / "token").write_text("hf_inthefile1234567890")
    variables = {
        "HF_HOME": str(tmp_path),
        "SOME_KEY": "first-secret",
        "GITHUB_TOKEN_2": "second-secret",
        "KEYBOARD": "a-name-of-keys",
        "TOKENIZERS_PARALLELISM": "false-or-true",
        "MY_PASSWORD": "short",
        "DATABASE": "postgres://me:third-secret@host/rows",
    }
    assert known_secrets(variables) == {
        "first-secret",
        "second-secret",
        "third-secret",
        "hf_inthefile1234567890",
    }


def test_a_saved_config_holds_names_and_no_secrets():
    config = {
        "judge": {"x": {"api_key": "anything", "api_key_env": "OPENAI_API_KEY", "max_tokens": 3}},
        "list": [SECRETS["OPENAI_API_KEY"], "https://me:abcdefgh@host/x", 1.5, None],
        "token": None,
        "words": "first-secret here",
    }
    clean = redacted(config, Redactor(["first-secret"]))
    assert clean == {
        "judge": {"x": {"api_key": "***", "api_key_env": "OPENAI_API_KEY", "max_tokens": 3}},
        "list": ["***", "https://***@host/x", 1.5, None],
        "token": None,
        "words": "*** here",
    }
    assert redacted(clean) == clean and config["judge"]["x"]["api_key"] == "anything"


def test_log_records_are_hidden_from_every_handler_there_is():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("tests.secrets")
    logger.addHandler(handler)
    before = logging.getLogRecordFactory()
    with redacted_output(Redactor(["first-secret"])):
        logger.warning("it is %s, %d times", "first-secret", 2)
        try:
            raise ValueError("first-secret")
        except ValueError:
            logger.exception("wrong")
        logger.warning("untouched %s", "words", stack_info=True)
    logger.removeHandler(handler)
    assert logging.getLogRecordFactory() is before
    text = stream.getvalue()
    assert "WARNING it is ***, 2 times\n" in text and "ValueError: ***" in text
    assert "untouched words" in text and "first-secret" not in text
