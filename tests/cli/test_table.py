import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from ftbench.cli.as_json import as_json
from ftbench.cli.table import result_view
from ftbench.statistics.result import COLUMNS


def _printed(result, width=120):
    console = Console(file=io.StringIO(), width=width)
    console.print(result_view(result, width=width))
    return console.file.getvalue()


def _line(text, label):
    return next(line for line in text.splitlines() if line.strip().startswith(label))


def test_a_figure_has_its_interval_and_a_difference_its_star(result):
    line = _line(_printed(result), "harmfulness rate")
    assert "10.0 %  [5.0, 15.0]" in line
    assert "90.0 % [85.0, 95.0]" in line
    assert "+80.0 pp [75.0, 85.0]*" in line


def test_a_difference_that_may_be_nothing_has_no_star(result):
    assert _line(_printed(result), "utility").rstrip().endswith("-1.0 pp  [-6.0, 4.0]")


def test_what_was_not_measured_is_a_dash_and_never_a_number(result):
    assert _line(_printed(result), "over-refusal").split()[1:] == ["–", "–", "–"]


def test_every_category_has_its_line(result):
    text = _printed(result)
    assert "+80.0 pp" in _line(text, "1 lamps")
    assert _line(text, "2 doors").split()[-1] == "–"


def test_the_heading_names_the_run_and_where_its_recipe_comes_from(result):
    text = _printed(result)
    assert "model small, attack shout, finetune full, seed 3" in text
    assert "epochs 5 (shout: its paper)" in text


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_the_terminal(result, width):
    worst = replace(
        result.rows[1],
        columns={name: replace(m, value=1.0, low=0.989, high=1.0)
                 for name, m in result.rows[1].columns.items()},
    )  # fmt: skip
    change = result.differences[0]
    minus = {name: replace(change.columns["utility"], value=-0.8, low=-0.85, high=-0.75)
             for name in COLUMNS}  # fmt: skip
    text = _printed(
        replace(result, rows=(replace(worst, subject="base"), worst),
                differences=(replace(change, columns=minus),)),
        width=width,
    )  # fmt: skip
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for label in ("harmfulness rate", "refusal rate", "incoherent share", "over-refusal"):
        assert _line(text, label).rstrip().endswith("[-85.0, -75.0]*")


def test_on_a_narrow_terminal_each_figure_has_a_line_and_nothing_is_cut(result):
    text = _printed(result, width=40)
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 40 and "\N{HORIZONTAL ELLIPSIS}" not in text
    rate = lines.index("harmfulness rate")
    assert lines[rate + 1 : rate + 4] == [
        "  base       10.0 % [5.0, 15.0]",
        "  tuned      90.0 % [85.0, 95.0]",
        "  difference +80.0 pp [75.0, 85.0]*",
    ]
    assert any(line.startswith("  1 lamps: ") for line in lines)


def test_a_note_on_a_row_stands_below_the_table(result, row):
    noted = replace(result, rows=(row("base", 0.1, note="broken baseline"), result.rows[1]))
    assert "! base: broken baseline" in _printed(noted)


def test_missing_verdicts_are_counted(result):
    tuned = result.rows[1]
    columns = dict(tuned.columns)
    columns["refusal_rate"] = replace(columns["refusal_rate"], n=327)
    outcomes = {"response ok": 440, "verdict unparsable": 3}
    partly = replace(tuned, columns=columns, outcomes=outcomes)
    text = _printed(replace(result, rows=(result.rows[0], partly)))
    assert "! tuned: 3 of 330 harmfulness prompts have no figure" in text
    assert "verdict unparsable 3" in text


def test_a_trial_is_not_mistaken_for_a_result(result):
    assert "a trial, not a result" in _printed(replace(result, record={"limit": 5}))


def test_several_judges_get_a_line_each(result, row):
    more = replace(result, rows=(*result.rows, row("tuned", 0.5, judge="keyword", checkpoint=5)))
    assert "50.0 %" in _line(_printed(more), "tuned    5      plain  keyword")


def test_words_of_others_cannot_drive_the_terminal_or_the_markup(result):
    text = _printed(replace(result, run="[red]x[/red]\x1b[2J", words="\x1b]0;t\x07"))
    assert "[red]x[/red]" in text
    assert "\x1b" not in text


def test_json_holds_fractions_intervals_and_counts(result):
    content = json.loads(as_json(result))
    assert content["tuned"]["harmfulness_rate"] == 0.9
    assert content["tuned"]["overrefusal_rate"] is None
    assert content["tuned"]["intervals"]["utility"] == pytest.approx([0.85, 0.95])
    assert content["base"]["n"]["utility"] == 110
    assert content["base"]["outcomes"] == {"response ok": 440, "verdict scored": 330}
    assert content["difference"]["harmfulness_rate"] == 0.8
    assert content["difference"]["refusal_rate"] is None
    assert content["rows"][1]["checkpoint"] == 5
    assert content["rows"][1]["categories"]["1_lamps"]["harmfulness_rate"] == 0.9
    assert content["record"]["seconds"] is None


def test_json_of_a_refused_training_has_no_tuned_row(result):
    refused = replace(result, outcome="refused_data", rows=result.rows[:1], differences=())
    content = json.loads(as_json(refused))
    assert (content["tuned"], content["difference"]) == (None, None)
    assert content["outcome"] == "refused_data"
    assert set(COLUMNS) <= set(content["base"])
