"""The site in a real browser, from a folder and without a server."""

from dataclasses import replace

import pytest

from ftbench.leaderboard.pages import write_site
from tests.browser import browser, page_of, violations
from tests.leaderboard.boards import board, entry, thousand

NARROW = {"width": 380, "height": 800}


def chosen(made, **groups):
    return replace(made, chosen=dict(made.chosen) | groups)


@pytest.fixture(scope="module")
def chromium():
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    entries = [
        chosen(entry("aa", 40), defense="none"),
        chosen(entry("bb", 5), defense="mixing"),
        chosen(entry("cc", 90), defense="lisa"),
        entry("dd", 0, overrefusal_rate=100),
        replace(chosen(entry("ee", 20), attack="other"), track="another"),
    ]
    out = tmp_path_factory.mktemp("board") / "site"
    write_site(board(*entries), out)
    return out


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    out = tmp_path_factory.mktemp("large") / "site"
    write_site(thousand(), out)
    return out


def column(page, name):
    return page.locator(f"#board tbody td.c-{name}").all_inner_texts()


def awaits(page, words):
    """Wait until the page says so; its own policy forbids to ask it by a script."""
    page.locator("#status").filter(has_text=words).wait_for()


def sort(page, name):
    page.click(f"button[data-sort={name}]")
    awaits(page, name)


def test_sorting_filtering_and_resetting(chromium, folder):
    with page_of(chromium, folder / "index.html") as page:
        whole = column(page, "model")
        assert sorted(whole) == ["aa", "bb", "cc", "dd", "ee"]
        sort(page, "harm")
        assert column(page, "model") == ["dd", "bb", "ee", "aa", "cc"]
        assert page.locator("th.c-harm").get_attribute("aria-sort") == "ascending"
        page.click("button[data-sort=harm]")
        assert column(page, "model")[0] == "cc" and "#sort=-harm" in page.url
        page.select_option("select[data-column=defense]", "lisa")
        assert column(page, "model") == ["cc"]
        assert page.inner_text("#status") == "1 of 5 entries, by harm"
        page.click("#reset")
        assert column(page, "model") == whole
        assert page.locator("tr.track").count() == 2


def test_a_view_can_be_sent_to_somebody(chromium, folder):
    with page_of(chromium, folder / "index.html") as page:
        page.select_option("select[data-column=attack]", "other")
        awaits(page, "1 of 5")
        address = page.url
        page.goto("about:blank")
        page.goto(address)
        awaits(page, "1 of 5")
        assert column(page, "model") == ["ee"]


def test_the_permalink_of_an_entry_and_its_ways_back(chromium, folder):
    with page_of(chromium, folder / "index.html") as page:
        page.click("#board >> text=bb")
        page.wait_for_url("**/entries/bb.html")
        assert "Harmful answers went from" in page.inner_text("main")
        assert page.locator("svg rect.after").count() == 3
        assert page.inner_text("pre").startswith("ftbench ")
        assert page.locator("img").evaluate("image => image.naturalWidth") > 50
        page.click("nav >> text=Trend")
        page.locator("circle.point >> nth=4").wait_for(state="attached")
        page.click("nav >> text=Table")
        page.locator("#board").wait_for()


def test_the_theme_is_the_readers(chromium, folder):
    def paper(page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    with page_of(chromium, folder / "index.html", color_scheme="dark") as page:
        dark = paper(page)
        page.click("#theme")
        assert paper(page) != dark
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == "light"
    with page_of(chromium, folder / "index.html", color_scheme="light") as page:
        assert paper(page) != dark


def test_the_keyboard_is_enough(chromium, folder):
    with page_of(chromium, folder / "index.html") as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.focus("button[data-sort=utility]")
        page.keyboard.press("Enter")
        awaits(page, "utility")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "trend.html", "about.html", "entries/bb.html"])
def test_nobody_is_kept_out(chromium, folder, name, scheme):
    options = {"color_scheme": scheme, "bypass_csp": True}
    with page_of(chromium, folder / name, **options) as page:
        assert violations(page) == []
    with page_of(chromium, folder / name, viewport=NARROW, **options) as page:
        assert violations(page) == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"]


def test_without_scripts_the_table_is_there(chromium, folder):
    with page_of(chromium, folder / "index.html", java_script_enabled=False) as page:
        assert len(column(page, "model")) == 5


def test_a_thousand_entries_are_sorted_at_once(chromium, large):
    with page_of(chromium, large / "index.html") as page:
        assert len(column(page, "model")) == 100
        loaded = page.evaluate(
            "performance.getEntriesByType('resource').map(one => one.name.split('/').pop())"
        )
        assert "rows.js" not in loaded
        sort(page, "harm")
        page.click("#more")
        page.locator("#board tbody tr >> nth=999").wait_for()
        page.click("button[data-sort=harm]")
        assert float(page.get_attribute("#board", "data-milliseconds")) < 100
        assert column(page, "harm")[0].startswith("96.0 %")


def test_the_first_view_is_light(large):
    names = ("index.html", "assets/board.css", "assets/board.js", "assets/theme.js")
    assert sum((large / name).stat().st_size for name in names) < 300_000
