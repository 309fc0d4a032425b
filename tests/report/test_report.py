"""A report is one file that tells figures and nothing of what was asked or said."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ftbench.archive.opening import LEDGER, ReadOnlyLedger
from ftbench.archive.reading import read_result
from ftbench.cli.main import main
from ftbench.report.html import as_html
from ftbench.report.markdown import as_markdown
from ftbench.report.page import page_of
from ftbench.report.pdf import BROWSERS
from tests.browser import browser, violations
from tests.browser import page_of as open_page
from tests.finished_run import finished_run

NASTY = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\n<img src=y>'


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return finished_run(tmp_path / "runs" / "mine")


def written(run, name="report.html"):
    assert main(["report", str(run), "--out", name]) == 0
    return Path(name).read_text()


def test_it_needs_nothing_else(run):
    text = written(run)
    assert not re.findall(r"<script|(?:src|href)=[\"'](?!data:,)", text)
    assert "default-src 'none'" in text
    for heading in ("By category", "Cost", "Environment", "How to reproduce it", "How to read it"):
        assert heading in text


def test_nothing_that_was_asked_or_said_is_in_it(run):
    texts = (written(run), written(run, "report.md"))
    ledger = ReadOnlyLedger(run / LEDGER)
    said = {one.text for one in ledger.all("response").values() if len(one.text) > 8}
    ledger.close()
    assert said
    assert not any(str(run.parent) in text for text in texts)
    assert not [one for one in said for text in texts if one in text]


def test_it_is_the_same_again_and_of_many_runs_has_each(run, tmp_path):
    assert written(run) == written(run)
    shutil.copytree(run, tmp_path / "runs" / "other")
    assert main(["report", "runs", "--out", "both.html"]) == 0
    assert Path("both.html").read_text().count("<section>") == 2


def test_names_are_only_ever_words(run):
    result = read_result(run)
    nasty = replace(
        result,
        run=NASTY,
        failure=NASTY,
        choices={**result.choices, "attack": NASTY},
        recipe={NASTY: f"{NASTY} (the user)"},
        record={**result.record, "judge_cards": {NASTY: {NASTY: NASTY}}},
    )
    page = page_of(nasty, notes=[NASTY])
    html, markdown = as_html([page]), as_markdown([page])
    assert "<script>" not in html and "<img" not in html
    prose = [line for line in markdown.splitlines() if not line.startswith("    ")]
    assert not re.search(r"(?<!\\)<(?:script|img)", "\n".join(prose))


def test_what_is_no_run_is_named(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "is no run" in capsys.readouterr().err


def test_notebooks_show_a_result_and_make_a_frame_of_it(run):
    result = read_result(run)
    assert "<table>" in result._repr_html_() and "harmfulness rate" in result._repr_html_()
    assert "<script>" not in replace(result, run=NASTY)._repr_html_()
    frame = result.to_frame()
    rate = frame[(frame.metric == "harmfulness_rate") & (frame.category == "")]
    assert {"base", "tuned", "difference"} <= set(rate.subject)
    assert result.headline("tuned").columns["harmfulness_rate"].value in set(rate.value)


def test_a_browser_prints_it_as_pdf(run):
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("There is no browser here.")
    assert main(["report", str(run), "--out", "report.pdf"]) == 0
    assert Path("report.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_browser_and_for_other_forms_it_says_what_to_do(run, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert main(["report", str(run), "--out", "report.pdf"]) == 2
    assert "write an .html and print that" in capsys.readouterr().err
    assert main(["report", str(run), "--out", "report.docx"]) == 2
    assert "end it in .html, .md, .pdf" in capsys.readouterr().err
    assert not list(Path().glob("report.*"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_for_everybody_also_on_a_phone(run, scheme):
    written(run)
    place = Path("report.html").resolve()
    with (
        browser() as made,
        open_page(made, place, color_scheme=scheme, viewport={"width": 380, "height": 700}) as page,
    ):
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        assert page.locator("svg").count() >= 1
