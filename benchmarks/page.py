"""Take the times that a person waits for on the page: `qa ui` in a process of its own, a real browser before it.

First view, words after Enter, words after a click on a mark; then many long conversations, and how quickly the page
answers to clicks and keys with them; the server's memory all the while.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import machine
from ask import questions
from clients import Server, served, wait_until_idle
from playwright.sync_api import Browser, Page, sync_playwright

_QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_WAIT_MS = 60_000
_VIEWS = 5
_WARM_UP = 3

# All times are taken inside the page: what the browser's remote control takes is no part of them.
_CLOCK = """
const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
window.until = async (holds) => { while (!holds()) await frame(); return performance.now(); };
window.entered = null;
document.addEventListener("keydown", (event) => { if (event.key === "Enter") entered = event.timeStamp; }, true);
window.slow = [];
new PerformanceObserver((list) => {
  for (const { name, duration, interactionId } of list.getEntries()) if (interactionId) slow.push([name, duration]);
}).observe({ type: "event", durationThreshold: 16 });
"""
_READY = "until(() => document.querySelector('#qa-question textarea') && document.querySelector('#qa-welcome h2'))"
_ANSWERED = """async (turn) => {
  const now = () => document.querySelectorAll(".qa-turn")[turn];
  const words = await until(() => now()?.querySelector(".qa-words")?.textContent);
  await until(() => now().querySelector("[aria-busy=false]"));
  return words - entered;
}"""
_MARKED = """async ([turn, at]) => {
  const button = document.querySelectorAll(".qa-turn")[turn].querySelectorAll(".qa-sources [data-cite]")[at];
  const began = performance.now();
  button.click();
  const marked = () => location.hash === `#cite=${button.dataset.cite}` && document.querySelector("#qa-source mark");
  return (await until(marked)) - began;
}"""
_SHOWN = """async ([at, turns]) => {
  const button = document.querySelectorAll("#qa-talks .qa-name")[at];
  const began = performance.now();
  button.click();
  return (await until(() => document.querySelectorAll(".qa-turn").length === turns)) - began;
}"""


def main() -> None:
    """Serve the folder, open its page, print what a person would have waited for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--index", type=Path, help="kept for the next run (default: .qa in the folder)")
    parser.add_argument("--questions", type=int, default=60, help="asked on the page, each citation of which is opened")
    parser.add_argument("--conversations", type=int, default=20)
    parser.add_argument("--turns", type=int, default=50)
    given = machine.arguments(parser)
    print(machine.described())
    asked = questions(given.folder, given.questions + given.turns)
    first, rest = asked[: given.questions], asked[given.questions :]
    with served(given.folder, given.index or given.folder / ".qa", command="ui") as server, _browser() as browser:
        passages = wait_until_idle(server.host)
        print(f"{passages:,} passages")
        page = _opened(browser, server)
        print(_told("first view", [_view(page, server) for _ in range(_VIEWS)]))
        _reading(page, first)
        _talking(page, server, rest, given.conversations)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def _reading(page: Page, asked: Sequence[str]) -> None:
    """Ask on the page, click on each citation of each answer."""
    streamed, marked = [], []
    for turn, question in enumerate(asked):
        waited = _ask(page, question, turn)
        opened = _cited(page, turn)
        if turn >= _WARM_UP:
            streamed.append(waited)
            marked += opened
    print(_told("first words of an answer after Enter", streamed))
    print(_told("highlighted words after a click on a citation", marked))


def _talking(page: Page, server: Server, asked: Sequence[str], conversations: int) -> None:
    """Fill conversations over the API, open each on the page, and use the page as it is then."""
    memory = [server.memory()]
    for _ in range(conversations):
        _converse(server, asked)
        memory.append(server.memory())
    told = " ".join(f"{each / 1e6:.0f}" for each in memory)
    print(f"memory of the server, MB, after each conversation of {len(asked)} turns: {told}")
    page.evaluate("slow.length = 0")
    _view(page, server)
    page.locator("#qa-talks summary").click()
    page.wait_for_function(f"document.querySelectorAll('#qa-talks .qa-name').length >= {conversations}")
    shown = []
    for at in range(conversations):
        shown.append(page.evaluate(_SHOWN, [at, len(asked)]))
        _use(page, len(asked))
    print(_told(f"a conversation of {len(asked)} turns shown after a click on its name", shown))
    slow = [milliseconds for _, milliseconds in page.evaluate("slow")]
    print(f"clicks and keys that took 16 ms or more until the next frame: {len(slow)}")
    if len(slow) > 1:
        print(_told("of these, until the next frame", slow))
    print(f"memory of the server at the end: {server.memory() / 1e6:.0f} MB")


def _use(page: Page, turns: int) -> None:
    """Open a citation with the mouse, close it and type, as a person does."""
    page.locator(".qa-turn").nth(turns // 2).locator("[data-cite]").first.click()
    page.locator("#qa-source mark").first.wait_for()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.locator("#qa-question textarea").click()
    page.keyboard.type("what about")
    page.locator("#qa-question textarea").fill("")


def _ask(page: Page, question: str, turn: int) -> float:
    page.locator("#qa-question textarea").fill(question)
    page.locator("#qa-question textarea").press("Enter")
    return float(page.evaluate(_ANSWERED, turn))


def _cited(page: Page, turn: int) -> list[float]:
    citations = page.locator(".qa-turn").nth(turn).locator(".qa-sources [data-cite]").count()
    return [float(page.evaluate(_MARKED, [turn, at])) for at in range(citations)]


def _view(page: Page, server: Server) -> float:
    page.goto("about:blank")
    page.goto(f"http://{server.host}/")
    return float(page.evaluate(_READY))


def _opened(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(_WAIT_MS)
    page.add_init_script(_CLOCK)
    _view(page, server)  # what the browser keeps of the page's files from now on, it keeps for a person too
    return page


def _converse(server: Server, asked: Sequence[str]) -> None:
    connection = http.client.HTTPConnection(server.host, timeout=60)
    id_ = _post(connection, "/api/conversations", {})["id"]
    for question in asked:
        _post(connection, "/api/ask", {"question": question, "conversation": id_})
    connection.close()


def _post(connection: http.client.HTTPConnection, path: str, body: dict[str, Any]) -> Any:
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    said = response.read()
    if response.status >= 300:
        raise SystemExit(f"{path}: {response.status} {said[:300]!r}")
    return json.loads(said)


@contextmanager
def _browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        raise SystemExit("No Chromium is installed.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield opened
        opened.close()


def _told(what: str, milliseconds: Sequence[float]) -> str:
    p50, p95 = (machine.percentile(milliseconds, percent) for percent in (50, 95))
    return f"{what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, slowest {max(milliseconds):.0f} ms ({len(milliseconds)})"


if __name__ == "__main__":
    main()
