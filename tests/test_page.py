"""The page, in a real browser, on the real server: what `python ui.py` opens."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import QUESTION, QUOTE, SEEDS, make_pdf
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect, sync_playwright

from qa.remote import RemoteLibrary

UI = Path(__file__).parent.parent / "ui.py"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
ATTACK = '<script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
HOSTILE_NAME = '<img src=x onerror="window.hacked=1">&amp;.md'
HOSTILE = (
    f"# {ATTACK}\n\nThe zeppelin {ATTACK} landed in Friedrichshafen \\[1] [1] at noon, says <b>the log</b> [2].\n\n"
    "## Crew\n\nThe pilot of the airship was ![Ida](https://example.org/x.png) "
    "[Ida Moor](javascript:window.hacked=1) | 41 |.\n"
)
EMOJI = "😀🚀 𝒳𝒴𝒵\r\n\r\nThe lighthouse 🗼 of Neuwerk was built in the year 1310 by the city of Hamburg 😀.\r\n"

FILLER = "".join(f"Nothing of note was written on page {page} of the old log.\n\n" for page in range(1, 1_201))
LONG = f"{FILLER}The heron Gustav nested on the mast in 1904.\n\n{FILLER}The log ends here.\n"

ROW = "| Blue lamp | 77 | 3 |"
TABLE = f"# Lamps\n\nWhat lamps cost.\n\n| Lamp | Price | Stock |\n|---|---|---|\n| Red lamp | 5 |  |\n{ROW}\n"
ROWS = "".join(f"| Lantern {n} of the quay | {n + 300} |\n" for n in range(1, 301))
LANTERNS = f"# Lanterns\n\n| Lantern | Height |\n|---|---|\n{ROWS}\nThe list ends here.\n"
WICKS = "Wick;Length\n" + "".join(f"Wick {n} of the quay;{n + 300}\n" for n in range(1, 301))
VALUES = 'Bulb;How;Price\nRed bulb;alone;5\nGreen bulb;"sold ""by the dozen"",\nor singly";9\nGrey bulb;never;0\n'

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")

# runs ui.py, and writes down whom it tries to reach
_WATCHED = """
import runpy, socket, sys
seen, script = sys.argv[1:3]
def audit(event, given):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        host = given[1] if event == "socket.connect" else given[0]
        host = host[0] if isinstance(host, tuple) else host
        host = host.decode() if isinstance(host, bytes) else host
        if isinstance(host, str) and host not in ("", "localhost", "127.0.0.1", "::1"):
            open(seen, "a").write(f"{event} {host}\\n")
sys.addaudithook(audit)
sys.argv = [script]
runpy.run_path(script, run_name="__main__")
"""


class Server:
    """`python ui.py` in a process of its own, on a free port, with a folder and an index of its own."""

    def __init__(self, place: Path, **settings: str) -> None:
        self.folder, self.reached = place / "folder", place / "reached"
        self.folder.mkdir(exist_ok=True)
        self.errors = (place / "errors").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WATCHED, str(self.reached), str(UI)],
            env=environment(
                **{"QA_FOLDER": str(self.folder), "QA_INDEX": str(place / "index"), "QA_PORT": "0"} | settings
            ),
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, (place / "errors").read_text()
        self.url = found[0]

    def get(self, path: str) -> Any:
        return httpx.get(self.url + path).raise_for_status().json()

    def cited(self, quote: str) -> str:
        """Return the id of a citation of a quote."""
        answer = httpx.post(f"{self.url}/api/citations/resolve", json={"quote": quote}).raise_for_status()
        return str(answer.json()["id"])

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the library stands so."""
        end = time.monotonic() + 30
        while not holds(self.get("/api/status")):
            assert time.monotonic() < end, self.get("/api/status")
            time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout
        self.process.stdout.close()
        self.errors.close()


def environment(**settings: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("QA_")} | settings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("page")
    (place / "folder").mkdir()
    shutil.copy(next(SEEDS.glob("*.txt")), place / "folder")
    for name, text in {HOSTILE_NAME: HOSTILE, "light 🗼.txt": EMOJI, "broken.pdf": "no pdf"}.items():
        (place / "folder" / name).write_bytes(text.encode())
    (place / "folder" / "papers").mkdir()
    (place / "folder" / "papers" / "lynx.pdf").write_bytes(
        make_pdf("The lynx of Brask was seen in 1962.", "Nobody has seen the walrus of Brask since 1871.", "The end.")
    )
    (place / "folder" / "papers" / "long.txt").write_text(LONG)
    (place / "folder" / "papers" / "lamps.md").write_text(TABLE)
    (place / "folder" / "papers" / "bulbs.csv").write_text(VALUES)
    running = Server(place)
    running.until(lambda status: status["documents"] == 7 and not status["waiting"] and status["phase"] == "idle")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def desk(browser: Browser) -> BrowserContext:
    """A window in which gradio's many files are cached from test to test."""
    return browser.new_context(viewport={"width": 1280, "height": 800})


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, desk: BrowserContext, server: Server) -> Iterator[Open]:
    """Open the page anew; in the end nothing was asked of anybody else, and nothing went wrong in it."""
    pages: list[Page] = []
    asked: list[str] = []
    wrong: list[str] = []

    def open_page(**window: Any) -> Page:
        page = browser.new_page(**window) if window else desk.new_page()
        pages.append(page)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(server.url)
        expect(page.locator(".qa-example")).to_have_count(3)
        return page

    yield open_page
    hacked = [page.evaluate("window.hacked") for page in pages]
    for page in pages:
        page.close()
    assert not [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    # a request that is refused is told in the console too, whatever the page makes of it
    assert not [text for text in wrong if "Failed to load resource" not in text]
    assert not any(hacked)


def ask(page: Page, question: str) -> Locator:
    """Type a question and press Enter; return the answer, once it is whole."""
    page.get_by_label("Question").last.fill(question)
    page.keyboard.press("Enter")
    turn = page.locator(".qa-turn").last
    expect(turn.locator(".qa-asked")).to_have_text(question)
    expect(turn.locator(".qa-answer")).to_have_attribute("aria-busy", "false")
    return turn


@contextmanager
def added(server: Server, **texts: str) -> Iterator[None]:
    """Have more files in the folder for a while: `name_md` is name.md."""
    places = {server.folder / name.replace("_", "."): text for name, text in texts.items()}
    for place, text in places.items():
        place.write_text(text)
    server.until(lambda status: status["documents"] == 7 + len(places) and status["phase"] == "idle")
    try:
        yield
    finally:
        for place in places:
            place.unlink(missing_ok=True)
        server.until(lambda status: status["files"] == 8)


def shot(page: Page, place: Path, name: str) -> None:
    """Take a picture of the page, for the docs too where `QA_SCREENSHOTS` names a folder."""
    page.screenshot(path=place / f"{name}.png")
    if docs := os.environ.get("QA_SCREENSHOTS"):
        shutil.copy(place / f"{name}.png", docs)


def highlighted(page: Page) -> str:
    """Return the words that the source panel highlights."""
    expect(page.locator("#qa-source mark")).to_have_count(1)
    return str(page.locator("#qa-source mark").evaluate("mark => mark.textContent"))


@needs_browser
def test_a_question_is_answered_and_a_click_on_a_mark_highlights_exactly_the_cited_words(
    opened: Open, server: Server
) -> None:
    page = opened()
    turn = ask(page, QUESTION)
    assert QUOTE in turn.locator(".qa-words").inner_text()
    mark = turn.locator(".qa-mark").first
    expect(mark).to_have_text("[1]")
    expect(mark).to_have_attribute("aria-label", re.compile(r"^Open citation 1: 000_\w+\.txt, line 11$"))
    mark.click()
    words = highlighted(page)
    citation = server.get(f"/api/citations/{mark.get_attribute('data-cite')}")
    assert words == citation["cited_text"] and QUOTE in words
    expect(page.locator("#qa-source mark")).to_be_in_viewport(ratio=1)
    expect(page.locator("#qa-source")).to_contain_text("Valid line 11")
    source = (server.folder / citation["document"]["path"]).read_bytes().decode()
    assert page.locator(".qa-body").evaluate("body => body.textContent") == source
    link = page.get_by_role("link", name="Open original").get_attribute("href")
    assert httpx.get(f"{server.url}{link}").content == source.encode()


@needs_browser
def test_three_example_questions_stand_ready_and_a_click_asks_one(opened: Open, server: Server) -> None:
    page = opened()
    examples = page.locator(".qa-example").all_inner_texts()
    assert len(set(examples)) == 3
    page.locator(".qa-example").first.click()
    expect(page.locator(".qa-asked")).to_have_text(examples[0])
    expect(page.locator(".qa-answer")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#qa-live")).not_to_be_empty()


@needs_browser
def test_the_keyboard_opens_a_citation_and_escape_closes_it(opened: Open) -> None:
    page = opened()
    expect(page.get_by_label("Question").last).to_be_focused()
    mark = ask(page, QUESTION).locator(".qa-mark").first
    for key in ("Enter", "Space"):
        mark.focus()
        page.keyboard.press(key)
        assert QUOTE in highlighted(page)
        expect(page.locator("#qa-path")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("#qa-source mark")).to_have_count(0)
        expect(mark).to_be_focused()


@needs_browser
def test_a_step_leads_to_the_next_citation_of_the_answer_and_back(opened: Open) -> None:
    page = opened()
    turn = ask(page, "What is in here?")
    turn.locator(".qa-mark").first.click()
    first = highlighted(page)
    expect(page.locator("#qa-source")).to_contain_text(re.compile(r"Citation 1 of \d"))
    expect(page.get_by_role("button", name="Citation before")).to_be_disabled()
    page.keyboard.press("n")
    expect(page.locator("#qa-source")).to_contain_text("Citation 2 of")
    assert highlighted(page) != first
    page.get_by_role("button", name="Citation before").click()
    expect(page.locator("#qa-source")).to_contain_text("Citation 1 of")
    assert highlighted(page) == first
    page.keyboard.press("Escape")
    expect(turn.locator(".qa-mark").first).to_be_focused()


@needs_browser
def test_the_button_that_leads_to_the_next_citation_keeps_the_focus_until_there_is_none(opened: Open) -> None:
    page = opened()
    turn = ask(page, "What is in here?")
    turn.locator(".qa-mark").first.click()
    last = turn.locator(".qa-sources li").count()
    before, following = (page.get_by_role("button", name=name) for name in ("Citation before", "Next citation"))
    following.focus()
    for number in range(2, last + 1):
        page.keyboard.press("Enter")
        expect(page.locator("#qa-live")).to_have_text(f"Citation {number} of {last}")
        expect(page.locator("#qa-source mark").first).to_be_visible()
        expect(following if number < last else before).to_be_focused()


@needs_browser
def test_a_citation_of_a_pdf_is_shown_on_its_page_and_pages_turn(opened: Open, server: Server, tmp_path: Path) -> None:
    page = opened()
    turn = ask(page, "Since when has nobody seen the walrus of Brask?")
    with page.expect_response(re.compile("/pages/2")) as told:
        turn.locator(".qa-mark").first.click()
    assert "since 1871" in highlighted(page)
    sheet = page.locator(".qa-sheet")
    expect(sheet).to_be_visible()
    assert "walrus of Brask since 1871" in (sheet.get_attribute("alt") or "")
    bare = httpx.get(f"{server.url}/api/documents/papers%2Flynx.pdf/pages/2", params={"width": 1_400})
    assert told.value.body() != bare.content and bare.content[:4] == b"\x89PNG"
    assert (told.value.headers["x-marked"], bare.headers["x-marked"]) == ("1", "0")
    expect(sheet).to_have_js_property("naturalWidth", 1_400)
    expect(page.locator(".qa-paper .qa-note")).to_be_hidden()
    expect(page.locator("#qa-source")).to_contain_text("Page 2 of 3")
    shot(page, tmp_path, "page-pdf")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#qa-source")).to_contain_text("Page 3 of 3")
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.get_by_role("button", name="Show the text").click()
    expect(page.locator("#qa-source mark")).to_be_visible()
    expect(sheet).to_be_hidden()


@needs_browser
def test_a_page_that_is_turned_past_is_not_waited_for(opened: Open) -> None:
    page = opened()
    page.route(re.compile("/pages/2"), lambda route: None)  # it is never drawn
    with page.expect_request(re.compile("/pages/2")):
        ask(page, "Since when has nobody seen the walrus of Brask?").locator(".qa-mark").first.click()
    page.get_by_role("button", name="Show the page").click()
    with page.expect_event("requestfailed", lambda request: "/pages/2" in request.url):
        page.get_by_role("button", name="Next page").click()
    expect(page.locator("#qa-source")).to_contain_text("Page 3 of 3")
    expect(page.locator(".qa-sheet")).to_have_js_property("naturalWidth", 1_400)


@needs_browser
def test_of_a_page_that_is_a_picture_it_is_said_that_nobody_knows_where_the_words_are(opened: Open) -> None:
    page = opened()

    def unmarked(route: Route) -> None:
        drawn = route.fetch()
        route.fulfill(response=drawn, headers=drawn.headers | {"x-marked": "0"})

    page.route(re.compile("/pages/2"), unmarked)
    ask(page, "Since when has nobody seen the walrus of Brask?").locator(".qa-mark").first.click()
    expect(page.locator(".qa-sheet")).to_be_visible()
    expect(page.locator(".qa-paper")).to_contain_text("Where on this page the cited words stand is not known")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#qa-source")).to_contain_text("Page 3 of 3")
    expect(page.locator(".qa-paper .qa-note")).to_be_hidden()


@needs_browser
def test_a_row_of_a_table_is_marked_in_its_table(opened: Open, server: Server) -> None:
    page = opened()
    page.goto(f"{server.url}/#cite={server.cited(ROW)}")
    expect(page.locator(".qa-table tr:has(mark) td")).to_have_text(["Blue lamp", "77", "3"])
    expect(page.locator(".qa-table th")).to_have_text(["Lamp", "Price", "Stock"])
    expect(page.locator(".qa-table tr")).to_have_count(3)
    expect(page.locator(".qa-body")).to_contain_text("What lamps cost.")
    expect(page.locator(".qa-body strong")).to_have_text("Lamps")
    expect(page.locator(".qa-body")).not_to_contain_text("#")
    page.goto(f"{server.url}/#cite={server.cited('or singly')}")
    cells = ["Green bulb", 'sold "by the dozen",\nor singly', "9"]
    expect(page.locator(".qa-table tr:has(mark) td")).to_have_text(cells)
    expect(page.locator(".qa-table tr")).to_have_count(4)
    expect(page.locator("#qa-source mark").first).to_contain_text("or singly")


@needs_browser
def test_a_row_far_down_a_table_is_in_sight_on_a_desk_and_on_a_phone(opened: Open, server: Server) -> None:
    with added(server, lanterns_md=LANTERNS, wicks_csv=WICKS):
        cited = [server.cited("| Lantern 200 of the quay | 500 |"), server.cited("Wick 200 of the quay;500")]
        for page in (opened(), opened(viewport={"width": 390, "height": 844})):
            for id in cited:
                page.goto(f"{server.url}/#cite={id}")
                expect(page.locator("#qa-source mark")).to_have_text([re.compile("200 of the quay$"), "500"])
                expect(page.locator("#qa-source mark").first).to_be_in_viewport(ratio=1)


@needs_browser
def test_a_row_of_a_table_stands_in_an_answer_without_its_bars(opened: Open) -> None:
    page = opened()
    answer = ask(page, "What is the price of the blue lamp?")
    expect(answer.locator(".qa-sentence").first).to_have_text(re.compile(r"^Blue lamp · 77 · 3\s\[1\]$"))
    expect(answer.locator(".qa-short")).to_have_text("77")
    expect(answer.locator(".qa-sources .qa-quote").first).to_have_text("Blue lamp · 77 · 3")
    answer.locator(".qa-mark").first.click()
    expect(page.locator(".qa-table tr:has(mark) td")).to_have_text(["Blue lamp", "77", "3"])


@needs_browser
def test_all_of_a_long_document_can_be_read_from_a_citation_and_from_its_beginning(opened: Open) -> None:
    page = opened()
    ask(page, "When did the heron Gustav nest on the mast?").locator(".qa-mark").first.click()
    assert "Gustav" in highlighted(page)
    body = page.locator(".qa-body")
    for name in ("Show what stands before", "Show what follows"):
        for _ in range(9):
            if not page.get_by_role("button", name=name).count():
                break
            length = body.evaluate("body => body.textContent.length")
            page.get_by_role("button", name=name).click()
            page.wait_for_function(
                "length => document.querySelector('.qa-body').textContent.length > length", arg=length
            )
    assert body.evaluate("body => body.textContent") == LONG
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Open papers/long.txt").click()
    expect(body).to_contain_text("page 1 of the old log")
    page.get_by_role("button", name="Show what follows").click()
    expect(body).to_contain_text("page 500 of the old log")


@needs_browser
def test_a_part_of_a_text_begins_and_ends_with_a_line_or_in_a_long_one_with_a_word(
    opened: Open, server: Server
) -> None:
    prose = " ".join(f"Sentence {n} of the tale of Orlo goes on." for n in range(1, 400))
    with added(server, lanterns_md=LANTERNS, wicks_csv=WICKS, tale_txt=prose):
        page = opened()
        body, rows = page.locator(".qa-body"), page.locator(".qa-body tr")
        page.goto(f"{server.url}/#cite={server.cited('| Lantern 200 of the quay | 500 |')}")
        expect(rows.first.locator("th")).to_have_text(["Lantern", "Height"])
        expect(page.locator("#qa-source mark").first).to_be_in_viewport(ratio=1)
        for row in (rows.nth(1), rows.last):
            expect(row.locator("td")).to_have_text([re.compile(r"^Lantern \d+ of the quay$"), re.compile(r"^\d{3}$")])
        assert set(body.inner_text()).isdisjoint("|…")
        page.get_by_role("button", name="Show what stands before").click()
        expect(page.locator("tr", has_text="Lantern 1 of")).to_have_count(1)
        expect(page.locator("th")).to_have_count(2)
        page.goto(f"{server.url}/#cite={server.cited('Wick 200 of the quay;500')}")
        for row in (rows.first, rows.last):
            expect(row.locator("td")).to_have_text([re.compile(r"^Wick \d+ of the quay$"), re.compile(r"^\d{3}$")])
        page.goto(f"{server.url}/#cite={server.cited('Sentence 200 of the tale of Orlo goes on.')}")
        expect(page.locator("#qa-source mark")).to_have_text("Sentence 200 of the tale of Orlo goes on.")
        words = re.fullmatch(r"Show what stands before… (.*) …Show what follows", body.text_content() or "")
        assert words and f" {words[1]} " in prose
        for name in ("Show what stands before", "Show what follows"):
            page.get_by_role("button", name=name).click()
        expect(body).to_have_text(prose)


@needs_browser
def test_a_citation_is_copied_with_its_words_and_its_address(
    opened: Open, server: Server, desk: BrowserContext
) -> None:
    desk.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened()
    mark = ask(page, QUESTION).locator(".qa-mark").first
    mark.click()
    words = highlighted(page)
    page.get_by_role("button", name="Copy citation").click()
    expect(page.locator("#qa-live")).to_have_text("Copied")
    link = f"{server.url}/#cite={mark.get_attribute('data-cite')}"
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("“") and copied.endswith(f"]({link})") and " ".join(words.split())[:40] in copied
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_have_count(2)
    assert page.evaluate("navigator.clipboard.readText()") == page.url == link


@needs_browser
def test_a_citation_that_cannot_be_looked_up_now_can_be_a_moment_later(opened: Open) -> None:
    page = opened()
    mark = ask(page, QUESTION).locator(".qa-mark").first
    page.route("**/api/citations/**", lambda route: route.abort())
    mark.click()
    expect(page.locator("#qa-source [role=alert]")).to_have_text("The server does not answer: is it still running?")
    expect(page.locator("#qa-path")).to_have_text("Not looked up")
    page.unroute("**/api/citations/**")
    page.get_by_role("button", name="Try again").click()
    assert QUOTE in highlighted(page)


@needs_browser
def test_on_a_phone_the_way_back_closes_the_sheet(opened: Open) -> None:
    page = opened(viewport={"width": 390, "height": 844})
    mark = ask(page, QUESTION).locator(".qa-mark").first
    mark.click()
    assert QUOTE in highlighted(page)
    expect(mark).to_be_in_viewport()
    box, sheet = mark.bounding_box(), page.locator("#qa-source").bounding_box()
    assert box and sheet and box["y"] + box["height"] <= sheet["y"]
    page.go_back()
    expect(page.locator("#qa-source mark")).to_have_count(0)
    expect(page.locator(".qa-turn")).to_have_count(1)


@needs_browser
def test_documents_are_found_by_name_ticked_to_be_asked_alone_and_deleted_once_that_is_confirmed(
    opened: Open, server: Server
) -> None:
    page = opened()
    names = page.locator("#qa-files .qa-name")
    page.get_by_label("Filter the documents by name").fill("LYNX")
    expect(names).to_have_text(["papers/lynx.pdf"])
    page.get_by_label("Ask only papers/", exact=True).check()
    expect(page.locator("#qa-narrowed")).to_contain_text("Asking only papers/")
    assert "lynx of Brask" in ask(page, "When was the lynx of Brask seen?").locator(".qa-words").inner_text()
    expect(ask(page, QUESTION).locator(".qa-answer")).to_have_class(re.compile("qa-refused"))
    page.get_by_role("button", name="Ask all").click()
    expect(page.locator("#qa-narrowed")).to_be_hidden()
    expect(ask(page, QUESTION).locator(".qa-words")).to_contain_text("66 times")
    (server.folder / "spare[1].txt").write_text("A spare file.\n")
    page.get_by_label("Filter the documents by name").fill("spare")
    remove = page.get_by_role("button", name="Remove spare[1].txt")
    remove.click(timeout=15_000)
    page.get_by_role("button", name="Keep it").click()
    assert (server.folder / "spare[1].txt").exists()
    remove.click()
    page.get_by_role("button", name="Delete it").click()
    expect(names).to_have_count(0)
    assert not (server.folder / "spare[1].txt").exists()
    server.until(lambda status: status["files"] == 8)


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_ticked_looks_ticked_also_where_the_pointer_is(opened: Open, scheme: str) -> None:
    page = opened(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    box = page.get_by_label("Ask only papers/", exact=True)
    box.check()
    box.hover()
    expect(box).to_be_focused()
    expect(box).to_have_css("appearance", "auto")  # the browser draws it, and gradio's style does not reach it


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_the_way_of_who_hears_or_types_the_page(opened: Open, scheme: str) -> None:
    page = opened(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    for step in ("begin", "answer", "source", "paper"):
        if step == "answer":
            ask(page, QUESTION)
        elif step == "source":
            page.locator(".qa-mark").first.click()
            highlighted(page)
        elif step == "paper":
            ask(page, "Since when has nobody seen the walrus of Brask?").locator(".qa-mark").first.click()
            expect(page.locator(".qa-sheet")).to_be_visible()
        found = Axe().run(page, options=rules).response
        assert found["passes"]
        grave = [
            (each["id"], each["nodes"][0]["html"])
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
        ]
        assert not grave, (step, grave)


@needs_browser
def test_a_hostile_document_is_shown_as_text_and_nothing_runs(opened: Open, server: Server) -> None:
    page = opened()
    expect(page.get_by_role("button", name=f"Open {HOSTILE_NAME}")).to_be_visible()
    expect(page.locator("#qa-files")).to_contain_text(ATTACK)
    turn = ask(page, "Where did the zeppelin land?")
    for cite in turn.locator("[data-cite]:visible").all()[:3]:
        cite.click()
        assert highlighted(page) == server.get(f"/api/citations/{cite.get_attribute('data-cite')}")["cited_text"]
    expect(page.locator(".qa-body")).to_contain_text(ATTACK)
    assert ATTACK in ask(page, "What is in here?").locator(".qa-words").inner_text()
    pilot = ask(page, "Who was the pilot of the airship?").locator(".qa-words")
    expect(pilot).to_contain_text("![Ida](https://example.org/x.png) [Ida Moor](javascript:window.hacked=1) | 41 |.")
    assert page.locator(".qa-turn :is(a, img, table)").count() == 0
    assert ATTACK in ask(page, ATTACK).locator(".qa-asked").inner_text()
    assert page.locator("#qa-page :is(script, img, iframe)").count() == 0


@needs_browser
def test_brackets_of_a_source_are_words_and_no_marks(opened: Open) -> None:
    turn = ask(opened(), "Where did the zeppelin land?")
    words = turn.locator(".qa-words")
    expect(words).to_contain_text("landed in Friedrichshafen")
    expect(words).to_contain_text("says <b>the log</b> [2].")
    marks = turn.locator(".qa-mark").all_inner_texts()
    assert marks == [f"[{number}]" for number in range(1, len(marks) + 1)]


@needs_browser
def test_letters_beyond_the_first_plane_shift_nothing(opened: Open, server: Server) -> None:
    page = opened()
    turn = ask(page, "In which year was the lighthouse of Neuwerk built?")
    expect(turn.locator(".qa-sentence").first).to_contain_text(
        "The lighthouse 🗼 of Neuwerk was built in the year 1310"
    )
    mark = turn.locator(".qa-mark").first
    mark.click()
    assert highlighted(page) == server.get(f"/api/citations/{mark.get_attribute('data-cite')}")["cited_text"]
    assert "🗼 of Neuwerk" in highlighted(page)


@needs_browser
def test_a_refusal_says_why_and_its_nearest_passages_open(opened: Open) -> None:
    page = opened()
    turn = ask(page, "Which sauce goes with grilled asparagus and hollandaise?")
    expect(turn.locator(".qa-refused")).to_have_count(1)
    expect(turn.locator(".qa-reason")).not_to_be_empty()
    expect(turn.locator(".qa-mark")).to_have_count(0)
    turn.locator(".qa-passages .qa-entry").first.click()
    expect(page.locator("#qa-source mark").first).not_to_be_empty()


@needs_browser
def test_a_models_reply_is_shown_as_text_what_it_withdraws_is_gone_and_what_is_unsupported_says_so(
    opened: Open, server: Server
) -> None:
    cited = server.get("/api/documents")["documents"][0]
    citation = {
        "id": f"{cited['id'][:16]}.0-4",
        "number": 1,
        "cited_text": ATTACK,
        "document": cited,
        "heading": [ATTACK],
    }
    kept, made_up = f"😀 {ATTACK} \\[1] [7]. [1]", f"Invented {ATTACK}."
    spans = ((kept, 0, "quoted"), (made_up, len(kept) + 2, "unsupported"))
    sentences = [
        {"text": text, "start": start, "end": start + len(text), "support": verdict, "why": "no words say so"}
        for text, start, verdict in spans
    ]
    whole = {
        "answer": f"{kept}\n\n{made_up}",
        "refused": False,
        "reason": ATTACK,
        "sentences": sentences,
        "passages": [],
    }
    events: list[dict[str, Any]] = [{"passages": []}, {"delta": "Never mind."}, {"replace": ""}, {"citation": citation}]
    events += [{"delta": kept[:9]}, {"delta": kept[9:]}, {"sentence": sentences[0]}, {"delta": f"\n\n{made_up}"}]
    events += [{"sentence": sentences[1]}, {"answer": {**whole, "citations": [citation]}}]
    page = opened()
    stream = "".join(f"event: {next(iter(event))}\r\ndata: {json.dumps(event)}\r\n\r\n" for event in events)
    page.route("**/api/ask", lambda route: route.fulfill(body=stream, content_type="text/event-stream"))
    turn = ask(page, "Anything?")
    shown = turn.locator(".qa-words").evaluate("words => words.textContent").replace("\u202f", " ")
    assert shown == f"😀 {ATTACK} [1] [7]. [1]\n\n{made_up} (unsupported: no words say so)"
    assert turn.locator(".qa-mark").all_inner_texts() == ["[1]"]
    expect(turn.locator(".qa-unsupported")).to_have_attribute("title", "no words say so")
    turn.locator(".qa-mark").click()
    assert highlighted(page) == server.get(f"/api/citations/{citation['id']}")["cited_text"]


@needs_browser
def test_what_is_written_from_right_to_left_is_laid_out_so_and_a_mark_stands_behind_its_sentence(
    opened: Open, server: Server
) -> None:
    page = opened()
    cited = server.get("/api/documents")["documents"][0]
    citation = {"id": f"{cited['id'][:16]}.0-4", "number": 1, "document": cited, "heading": []}
    hebrew, english = "המגדלור נבנה. [1]", "The light was built. [1]"

    def told(one: str, two: str) -> Locator:
        """Answer with two sentences on one line."""
        text, start = f"{one} {two}", len(one) + 1
        spans = ((one, 0, len(one)), (two, start, start + len(two)))
        parts = [{"text": words, "start": at, "end": end, "support": "quoted"} for words, at, end in spans]
        whole = {"answer": text, "sentences": parts, "citations": [citation], "passages": []}
        stream = f"data: {json.dumps({'answer': whole})}\n\n"
        page.unroute("**/api/ask")
        page.route("**/api/ask", lambda route: route.fulfill(body=stream, content_type="text/event-stream"))
        return ask(page, text)

    def edges(found: Locator) -> list[tuple[float, float]]:
        boxes = [each.bounding_box() for each in found.all()]
        return [(round(box["x"]), round(box["x"] + box["width"])) for box in boxes if box]

    def laid(turn: Locator) -> list[tuple[float, float]]:
        return [edge for name in ("words", "sentence", "mark") for edge in edges(turn.locator(f".qa-{name}"))]

    (_, right), first, second, mark, other = laid(told(hebrew, hebrew))
    assert first[1] == right and mark[0] == first[0] and second[1] < first[0] and other[0] == second[0]
    (left, _), first, second, mark, other = laid(told(english, hebrew))
    assert first[0] == left and mark[1] == first[1] and second[0] > first[1] and other[0] == second[0]


@needs_browser
def test_a_blank_question_gets_one_sentence(opened: Open) -> None:
    page = opened()
    page.get_by_label("Question").last.fill("   ")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#qa-hint")).to_have_text("The question is empty: write what you want to know.")
    expect(page.locator(".qa-turn")).to_have_count(0)


@needs_browser
def test_a_file_dropped_into_the_folder_is_listed_and_can_be_asked_about(opened: Open, server: Server) -> None:
    page = opened()
    (server.folder / "late").mkdir()
    (server.folder / "late" / "tide.txt").write_text("The ferry Adler leaves Nordstrand every day at 11 o'clock.\n")
    expect(page.locator("#qa-files")).to_contain_text("late/tide.txt", timeout=15_000)
    turn = ask(page, "When does the ferry Adler leave Nordstrand?")
    expect(turn.locator(".qa-words")).to_contain_text("every day at 11 o'clock")
    turn.locator(".qa-mark").first.click()
    assert "Adler" in highlighted(page)
    (server.folder / "late" / "tide.txt").unlink()
    server.until(lambda status: status["documents"] == 7)
    turn.locator(".qa-mark").first.click()
    expect(page.locator("#qa-source")).to_contain_text("Deleted")
    expect(page.locator("#qa-source mark")).to_have_count(0)


@needs_browser
def test_what_is_open_is_looked_up_again_when_its_file_is_edited_or_deleted(opened: Open, server: Server) -> None:
    tale = "".join(f"On day {day} the ferry Hulda lay in the harbour.\n" for day in range(1, 201))
    with added(server, ferry_txt=tale, crew_txt="The cook of the ferry is called Ove.\n"):
        page, other, third = opened(), opened(), opened()
        page.goto(f"{server.url}/#cite={server.cited('On day 7 the ferry Hulda lay')}")
        ask(other, "Who is the cook of the ferry?").locator(".qa-mark").first.click()
        third.get_by_role("button", name="Open crew.txt").click()
        expect(third.locator(".qa-body")).to_contain_text("Ove")
        for each in (page, other):
            expect(each.locator("#qa-source")).to_contain_text("Valid")
        other.locator(".qa-body").focus()
        page.get_by_label("Question").last.focus()
        at = page.locator(".qa-body").evaluate("body => (body.scrollTop = 300, body.scrollTop)")
        (server.folder / "crew.txt").write_text("The cook of the ferry is called Ida.\n")
        expect(other.locator("#qa-source")).to_contain_text("Changed", timeout=15_000)
        expect(other.locator(".qa-old del")).to_have_text("Ove.")
        expect(other.locator(".qa-body")).to_be_focused()
        expect(third.locator("#qa-gone")).to_contain_text("the file was edited or deleted since", timeout=15_000)
        expect(third.locator(".qa-body")).to_contain_text("Ove")
        assert page.locator(".qa-body").evaluate("body => body.scrollTop") == at > 0
        (server.folder / "ferry.txt").unlink()
        expect(page.locator("#qa-source")).to_contain_text("Deleted", timeout=15_000)
        expect(page.locator("#qa-live")).to_contain_text(re.compile("no longer (in the folder|where)"))
        expect(page.get_by_label("Question").last).to_be_focused()


@needs_browser
def test_of_a_page_whose_document_is_gone_a_person_is_told_so(opened: Open) -> None:
    page = opened()
    ask(page, "Since when has nobody seen the walrus of Brask?").locator(".qa-mark").first.click()
    expect(page.locator(".qa-sheet")).to_be_visible()
    gone = {"status": 404, "detail": "There is no such document: give its path relative to the folder, or its id."}
    page.route(re.compile("/pages/3"), lambda route: route.fulfill(status=404, json=gone))
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".qa-paper [role=alert]")).to_have_text(
        "It is not in the folder any more: the file was edited or deleted since."
    )


@needs_browser
def test_files_can_be_added_and_one_that_cannot_be_read_says_why(opened: Open, server: Server) -> None:
    page = opened()
    expect(page.locator(".qa-is-failed")).to_contain_text("broken.pdf")
    expect(page.get_by_role("button", name="1 file could not be read")).to_be_visible()
    page.locator("#qa-file").set_input_files(
        [
            {"name": "harbour.txt", "mimeType": "text/plain", "buffer": b"Piet Moor is the harbour master of Husum.\n"},
            {"name": "noise.pdf", "mimeType": "application/pdf", "buffer": b"noise"},
        ]
    )
    said = page.locator("#qa-added li")
    expect(said.first).to_have_text("harbour.txt is in the folder now and can be asked about.", timeout=15_000)
    expect(said.last).to_contain_text("noise.pdf is in the folder now, but cannot be read. ", timeout=15_000)
    expect(ask(page, "Who is the harbour master of Husum?").locator(".qa-words")).to_contain_text("Piet Moor")
    for name in ("harbour.txt", "noise.pdf"):
        (server.folder / name).unlink()
    server.until(lambda status: status["files"] == 8)


@needs_browser
def test_a_conversation_outlives_a_reload_and_a_restart_of_the_server_and_its_citations_still_open(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "light 🗼.txt").write_bytes(EMOJI.encode())
    running = Server(tmp_path)
    context = browser.new_context()
    page = context.new_page()
    try:
        running.until(lambda status: status["documents"] == 1 and not status["waiting"])
        page.goto(running.url)
        expect(page.locator(".qa-example")).to_have_count(3)  # before that nobody listens to keys
        ask(page, "In which year was the lighthouse of Neuwerk built?")
        ask(page, "Who built it?")
        said = page.locator("#qa-turns").inner_text()
        page.reload()
        expect(page.locator(".qa-turn")).to_have_count(2)
        running.stop()
        running = Server(tmp_path, QA_PORT=running.url.rpartition(":")[2])
        running.until(lambda status: status["phase"] == "idle")
        page.reload()
        expect(page.locator(".qa-turn")).to_have_count(2)
        assert page.locator("#qa-turns").inner_text() == said
        page.locator(".qa-mark").first.click()
        assert "🗼 of Neuwerk" in highlighted(page)
        expect(page.locator("#qa-source")).to_contain_text("Valid")
        assert "Hamburg" in ask(page, "By which city?").locator(".qa-words").inner_text()
        other = context.new_page()
        other.goto(running.url)
        expect(other.locator(".qa-example")).to_have_count(3)
        ask(other, "What is in here?")
        expect(other.locator(".qa-turn")).to_have_count(1)
        other.get_by_text("Conversations", exact=True).click()
        listed = other.locator("#qa-talks .qa-name")
        expect(listed).to_have_text(["What is in here?", "In which year was the lighthouse of Neuwerk built?"])
        listed.last.click()
        expect(other.locator(".qa-turn")).to_have_count(3)
        other.locator(".qa-mark").first.click()
        assert "🗼 of Neuwerk" in highlighted(other)
        other.keyboard.press("Escape")
        other.get_by_label("Search the conversations").fill("which city")
        expect(listed).to_have_count(1)
        other.get_by_role("button", name="New conversation").click()
        expect(other.locator(".qa-turn")).to_have_count(0)
        expect(other.locator("#qa-tools")).to_be_hidden()
        other.reload()
        expect(other.locator(".qa-example")).to_have_count(3)
        expect(other.locator(".qa-turn")).to_have_count(0)
        expect(page.locator(".qa-turn")).to_have_count(3)
        other.get_by_text("Conversations", exact=True).click()
        other.get_by_role("button", name="Delete the conversation What is in here?").click()
        other.get_by_role("button", name="Delete it").click()
        expect(listed).to_have_text(["In which year was the lighthouse of Neuwerk built?"])
        (running.folder / "light 🗼.txt").write_text("The lighthouse of Neuwerk was built in 1299.\n")
        running.until(lambda status: status["characters"] < len(EMOJI))
        page.locator(".qa-mark").first.click()
        expect(page.locator("#qa-source")).to_contain_text("Changed")
        expect(page.locator("#qa-source mark")).to_have_count(0)
        expect(page.locator(".qa-since")).to_have_count(0)
        page.reload()
        expect(page.locator(".qa-sources .qa-status")).to_have_text(["Changed since"] * 3)
        expect(page.locator(".qa-mark").first).to_have_accessible_name(re.compile("light 🗼.txt, Changed since$"))
        expect(page.locator(".qa-mark").first).to_have_class("qa-mark qa-since")
    finally:
        context.close()
        running.stop()


def until_held(page: Page, held: list[Route], count: int) -> None:
    """Wait until the page has asked for so much that is held back."""
    while len(held) < count:
        page.wait_for_timeout(20)


@needs_browser
def test_what_comes_late_takes_the_place_of_nothing(opened: Open, server: Server) -> None:
    page = opened()
    seen, flown = "When was the lynx of Brask seen?", "Who was the pilot of the airship?"
    ask(page, seen)
    page.get_by_role("button", name="New conversation").click()
    ask(page, flown)
    page.get_by_text("Conversations", exact=True).click()
    lynx, pilot = (page.locator("#qa-talks .qa-name", has_text=name).first for name in (seen, flown))
    lynx.dblclick()
    asked, held = page.locator(".qa-asked"), list[Route]()
    expect(asked).to_have_text([seen])
    page.route("**/api/conversations/*", lambda route: held.append(route))
    pilot.click()
    lynx.click()
    until_held(page, held, 2)
    for route in reversed(held):
        route.continue_()
    page.unroute("**/api/conversations/*")
    expect(asked).to_have_text([seen])
    expect(lynx).to_have_attribute("aria-current", "true")
    expect(pilot).to_have_attribute("aria-current", "false")
    httpx.delete(f"{server.url}/api/conversations/{lynx.get_attribute('data-talk')}").raise_for_status()
    assert "walrus" in ask(page, "Who has seen the walrus of Brask?").locator(".qa-words").inner_text()
    expect(asked).to_have_count(2)
    held.clear()
    page.route("**/api/citations/*", lambda route: held.append(route))
    page.locator(".qa-mark").first.click()
    until_held(page, held, 1)
    box = page.get_by_label("Question").last
    box.click()
    held[0].continue_()
    page.unroute("**/api/citations/*")
    expect(page.locator("#qa-source mark")).to_have_count(1)
    expect(box).to_be_focused()


@needs_browser
def test_the_second_of_two_quick_clicks_does_not_stop_what_the_first_began(opened: Open) -> None:
    page = opened()
    page.get_by_label("Question").last.fill(QUESTION)
    page.locator("#qa-send").dblclick()
    expect(page.locator(".qa-words")).to_contain_text("66 times")


@needs_browser
def test_a_list_that_is_read_anew_leaves_a_person_what_they_are_at(opened: Open, server: Server) -> None:
    page = opened()
    page.get_by_role("button", name="Remove papers/lamps.md").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    (server.folder / "newest.txt").write_text("A new file.\n")
    expect(page.locator("#qa-files")).to_contain_text("newest.txt", timeout=15_000)
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove papers/lamps.md")).to_be_focused()
    (server.folder / "newest.txt").rename(server.folder / "eldest.txt")  # nothing is counted otherwise than before
    expect(page.locator("#qa-files")).to_contain_text("eldest.txt", timeout=15_000)
    (server.folder / "eldest.txt").unlink()
    server.until(lambda status: status["files"] == 8)


@needs_browser
def test_what_is_ticked_and_gone_is_ticked_no_more(opened: Open, server: Server) -> None:
    page = opened()
    (server.folder / "attic").mkdir()
    with added(server, **{"attic/trunk_txt": "A trunk stands in the attic.\n"}):
        for name in ("attic/", "attic/trunk.txt", "papers/lamps.md"):
            page.get_by_label(f"Ask only {name}", exact=True).check(timeout=15_000)
        page.get_by_label("Filter the documents by name").fill("long")
        expect(page.locator("#qa-files .qa-name")).to_have_text(["papers/long.txt"])
        expect(page.locator("#qa-narrowed")).to_contain_text("Asking only 3 documents and folders")
    expect(page.locator("#qa-narrowed")).to_contain_text("Asking only papers/lamps.md", timeout=15_000)
    expect(page.locator("#qa-live")).to_have_text(re.compile("^attic/(trunk.txt)? is gone: it is not ticked any more."))


@needs_browser
def test_a_question_that_a_reload_cuts_off_stands_in_the_box_again(opened: Open) -> None:
    page = opened()
    page.route("**/api/ask", lambda route: None)  # it never answers
    page.get_by_label("Question").last.fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".qa-turn")).to_have_count(1)
    expect(page.locator(".qa-answer[aria-busy=true]")).to_contain_text("Looking in the documents…")
    page.reload()
    expect(page.get_by_label("Question").last).to_have_value(QUESTION)
    page.unroute("**/api/ask")
    expect(ask(page, QUESTION).locator(".qa-words")).to_contain_text("66 times")
    page.reload()
    expect(page.locator(".qa-turn")).to_have_count(1)
    expect(page.get_by_label("Question").last).to_have_value("")


@needs_browser
def test_an_address_with_a_citation_opens_it(opened: Open, server: Server) -> None:
    page = opened()
    id = str(ask(page, QUESTION).locator(".qa-mark").first.get_attribute("data-cite"))
    fresh = opened()
    fresh.goto(f"{server.url}/#cite={id}")
    assert QUOTE in highlighted(fresh)
    fresh.keyboard.press("Escape")
    expect(fresh.locator("#qa-source mark")).to_have_count(0)
    assert fresh.evaluate("location.hash") == ""
    fresh.evaluate("location.hash = '#cite=<img src=x onerror=hacked()>'")
    expect(fresh.locator("#qa-source")).to_contain_text("not the id of a citation")


@needs_browser
def test_a_conversation_is_exported_and_its_page_leads_from_marks_to_words_and_back(
    opened: Open, tmp_path: Path, server: Server
) -> None:
    page = opened()
    expect(page.locator("#qa-tools")).to_be_hidden()
    ask(page, QUESTION)
    ask(page, "Where did the zeppelin land?")
    marks = page.locator(".qa-mark").evaluate_all("marks => marks.map((mark) => mark.dataset.cite)")
    for name, suffix in (("Markdown with footnotes", "md"), ("Web page, one file", "html")):
        page.get_by_text("Export", exact=True).click()
        with page.expect_download() as started:
            page.get_by_role("button", name=name).click()
        file = tmp_path / started.value.suggested_filename
        assert file.name == f"answers.{suffix}"
        started.value.save_as(file)
        for id in marks:
            assert f"{server.url}/#cite={id}" in file.read_text()
    expect(page.locator("#qa-live")).to_have_text("The conversation was exported to answers.html.")
    asked: list[str] = []
    context = page.context.browser.new_context(viewport={"width": 900, "height": 400})  # type: ignore[union-attr]
    read = context.new_page()
    read.on("request", lambda request: asked.append(request.url))
    read.goto(file.as_uri())
    assert asked == [file.as_uri()] and read.evaluate("window.hacked") is None
    expect(read.locator(".mark")).to_have_count(len(marks))
    last = read.locator(".mark").last
    last.click()
    target = read.locator("li:target")
    expect(target).to_have_attribute("data-cite", marks[-1])
    expect(target.locator("mark")).to_be_in_viewport()
    assert (
        target.locator("mark").evaluate("mark => mark.textContent")
        == server.get(f"/api/citations/{marks[-1]}")["cited_text"]
    )
    target.get_by_role("link", name="Back to the sentence").click()
    expect(last).to_be_in_viewport()
    if place := os.environ.get("QA_SCREENSHOTS"):
        read.set_viewport_size({"width": 900, "height": 900})
        read.screenshot(path=Path(place) / "export.png")
    context.close()


@needs_browser
def test_two_people_ask_at_once_and_each_gets_their_own_answer(opened: Open) -> None:
    one, other = opened(), opened(viewport={"width": 1000, "height": 700})
    for page, question in ((one, QUESTION), (other, "In which year was the lighthouse of Neuwerk built?")):
        page.get_by_label("Question").last.fill(question)
    for page in (one, other):
        page.keyboard.press("Enter")
    expect(one.locator(".qa-words")).to_contain_text("66 times")
    expect(other.locator(".qa-words")).to_contain_text("1310")
    expect(one.locator(".qa-turn")).to_have_count(1)


@needs_browser
def test_a_server_that_is_gone_is_told_and_found_again(opened: Open) -> None:
    page = opened()
    page.route("**/api/**", lambda route: route.abort())
    turn = ask(page, QUESTION)
    expect(turn.locator(".qa-error")).to_have_text("The server does not answer: is it still running?")
    expect(page.get_by_label("Question").last).to_have_value(QUESTION)
    expect(page.locator("#qa-standing")).to_contain_text("Trying again", timeout=10_000)
    page.unroute("**/api/**")
    expect(page.locator("#qa-standing")).to_have_text("Ready", timeout=10_000)
    expect(ask(page, QUESTION).locator(".qa-words")).to_contain_text("66 times")


@needs_browser
@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [("page", (1280, 800), "light"), ("page-dark", (1280, 800), "dark"), ("page-phone", (390, 844), "light")],
)
def test_the_page_fits_its_window_in_light_and_dark(
    opened: Open, tmp_path: Path, name: str, size: tuple[int, int], scheme: str
) -> None:
    page = opened(viewport=dict(zip(("width", "height"), size, strict=True)), color_scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_have_text("Chapter & Verse")
    ask(page, QUESTION).locator(".qa-mark").first.click()
    assert QUOTE in highlighted(page)
    expect(page.locator("#qa-source mark")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.getElementById('qa-page').scrollWidth <= innerWidth")
    dark = page.locator("#qa-page").evaluate("page => getComputedStyle(page).backgroundColor") == "rgb(20, 23, 27)"
    assert dark == (scheme == "dark")
    shot(page, tmp_path, name)


@needs_browser
def test_a_long_title_without_spaces_fits_a_phone(opened: Open, server: Server) -> None:
    with added(server, **{f"{'long' * 30}_txt": f"{'Title' * 30}\n\nThe quagga of Limpo was seen in 1877.\n"}):
        page = opened(viewport={"width": 390, "height": 844})
        page.locator(".qa-example").last.evaluate("example => example.textContent = 'Title'.repeat(30)")
        box = page.locator(".qa-example").last.bounding_box()
        assert box and box["x"] + box["width"] <= 390
        page.goto(f"{server.url}/#cite={server.cited('The quagga of Limpo was seen in 1877.')}")
        highlighted(page)
        assert page.locator(".qa-panel header").evaluate("header => header.scrollWidth <= header.clientWidth")


def test_the_page_runs_no_script_but_its_own_and_gradios_other_doors_are_shut(server: Server) -> None:
    page = httpx.get(server.url)
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"script-src 'self' 'nonce-([\w-]{20,})';", policy)
    assert nonce and page.text.count("<script") == page.text.count(f'<script nonce="{nonce[1]}"')
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "http" not in policy
    assert nonce[1] not in httpx.get(server.url).headers["content-security-policy"]
    assert str(server.folder) not in page.text
    for path in ("upload", "queue/join", "run/predict", "call/predict"):
        assert httpx.post(f"{server.url}/gradio_api/{path}").status_code == 404
    for path in (f"gradio_api/file={server.folder}/broken.pdf", "gradio_api/info", "monitoring", "nothing"):
        response = httpx.get(f"{server.url}/{path}")
        assert response.status_code == 404 and response.headers["content-type"] == "application/problem+json"
    for path in ("docs", "openapi.json", "healthz", "api/documents"):
        assert httpx.get(f"{server.url}/{path}").status_code == 200


def test_an_export_from_beside_the_page_knows_where_it_is(server: Server) -> None:
    with RemoteLibrary(server.url) as remote:
        assert remote.page() == server.url


def test_the_server_of_the_page_reaches_for_nobody_else(server: Server) -> None:
    httpx.get(server.url).raise_for_status()
    assert not server.reached.exists(), server.reached.read_text()


def test_a_folder_that_is_for_reading_only_gets_no_place_to_add_files(tmp_path: Path, server: Server) -> None:
    running = Server(tmp_path, QA_READONLY="on")
    try:
        assert "qa-add" in httpx.get(server.url).text
        assert "qa-add" not in httpx.get(running.url).text
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"QA_FOLDER": "/nowhere/at/all"}, "There is no folder /nowhere/at/all"),
        ({"QA_FOLDER": __file__}, "is a file"),
        ({"QA_PORT": "many"}, "The setting port (QA_PORT) is not usable"),
        ({"QA_HOST": "0.0.0.0"}, "A host other than loopback needs QA_API_KEY"),
        ({"QA_PORT": "{taken}"}, "is in use"),
    ],
)
def test_what_cannot_be_opened_gets_one_sentence(
    server: Server, tmp_path: Path, settings: dict[str, str], sentence: str
) -> None:
    given = {name: value.format(taken=server.url.rpartition(":")[2]) for name, value in settings.items()}
    defaults = {"QA_FOLDER": str(tmp_path), "QA_INDEX": str(tmp_path / "index"), "QA_PORT": "0"}
    done = subprocess.run([sys.executable, UI], env=environment(**defaults | given), capture_output=True, text=True)
    assert done.returncode == 2 and not done.stdout
    assert sentence in done.stderr and len(done.stderr.strip().splitlines()) == 1
