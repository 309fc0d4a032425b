import io

import pytest
from rich.console import Console

from ftbench.cli.view import Lines, Live, duration


def _watched(watch):
    with watch:
        watch.begin("prepare")
        watch.end("10 training rows")
        watch.begin("finetune")
        for step in range(1, 1001):
            watch.progress(step, 1000, loss=2.0)
        watch.note("mind [red]this\x1b[31m")
        watch.end("trained")


def test_a_log_gets_a_line_for_begin_end_and_every_tenth():
    stream = io.StringIO()
    _watched(Lines(stream, patience_seconds=0))
    lines = stream.getvalue().splitlines()
    tenths = [line for line in lines if " of 1000 " in line]
    assert [line.split()[1] for line in tenths] == [str(100 * n) for n in range(1, 10)]
    assert all("loss 2" in line for line in tenths)
    assert lines[1].startswith("prepare: 10 training rows (")
    assert lines[-2] == "note: mind [red]this\N{REPLACEMENT CHARACTER}[31m"
    assert "\x1b" not in stream.getvalue()


def test_a_quick_stage_does_not_fill_a_log():
    stream = io.StringIO()
    _watched(Lines(stream))
    assert " of 1000 " not in stream.getvalue()


def test_a_terminal_gets_a_tick_for_every_finished_stage():
    console = Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False)
    _watched(Live(console))
    shown = console.file.getvalue()
    assert shown.count("\N{CHECK MARK}") == 2
    assert "10 training rows" in shown
    assert "mind [red]this\N{REPLACEMENT CHARACTER}[31m" in shown


def test_a_stage_cut_short_is_marked():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    watch = Live(console)
    with pytest.raises(KeyboardInterrupt), watch:
        watch.begin("respond")
        raise KeyboardInterrupt
    assert "interrupted" in console.file.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (61, "1 min 1 s"),
        (59.7, "1 min 0 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds, words):
    assert duration(seconds) == words
