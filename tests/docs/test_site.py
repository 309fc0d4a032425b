"""The site builds strict and opens in a real browser; what it tells of the code is complete."""

import functools
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from tests.browser import browser, violations
from tests.docs.blocks import DOCS

ROOT = DOCS.parent
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 380, "height": 800}
PAGES = ("index", "concepts", "errors", "reproduce", "guides/judge", "reference/roles", "commands")


@pytest.fixture
def errors_found(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "site_hooks"))
    return __import__("errors_found")


def test_every_class_of_error_has_a_cure(errors_found):
    classes = set(errors_found.classes_found()) - {errors_found.BASE}
    cures = yaml.safe_load((DOCS / "cures.yaml").read_text())
    assert classes == set(cures)


def test_the_page_of_errors_is_what_the_code_says(errors_found):
    from ftbench import errors

    classes, page = errors_found.classes_found(), errors_found.errors_page()
    told = {name: errors_found.exit_code(name, classes) for name in classes}
    for name, one in vars(errors).items():
        if isinstance(one, type) and issubclass(one, errors.FtbenchError):
            assert told[name] == one.exit_code
    assert "There is no folder ...." in page
    assert "## OutOfMemory\n\nExit code **74**" in page


def test_every_page_is_in_the_navigation():
    told = (ROOT / "mkdocs.yml").read_text()
    pages = [page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")]
    assert [page for page in pages if f": {page}\n" not in told] == []


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The built site, on loopback."""
    pytest.importorskip("mkdocs")
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    handler = functools.partial(Quiet, directory=str(out))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with browser() as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "viewport"), [("light", WIDE), ("dark", NARROW)])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_for_everybody(chromium, address, name, viewport, scheme):
    context = chromium.new_context(color_scheme=scheme, viewport=viewport)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    assert (page.locator("body").get_attribute("data-md-color-scheme") == "slate") == (
        scheme == "dark"
    )
    assert said == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert "???" not in page.locator("article").inner_text()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    context.close()


@pytest.mark.slow
def test_a_word_is_found(chromium, address):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{address}/index.html")
    page.click("input.md-search__input")
    page.keyboard.type("follow a sweep")
    page.locator("li.md-search-result__item").first.wait_for()
    context.close()
