"""The site: the same bytes every time, and every text shown as the text it is."""

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ftbench.leaderboard.board import board_of
from ftbench.leaderboard.examining import examine
from ftbench.leaderboard.pages import site, write_site
from ftbench.leaderboard.rules import Rules
from tests.leaderboard.boards import board, entry, thousand
from tests.leaderboard.hostile import PAYLOADS
from tests.submissions import Forger, submission

LOCAL = r"(\.\./)?[a-z0-9/#-]+\.(html|css|js|svg|json|csv|md)|#|https:"


class Skeleton(HTMLParser):
    """Tags, the names of their attributes, and where links lead to."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, tuple(name for name, _ in attrs)))
        for name, value in attrs:
            assert not name.startswith("on") and name != "style"
            if name in ("href", "src"):
                assert re.match(
                    r"(\.\./)?[a-z0-9/#-]+\.(html|css|js|svg|json|csv|md)|#|https:", value
                )

    def handle_endtag(self, tag):
        self.found.append(tag)

    def handle_comment(self, data):
        self.found.append("comment")


def skeletons(made):
    return {
        name: Skeleton(text).found for name, text in site(made) if name.endswith((".html", ".svg"))
    }


def with_texts(folder, text):
    """A submission that says one text wherever it may say what it likes."""
    with Forger(folder) as forger:
        forger.submission |= {"contact": text, "note": text}
        for made in forger.runs.values():
            made["model"] |= {"name": text, "revision": text, "family": text}
            made["choices"] = dict.fromkeys(made["choices"], text)
            made["recipe"] = {name: f"{text} (the user)" for name in made["recipe"]}
            made["versions"] = dict.fromkeys(made["versions"], text)
            made["hardware"] = dict.fromkeys(made["hardware"], text)
            for one in made["components"]:
                one["settings"] = {"option": text}
    return board_of([examine(folder, Rules(), is_thorough=False)], Rules())


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_strangers_text_stays_a_text_on_every_page(tmp_path, name):
    plain = skeletons(with_texts(submission(tmp_path / "benign"), "benign words"))
    made = with_texts(submission(tmp_path / "hostile"), PAYLOADS[name])
    assert made.broken == () and len(made.rows) == 1
    assert list(skeletons(made).values()) == list(plain.values())


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_strangers_text_is_no_formula_no_markup_and_no_script(tmp_path, name):
    made = with_texts(submission(tmp_path / "hostile"), PAYLOADS[name])
    files = dict(site(made))
    for row in csv.reader(io.StringIO(files["results.csv"])):
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)
    assert not re.search(r"[<>`\[\]]", files["results.md"])
    assert json.loads(files["results.json"])["tracks"][0]["entries"][0]["note"] == PAYLOADS[name]
    data = files["rows.js"].removeprefix("globalThis.ftbenchRows = ").removesuffix(";\n")
    assert json.loads(data)["rows"][0]["cells"][1][0] == PAYLOADS[name]


def test_a_broken_submission_may_have_any_name(tmp_path):
    folder = tmp_path / "<b>x"
    folder.mkdir()
    (folder / "submission.json").write_text("{")
    text = dict(site(board_of([examine(folder, Rules(), is_thorough=False)], Rules())))
    assert "&lt;b&gt;x" in text["index.html"] and "<b>" not in text["index.html"]


def test_the_command_of_a_stranger_is_quoted(tmp_path):
    made = with_texts(submission(tmp_path / "hostile"), PAYLOADS["shell"])
    command = made.rows[0].entry.command
    assert "'attack=$(touch sentinel); `touch sentinel` & '" in command


def test_the_same_submissions_give_the_same_bytes(tmp_path):
    folders = [submission(tmp_path / kind, kind) for kind in ("open", "guarded", "wide")]
    found = [examine(one, Rules(), is_thorough=False) for one in folders]
    first = dict(site(board_of(found, Rules())))
    assert dict(site(board_of(reversed(found), Rules()))) == first
    write_site(board_of(found, Rules()), tmp_path / "site")
    for name, text in first.items():
        assert (tmp_path / "site" / name).read_text() == text
    (tmp_path / "site" / "entries" / "old.html").write_text("gone")
    write_site(board_of(found, Rules()), tmp_path / "site")
    assert not (tmp_path / "site" / "entries" / "old.html").exists()


def test_the_first_view_of_a_thousand_entries_is_small():
    files = dict(site(thousand()))
    assets = sum(len(text) for name, text in files.items() if name == "index.html")
    assert assets < 280_000 and "Show all 1000" in files["index.html"]
    assert files["index.html"].count("<tr") < 200


def test_what_is_shown_is_what_the_verdicts_say(tmp_path):
    found = examine(submission(tmp_path / "open"), Rules(), is_thorough=True)
    made = board_of([found], Rules())
    (row,) = made.rows
    harm = row.entry.figures.tuned["harmfulness_rate"]
    files = dict(site(made))
    assert f"{100 * harm.value:.1f} %" in files["index.html"]
    told = json.loads(files["results.json"])["tracks"][0]["entries"][0]
    assert told["figures"]["tuned"]["harmfulness_rate"]["value"] == harm.value
    assert "Qi et al. 2024, table 1" in files["index.html"]
    place = f"rank {row.rank.rank}" if row.rank else "not ranked"
    assert place in files[f"badges/{row.entry.id}.svg"]
    assert row.reason in files[f"entries/{row.entry.id}.html"]


def test_an_entry_without_a_tuned_model_has_a_page():
    refused = entry("refused")
    figures = replace(refused.figures, tuned={}, harm=(), scores=(1.0, None))
    made = replace(refused, outcome="refused_data", figures=figures, said=())
    files = dict(site(board(made)))
    assert "the training ended as refused_data" in files["entries/refused.html"]
    assert "not trained: refused_data" in files["badges/refused.svg"]


def test_an_empty_board_has_pages():
    assert "0 entries" in dict(site(board()))["index.html"]
