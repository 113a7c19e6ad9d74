"""Which citations that were given no longer hold, through every door."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Fill, Run, sentence
from test_api import problem, running
from test_ledger import LONG, Cheap, give

from qa import Library, audit
from qa.errors import MalformedCitation, UsageError
from qa.plain import plain
from qa.remote import RemoteLibrary
from qa.terminal import report_lines

STAYS = "The marten sleeps by day in the old barn."
CHANGES = "The owl came on Monday and left on Friday."
GOES = "Nobody has ever seen the lynx of Brask."


@pytest.fixture
def library(folder: Path, fill: Fill) -> Iterator[Library]:
    """Four citations were given: of one the words stay, of one they move, of one they change, of one they go."""
    fill({"a.txt": f"{STAYS}\n\nMore.", "b.txt": f"{LONG} {CHANGES}", "c.txt": GOES})
    with Library.open(folder, embedder=Cheap()) as opened:
        opened.sync()
        for path, words in (("a.txt", STAYS), ("b.txt", LONG), ("b.txt", CHANGES), ("c.txt", GOES)):
            give(opened, path, words)
        yield opened


def edit(library: Library, fill: Fill) -> None:
    fill({"b.txt": f"Anew. {LONG} {CHANGES.replace('Monday', 'Tuesday')}"})
    (library.folder / "c.txt").unlink()


def statuses(library: Library | RemoteLibrary, **asked: str) -> dict[str, str]:
    return {each.path + each.id[16:]: each.status for each in library.audit(**asked).citations}


WRONG = {"b.txt.0-59": "moved", "b.txt.60-102": "changed", "c.txt.0-39": "deleted"}


def test_an_audit_lists_what_no_longer_holds_and_looks_at_the_files(library: Library, fill: Fill) -> None:
    assert statuses(library) == {} and len(library.audit("valid").citations) == 4
    edit(library, fill)
    assert statuses(library) == WRONG  # not synced yet
    report = library.sync()
    assert report.citations == {"moved": 1, "changed": 1, "deleted": 1}
    assert statuses(library) == WRONG
    assert statuses(library, status="valid") == {"a.txt.0-41": "valid"}
    by_status = {each.status: each for each in library.audit().citations}
    assert by_status["changed"].cited_text == CHANGES and by_status["deleted"].cited_text is None
    moved = by_status["moved"].current
    assert moved and (moved.cited_text, moved.start_char_index, moved.status) == (LONG, 6, "valid")
    for each in library.audit().citations:  # what an audit says is what a lookup says
        found = library.citation(each.id)
        assert (found.status, found.cited_text, found.current, found.given) == (
            *(each.status, each.cited_text, each.current, each.given),
        )
    assert library.sync().citations == {"moved": 0, "changed": 0, "deleted": 0}  # it is told once


def test_each_text_is_audited_in_one_moment_though_a_sync_goes_on(
    library: Library, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(library, fill)
    real = audit._fate

    def beside_a_sync(*args: Any, **options: Any) -> Any:
        syncing = threading.Thread(target=library.sync)
        syncing.start()
        syncing.join()
        return real(*args, **options)

    monkeypatch.setattr(audit, "_fate", beside_a_sync)
    changed = library.audit("changed").citations
    assert [each.cited_text for each in changed] == [CHANGES]


def test_a_long_audit_comes_in_pages(library: Library, fill: Fill) -> None:
    edit(library, fill)
    library.sync()
    whole, after, pages = library.audit(), None, []
    while True:
        page = library.audit(count=1, after=after)
        pages += page.citations
        if (after := page.next) is None:
            break
    assert tuple(pages) == whole.citations and whole.given == page.given == 4


def test_what_cannot_be_asked_for_is_told_in_a_sentence(library: Library) -> None:
    with pytest.raises(UsageError, match="no such status: give one of valid, moved, changed, deleted, or none"):
        library.audit("lost")
    for count in (0, -1, 1_001, 10**9):
        with pytest.raises(UsageError, match="count must be from 1 to 1,000"):
            library.audit(count=count)
    with pytest.raises(MalformedCitation):
        library.audit(after="x")


def test_an_audit_over_http_is_that_of_the_library(library: Library, fill: Fill) -> None:
    edit(library, fill)
    library.sync()
    with running(library) as client:
        assert client.get("/api/citations").json() == plain(library.audit(count=100))
        changed = client.get("/api/citations", params={"status": "changed", "count": 1}).json()
        assert [each["path"] for each in changed["citations"]] == ["b.txt"]
        for asked, code in (({"status": "x"}, 400), ({"count": 0}, 400), ({"after": "x"}, 400), ({"count": "x"}, 422)):
            assert problem(client.get("/api/citations", params=asked), code)
        looked_up = client.get(f"/api/citations/{changed['citations'][0]['id']}").json()
        assert looked_up == plain(library.citation(changed["citations"][0]["id"]))
        assert {each["op"] for each in looked_up["diff"]} == {"same", "removed", "added"}


def test_beside_another_process_the_audit_is_asked_there(library: Library, fill: Fill) -> None:
    edit(library, fill)
    with running(library) as client, RemoteLibrary(str(client.base_url)) as remote:
        assert statuses(remote) == WRONG and remote.audit() == library.audit()
        changed = next(each.id for each in remote.audit("changed").citations)
        assert remote.citation(changed) == library.citation(changed)
        assert remote.sync().citations == {"moved": 1, "changed": 1, "deleted": 1}


def test_on_the_command_line_each_is_told_with_what_became_of_it(library: Library, fill: Fill, qa: Run) -> None:
    library.close()
    folder = library.folder
    assert qa("audit", "--folder", folder)[:2] == (0, "0 of the 4 citations that were given are listed.\n")
    edit(library, fill)
    code, out, err = qa("audit", "--folder", folder)
    assert (code, err) == (1, "")
    for said in ("moved:   b.txt", f"    > {LONG}", "    now b.txt, line 1", "changed: b.txt", "deleted: c.txt"):
        assert said in out
    assert GOES not in out
    assert qa("audit", "--folder", folder, "--status", "moved")[0] == 0
    listed = json.loads(qa("audit", "--folder", folder, "--json")[1])
    assert [each["status"] for each in listed["citations"]].count("changed") == 1
    code, _, err = qa("audit", "--folder", folder, "--status", "lost")
    assert code == 2 and "no such status" in sentence(err)
    changed = next(each["id"] for each in listed["citations"] if each["status"] == "changed")
    code, out, _ = qa("cite", changed, "--folder", folder)
    assert code == 1 and "The owl came on [-Monday-]{+Tuesday+} and left" in out
    with Library.open(folder, embedder=Cheap()) as again:
        report = again.sync()
    assert "Citations that were given before: 1 moved, 1 changed, 1 deleted (`qa audit` lists them)" in report_lines(
        report
    )
