"""The HTTP door, over real sockets: routes, streams, errors, and who is let in."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from qa import Library
from qa.answers import Event
from qa.api import create_app
from qa.errors import StorageError
from qa.guard import own_hosts
from qa.plain import plain
from qa.routes import MOST_TEXT
from qa.server import bind
from qa.settings import Settings

WHALES = "# Whales\n\nThe blue whale weighs up to 199 tonnes. It eats krill.\n\n## Songs\n\nA song carries 3,000 km.\n"
BRIDGES = "The bridge at Remagen was built between 1916 and 1919. It fell on 17 March 1945, as note [12] says.\n"
LONG = "Line of a long document.\r\n" * 20_000
QUESTION = "How much does the blue whale weigh?"


@contextmanager
def running(library: Library, *, key: str | None = None, local_key: str | None = None) -> Iterator[httpx.Client]:
    """Serve a library from a thread; the client knows the address and sends no key."""
    with bind("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        app = create_app(library, hosts=own_hosts("127.0.0.1", port), key=key, local_key=local_key)
        with run(app, listening) as server:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
                yield client
            assert server.started


@contextmanager
def run(app: FastAPI, listening: socket.socket) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library for reading only."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "sea").mkdir()
    (folder / "sea" / "whales & krill.md").write_text(WHALES)
    (folder / "bridges.txt").write_text(BRIDGES)
    (folder / "long.txt").write_bytes(LONG.encode())
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 not really")
    with Library.open(folder, settings=Settings()) as library:
        library.sync()
        yield library


@pytest.fixture(scope="module")
def client(opened: Library) -> Iterator[httpx.Client]:
    with running(opened) as client:
        yield client


@pytest.fixture
def writable(library: Library, fill: Any) -> Iterator[tuple[httpx.Client, Path]]:
    folder = fill({"a.txt": "The first document speaks of otters."})
    library.sync()
    with running(library) as client:
        yield client, folder


def problem(response: httpx.Response, status: int) -> str:
    """Check that a response is a well-formed problem, and return its sentence."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    details = response.json()
    assert set(details) == {"type", "title", "status", "detail", "instance"}
    assert details["status"] == status
    assert details["instance"] == response.request.url.path
    assert details["detail"].endswith((".", ")")) and "Traceback" not in details["detail"]
    return str(details["detail"])


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """Read server-sent events as (name, the value under that name)."""
    found = []
    for block in response.text.strip().split("\n\n"):
        name, data = block.split("\n")
        assert name.startswith("event: ") and data.startswith("data: ")
        body = json.loads(data[6:])
        assert list(body) == [name[7:]]
        found.append((name[7:], body[name[7:]]))
    return found


# Asking.


def test_an_answer_is_the_same_json_as_the_librarys(client: httpx.Client, opened: Library) -> None:
    served = client.post("/api/ask", json={"question": QUESTION}).json()
    asked = opened.ask(QUESTION).to_dict()
    assert "199 tonnes" in served["answer"]
    assert {**served, "timings_ms": None} == {**asked, "timings_ms": None}


def test_every_cited_text_is_a_slice_of_the_text_that_is_served(client: httpx.Client) -> None:
    served = client.post("/api/ask", json={"question": QUESTION}).json()
    assert served["citations"]
    for citation in served["citations"]:
        span = {"start": citation["start_char_index"], "end": citation["end_char_index"]}
        text = client.get(f"/api/documents/{citation['document']['id']}/text", params=span).json()
        assert text["text"] == citation["cited_text"]


def test_hits_are_the_same_json_as_the_librarys(client: httpx.Client, opened: Library) -> None:
    body = {"query": "krill", "count": 3, "within": "*.md"}
    served = client.post("/api/search", json=body).json()
    assert served == {"hits": plain(opened.search("krill", count=3, within="*.md"))}
    assert [hit["document"]["path"] for hit in served["hits"]] == ["sea/whales & krill.md"] * len(served["hits"])


def test_a_streams_deltas_make_the_answer_and_each_citation_comes_before_its_mark(client: httpx.Client) -> None:
    response = client.post("/api/ask", json={"question": QUESTION, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response)
    names = [name for name, _ in found]
    assert names[0] == "passages" and names[-1] == "answer" and names.count("answer") == 1
    text, known = "", set()
    for name, value in found:
        if name == "citation":
            known.add(value["number"])
        elif name == "delta":
            text += value
            assert all(f"[{number}]" not in text for number in range(1, 9) if number not in known)
    answer = found[-1][1]
    assert text == answer["answer"]
    assert known == {citation["number"] for citation in answer["citations"]}


def test_an_error_in_mid_stream_is_an_event_that_ends_it(
    client: httpx.Client, opened: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(question: str, **_: Any) -> Iterator[Event]:
        yield Event("delta", "So far")
        raise StorageError("The disk is full.")

    monkeypatch.setattr(opened, "stream", stream)
    found = events(client.post("/api/ask", json={"question": "?", "stream": True}))
    assert [name for name, _ in found] == ["delta", "error"]
    assert found[1][1]["detail"] == "The disk is full." and found[1][1]["status"] == 507


def test_an_unexpected_error_in_mid_stream_is_told_without_its_trace(
    client: httpx.Client, opened: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stream(question: str, **_: Any) -> Iterator[Event]:
        yield Event("delta", "So far")
        raise RuntimeError("secret")

    monkeypatch.setattr(opened, "stream", stream)
    found = events(client.post("/api/ask", json={"question": "?", "stream": True}))
    assert [name for name, _ in found] == ["delta", "error"]
    assert found[1][1]["status"] == 500 and "secret" not in str(found)
    assert "secret" in caplog.text


def test_a_client_that_goes_away_ends_its_stream(
    client: httpx.Client, opened: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def stream(question: str, **_: Any) -> Iterator[Event]:
        try:
            while True:
                yield Event("delta", "on and on ")
                time.sleep(0.02)
        finally:
            ended.set()

    monkeypatch.setattr(opened, "stream", stream)
    with client.stream("POST", "/api/ask", json={"question": "?", "stream": True}) as response:
        next(response.iter_bytes())
    assert ended.wait(5)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": ""}, 400),
        ({"question": " \n\t "}, 400),
        ({"question": "x " * 50_000}, 413),
        ({"question": "why?", "count": 0}, 400),
        ({"question": "why?", "count": -1}, 400),
        ({"question": "why?", "count": 10**9}, 400),
        ({"question": "why?", "history": [{"question": "a", "answer": "b"}]}, 422),
        ({"question": "why?", "history": [{"role": "wizard", "content": "b"}]}, 400),
        ({"question": "why?", "history": [{"role": "user", "content": "b"}] * 500}, 413),
        ({"question": "why?", "count": "ten"}, 422),
        ({"question": "why?", "colour": "red"}, 422),
        ({"question": "\ud800"}, 422),
        ({}, 422),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_one_sentence(
    client: httpx.Client, body: dict[str, Any], status: int, stream: bool
) -> None:
    response = client.post("/api/ask", content=json.dumps({**body, "stream": stream}), headers=JSON)
    problem(response, status)


JSON = {"Content-Type": "application/json"}


def test_a_body_that_is_not_json_is_refused_in_one_sentence(client: httpx.Client) -> None:
    assert "not JSON" in problem(client.post("/api/ask", content=b"{", headers=JSON), 422)
    assert "Content-Type" in problem(client.post("/api/ask", content=b'{"question": "why?"}'), 422)
    assert "missing" in problem(client.post("/api/ask", headers=JSON), 422)
    assert "question" in problem(client.post("/api/ask", json={"question": 7}), 422)
    problem(client.post("/api/ask", content=b'{"question": "?", "count": ' + b"9" * 5_000 + b"}", headers=JSON), 400)
    problem(client.post("/api/ask", content=b"\xff\xfe{}", headers=JSON), 422)
    assert "JSON in UTF-8" in problem(client.post("/api/ask", content=b"\x80\x81PNG\x00", headers=JSON), 400)


def test_a_body_over_a_megabyte_is_refused_before_it_is_read(client: httpx.Client) -> None:
    big = json.dumps({"question": "x" * 1_000_001})
    assert "too large" in problem(client.post("/api/ask", content=big, headers=JSON), 413)

    def parts() -> Iterator[bytes]:  # with no length given beforehand
        for start in range(0, len(big), 100_000):
            yield big[start : start + 100_000].encode()

    assert "too large" in problem(client.post("/api/ask", content=parts(), headers=JSON), 413)


# Citations and documents.


def test_a_citation_is_looked_up_with_its_context(client: httpx.Client, opened: Library) -> None:
    cited = client.post("/api/citations/resolve", json={"quote": "weighs up to 199 tonnes"}).json()
    assert cited == plain(opened.resolve("weighs up to 199 tonnes"))
    looked_up = client.get(f"/api/citations/{cited['id']}", params={"context": 9}).json()
    assert looked_up == plain(opened.citation(cited["id"], context=9))
    assert (looked_up["before"], looked_up["cited_text"]) == ("ue whale ", "weighs up to 199 tonnes")
    assert looked_up["status"] == "valid"


def test_a_citation_that_is_none_says_why(client: httpx.Client, opened: Library) -> None:
    known = opened.resolve("krill").id
    assert "looks like" in problem(client.get("/api/citations/nonsense"), 400)
    assert "No document" in problem(client.get("/api/citations/0000000000000000.1-2"), 404)
    assert "characters" in problem(client.get(f"/api/citations/{known.split('.')[0]}.5-999999"), 404)
    assert "context" in problem(client.get(f"/api/citations/{known}?context=-1"), 400)
    assert "context" in problem(client.get(f"/api/citations/{known}?context=x"), 422)
    assert "nowhere" in problem(client.post("/api/citations/resolve", json={"quote": "never written"}), 404)


def test_some_documents_of_many_are_found_by_words_of_their_names(client: httpx.Client, opened: Library) -> None:
    everything = client.get("/api/documents").json()["documents"]
    found = client.get("/api/documents", params={"count": 2}).json()
    assert found["total"] == len(everything) > 2 == len(found["documents"])
    assert found["documents"][0] in everything and found["documents"][0]["path"] == "broken.pdf"  # it could not be read
    listed = client.get("/api/documents", params={"q": "KRILL sea"}).json()
    assert [each["path"] for each in listed["documents"]] == ["sea/whales & krill.md"]
    assert (listed["total"], listed["folders"]) == (1, [{"path": "sea/", "files": 1}])
    assert client.get("/api/documents?q=nothing").json() == {"documents": [], "total": 0, "folders": []}
    assert "from 1 to" in problem(client.get("/api/documents?count=0"), 400)


def test_the_status_has_another_revision_whenever_the_list_of_files_is_another(library: Library, fill: Any) -> None:
    seen = set()
    for files in ({"a.txt": "one otter"}, {"b.txt": "two otters"}, {"b.txt": "six otters"}):
        fill(files)
        library.sync()
        seen.add(library.status().revision)
    (library.folder / "a.txt").rename(library.folder / "c.txt")
    library.sync()
    assert len({*seen, library.status().revision}) == 4


def test_documents_are_listed_with_those_that_failed(client: httpx.Client, opened: Library) -> None:
    served = client.get("/api/documents").json()["documents"]
    assert served == [each.to_dict() for each in opened.documents()]
    failed = [each for each in served if each["state"] == "failed"]
    assert [each["path"] for each in failed] == ["broken.pdf"] and failed[0]["reason"]


def test_a_document_is_found_by_id_and_by_path(client: httpx.Client) -> None:
    by_path = client.get("/api/documents/sea/whales & krill.md").json()
    assert by_path["title"] == "Whales"
    assert client.get(f"/api/documents/{by_path['id']}").json() == by_path
    assert client.get(f"/api/documents/{by_path['id'][:16]}").json() == by_path
    assert client.get("/api/documents/sea%2Fwhales%20%26%20krill.md/text").json()["text"] == WHALES
    problem(client.get("/api/documents/none.txt"), 404)
    problem(client.get("/api/documents/none.txt/text"), 404)
    problem(client.get("/api/documents/none.txt/file"), 404)


def test_a_text_comes_in_parts_of_a_bounded_length(client: httpx.Client) -> None:
    words, start = "", 0
    while True:
        part = client.get("/api/documents/long.txt/text", params={"start": start}).json()
        assert (part["start"], part["end"] - part["start"]) == (start, len(part["text"]))
        words, start = words + part["text"], part["end"]
        if start == part["length"]:
            break
        assert len(part["text"]) == MOST_TEXT
    assert words == LONG
    beyond = client.get("/api/documents/long.txt/text", params={"start": 10**9}).json()
    assert (beyond["text"], beyond["start"], beyond["end"]) == ("", len(LONG), len(LONG))
    problem(client.get("/api/documents/long.txt/text?start=-1"), 422)
    assert "not be after" in problem(client.get("/api/documents/long.txt/text?start=215&end=147"), 400)
    assert client.get("/api/documents/long.txt/text?start=215&end=215").json()["text"] == ""
    assert "could not be read" in problem(client.get("/api/documents/broken.pdf/text"), 404)


def test_a_file_is_only_ever_downloaded(client: httpx.Client) -> None:
    response = client.get("/api/documents/sea/whales & krill.md/file")
    assert response.content == WHALES.encode()
    assert response.headers["content-disposition"] == "attachment; filename*=utf-8''whales%20%26%20krill.md"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]


# Changing the folder.


def test_an_uploaded_file_is_in_the_folder_and_found(writable: tuple[httpx.Client, Path]) -> None:
    client, folder = writable
    files = [("files", ("Bären & Wölfe.txt", b"Badgers dig setts.")), ("files", ("new/b.txt", b"Voles dig too."))]
    response = client.post("/api/documents", files=files)
    assert (response.status_code, response.json()) == (201, {"paths": ["Bären & Wölfe.txt", "new/b.txt"]})
    assert (folder / "Bären & Wölfe.txt").read_bytes() == b"Badgers dig setts."
    hits = client.post("/api/search", json={"query": "badgers"}).json()["hits"]
    assert hits[0]["document"]["path"] == "Bären & Wölfe.txt"
    again = client.post("/api/documents", files={"files": ("a.txt", b"Another one.")})
    assert again.json() == {"paths": ["a (2).txt"]}


def test_a_deleted_file_is_gone_from_folder_and_index(writable: tuple[httpx.Client, Path]) -> None:
    client, folder = writable
    cited = client.post("/api/citations/resolve", json={"quote": "otters"}).json()
    response = client.delete("/api/documents", params={"path": "a.txt"})
    assert (response.status_code, response.content) == (204, b"")
    assert not (folder / "a.txt").exists()
    looked_up = client.get(f"/api/citations/{cited['id']}").json()
    assert (looked_up["status"], looked_up["cited_text"]) == ("deleted", None)
    assert client.get("/api/documents").json() == {"documents": []}


def test_a_path_that_leads_out_of_the_folder_is_refused(writable: tuple[httpx.Client, Path]) -> None:
    client, folder = writable
    (folder.parent / "x.txt").write_text("not ours")
    (folder / ".hidden").write_text("not ours")
    before = sorted(folder.parent.rglob("*.txt"))
    for path in ("../x.txt", ".hidden", "a/../../x.txt", "/etc/x", "sub/.qa/x", "a\\b.txt", "."):
        problem(client.post("/api/documents", files={"files": (path, b"words")}), 400)
        assert client.delete("/api/documents", params={"path": path}).status_code in (400, 404)
    assert sorted(folder.parent.rglob("*.txt")) == before and (folder / ".hidden").exists()


def test_an_upload_without_a_file_or_a_deletion_without_a_path_names_what_is_missing(
    writable: tuple[httpx.Client, Path],
) -> None:
    client, _ = writable
    assert "files" in problem(client.post("/api/documents"), 422)
    assert "files" in problem(client.post("/api/documents", data={"files": "words"}), 422)
    assert "path" in problem(client.delete("/api/documents"), 422)


def test_an_upload_over_the_limit_is_refused(folder: Path) -> None:
    with Library.open(folder, settings=Settings(max_file_mb=0.001)) as library, running(library) as client:
        assert "larger" in problem(client.post("/api/documents", files={"files": ("a.txt", b"x" * 1_001)}), 413)
        assert "at most" in problem(client.post("/api/documents", files={"files": ("a.txt", b"x" * 1_100_000)}), 413)

        def parts() -> Iterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
            for _ in range(11):
                yield b"x" * 100_000
            yield b"\r\n--b--\r\n"

        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        assert "at most" in problem(client.post("/api/documents", content=parts(), headers=kind), 413)
        assert not list(folder.glob("*.txt"))


def test_a_read_only_library_takes_and_deletes_nothing(folder: Path, fill: Any) -> None:
    fill({"a.txt": "words"})
    with Library.open(folder, settings=Settings(readonly=True)) as library, running(library) as client:
        library.sync()
        problem(client.post("/api/documents", files={"files": ("b.txt", b"words")}), 403)
        problem(client.delete("/api/documents", params={"path": "a.txt"}), 403)
        assert [each.name for each in folder.iterdir() if each.name != ".qa"] == ["a.txt"]


def test_a_sync_reports_what_it_did(writable: tuple[httpx.Client, Path]) -> None:
    client, folder = writable
    (folder / "b.txt").write_text("A second one.")
    report = client.post("/api/sync", json={"wait": True}).json()
    assert (report["added"], report["failed"], report["waiting"]) == (1, 0, 0)
    assert client.post("/api/sync").json()["added"] == 0
    status = client.get("/api/status").json()
    assert (status["files"], status["waiting"], status["trouble"]) == (2, 0, None)


def test_a_library_that_was_never_synced_says_so(library: Library) -> None:
    with running(library) as client:
        assert "qa sync" in problem(client.post("/api/ask", json={"question": "why?"}), 409)


# Who is let in.


@pytest.mark.parametrize("path", ["/healthz", "/api/status", "/docs", "/openapi.json", "/elsewhere"])
def test_a_foreign_host_is_refused_everywhere(client: httpx.Client, path: str) -> None:
    for host in (
        "evil.example",
        "evil.example:7860",
        f"localhost.evil.example:{client.base_url.port}",
        "127.0.0.1",
        "",
    ):
        assert "name" in problem(client.get(path, headers={"Host": host}), 403)


def test_our_own_names_are_let_in(client: httpx.Client) -> None:
    for name in ("localhost", "127.0.0.1", "[::1]", "LocalHost"):
        assert client.get("/api/status", headers={"Host": f"{name}:{client.base_url.port}"}).status_code == 200


def test_the_page_of_another_site_is_refused(client: httpx.Client) -> None:
    port = client.base_url.port
    for origin in (
        "https://evil.example",
        "null",
        f"http://evil.example:{port}",
        f"ftp://localhost:{port}",
        "http://[",
    ):
        problem(client.post("/api/search", json={"query": "krill"}, headers={"Origin": origin}), 403)
    for origin in (f"http://localhost:{port}", f"http://127.0.0.1:{port}"):
        response = client.post("/api/search", json={"query": "krill"}, headers={"Origin": origin})
        assert response.status_code == 200


def test_with_a_key_nothing_but_health_is_open(opened: Library) -> None:
    with running(opened, key="correct horse", local_key="local") as client:
        assert client.get("/healthz").status_code == 200
        for path in ("/api/status", "/docs", "/openapi.json", "/anything"):
            problem(client.get(path), 401)
        for headers in (
            {"Authorization": "Bearer correct horse"},
            {"Authorization": "bearer local"},
            {"X-API-Key": "correct horse"},
            {"Authorization": httpx.BasicAuth("me", "correct horse")._auth_header},
        ):
            assert client.get("/api/status", headers=headers).status_code == 200
        for headers in (
            {"Authorization": "Bearer wrong"},
            {"Authorization": "Basic %%%"},
            {"Authorization": httpx.BasicAuth("correct horse", "")._auth_header},
            {"X-API-Key": ""},
            {"X-API-Key": "corr\u00e9ct".encode("latin-1")},
        ):
            problem(client.get("/api/status", headers=headers), 401)


def test_a_browser_is_asked_for_the_key_and_a_program_is_told_how_to_send_it(opened: Library) -> None:
    with running(opened, key="correct horse") as client:
        assert client.get("/").headers["www-authenticate"] == 'Basic realm="Chapter & Verse"'
        assert client.get("/api/status").headers["www-authenticate"].startswith("Bearer")


# Errors and documentation.


def test_an_unknown_address_and_a_wrong_method_are_problems(client: httpx.Client) -> None:
    problem(client.get("/api/nothing"), 404)
    problem(client.get("/api"), 404)
    problem(client.get("/nothing"), 404)
    wrong = client.put("/api/search")
    assert "POST" in problem(wrong, 405) and wrong.headers["allow"] == "POST"
    assert client.patch("/api/documents").headers["allow"] == "DELETE, GET, POST"


def test_an_unexpected_error_is_one_sentence_without_its_trace(
    client: httpx.Client, opened: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(opened, "search", broken)
    assert "secret" not in problem(client.post("/api/search", json={"query": "krill"}), 500)
    assert "secret" in caplog.text


def test_the_documentation_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200 and "http" not in page.text.replace("HTTP", "").replace("http-equiv", "")
    policy = page.headers["content-security-policy"]
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert page.text.count(f'nonce="{nonce}"') == 2 and "default-src 'none'" in policy
    assert client.get("/docs").headers["content-security-policy"] != policy


def test_every_route_is_documented_with_its_model(client: httpx.Client) -> None:
    api = client.get("/openapi.json").json()
    for path, methods in api["paths"].items():
        for method, route in methods.items():
            assert route["description"] and route["tags"], (method, path)
            assert "default" in route["responses"]
    answer = api["components"]["schemas"]["Answer"]["properties"]
    assert set(answer) == {
        *("question", "answer", "refused", "reason", "model", "searched_as", "sentences", "citations"),
        *("passages", "timings_ms"),
    }
    assert "_read" not in api["components"]["schemas"]["Document"]["properties"]
