"""Look citations up in a ledger of many, of every status: in this process, and over HTTP with one client and many."""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import random
import shutil
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import machine

if TYPE_CHECKING:
    from qa.catalog import Catalog
    from qa.ledger import Place

_PASSAGES = 20
"""Passages of one file."""
_EDITED = 0.04
"""The share of the files of which the words move, and the same of those whose words change, and that are removed."""
_STEP = 20_000
_WARM_UP = 1.0


def main() -> None:
    """Make the index, look citations of each status up, then let clients do so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="citations in the ledger")
    parser.add_argument("--lookups", type=int, default=2_000, help="of each status")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--place", type=Path, help="keep folder and index there for the next run")
    parser.add_argument("--serve", action="store_true", help="only serve --place, on one core, until the input ends")
    given = machine.arguments(parser)
    if given.serve:
        serve(given.place)
        return
    print(machine.described())
    with tempfile.TemporaryDirectory(prefix="qa-") as name:
        place = given.place or Path(name)
        if not (place / "ids.json").exists():
            made(place, passages=given.passages, rows=given.rows, lookups=given.lookups)
        ids: dict[str, list[str]] = json.loads((place / "ids.json").read_text())
        in_process(place, ids)
        with served(place) as host:
            every = [each for some in ids.values() for each in some]
            asked(host, every, clients=1, seconds=_WARM_UP)
            for clients in given.clients:
                print(asked(host, every, clients=clients, seconds=given.seconds), flush=True)


def made(place: Path, *, passages: int, rows: int, lookups: int) -> None:
    """Make a folder of files, an index of it as a sync would, and a ledger; edit some files, and follow the edits."""
    from qa.catalog import Catalog
    from qa.following import News, follow

    chance, began = random.Random(0), time.perf_counter()
    shutil.rmtree(place / "folder", ignore_errors=True)
    (place / "folder" / ".qa").mkdir(parents=True)
    catalog = Catalog(place / "folder" / ".qa" / "catalog.sqlite3")
    catalog.set_meta("folder", "")
    count = max(1, passages // _PASSAGES)
    texts = {f"{number}.txt": text(chance) for number in range(count)}
    documents = keep(catalog, place / "folder", texts)
    places = {path: cited(chance, documents[path], texts[path], rows // count) for path in texts}
    remember(catalog, [each for some in places.values() for each in some])
    share = max(1, round(_EDITED * count))
    moved, changed, deleted = (list(texts)[share * part : share * (part + 1)] for part in range(3))
    edits = {path: "A new beginning.\n\n" + texts[path] for path in moved}
    edits |= {path: replaced(chance, texts[path]) for path in changed}
    newest = max(catalog.newer(0))
    keep(catalog, place / "folder", edits)
    for path in deleted:
        (place / "folder" / path).unlink()
        catalog.drop_file(path)
    catalog.drop_orphans(dict(enumerate(texts, 1)))
    followed = time.perf_counter()
    became = follow(catalog, _NoWords, News((), newest), stop=threading.Event())  # type: ignore[arg-type]
    followed = time.perf_counter() - followed
    counts, size = catalog.counts(), machine.size_of(place / "folder" / ".qa")
    print(
        f"{counts.documents:,} documents, {counts.passages:,} passages, {catalog.ledger.count():,} citations given: "
        f"made in {time.perf_counter() - began:.0f} s, {size / 1e6:.0f} MB with all texts; followed: {became} "
        f"in {followed:.1f} s"
    )
    catalog.close()
    valid = list(texts)[3 * share :]
    by_status = {"valid": valid, "moved": moved, "changed": changed, "deleted": deleted}
    ids = {status: chosen(chance, [places[p] for p in paths], lookups) for status, paths in by_status.items()}
    (place / "ids.json").write_text(json.dumps(ids))


class _NoWords:
    """Stands for the word index: nothing stands elsewhere here."""

    def search(self, query: str, *, count: int) -> list[object]:
        return []


def text(chance: random.Random) -> str:
    """Make up a text of about 20 passages, of words that are as frequent as in a language."""
    sentences = (" ".join(word(chance) for _ in range(chance.randint(8, 20))) for _ in range(_PASSAGES * 9))
    return "".join(each.capitalize() + (".\n\n" if chance.random() < 0.2 else ". ") for each in sentences)


def word(chance: random.Random) -> str:
    """Make up a word; the same ones come often."""
    rank = int(20_000 ** chance.random())
    letters = random.Random(rank)
    return "".join(letters.choices(string.ascii_lowercase, k=2 + letters.randrange(8)))


def replaced(chance: random.Random, words: str) -> str:
    """Change every fourth word."""
    return " ".join(word(chance) if n % 4 == 3 else each for n, each in enumerate(words.split(" ")))


def keep(catalog: Catalog, folder: Path, texts: dict[str, str]) -> dict[str, str]:
    """Write files, dated an hour ago, and keep them in the catalog; return the ids of their documents."""
    from qa.parsers import parse
    from qa.passages import cut
    from qa.records import File, Signature

    ids = {}
    with catalog.transaction():
        for path, words in texts.items():
            place, past = folder / path, time.time() - 3600
            place.write_text(words)
            os.utime(place, (past, past))
            document = parse(words.encode(), path)
            number = catalog.put_document(document, cut(document))
            digest = hashlib.sha256(words.encode()).digest()
            signature = Signature.of(place.lstat())
            catalog.put_file(File(path, path.encode(), signature, time.time_ns(), digest, number, None))
            ids[path] = document.id
    return ids


def cited(chance: random.Random, document: str, words: str, count: int) -> list[Place]:
    """Choose so many sentences of a text, or parts of some where it has fewer."""
    from qa.ledger import Place
    from qa.spans import Span

    found: set[Span] = set()
    while len(found) < count:
        start = words.find(". ", chance.randrange(len(words) - 400)) + 2
        if start < len(words):
            found.add(Span(start, min(len(words), start + chance.randint(40, 160))))
    return [Place(document, span) for span in found]


def remember(catalog: Catalog, places: Sequence[Place]) -> None:
    """Give citations, many at a time."""
    for at in range(0, len(places), _STEP):
        catalog.ledger.remember(places[at : at + _STEP], question=None, now=int(time.time()))


def chosen(chance: random.Random, places: Sequence[Sequence[Place]], count: int) -> list[str]:
    """Return the ids of so many citations."""
    from qa.citations import citation_id

    every = [place for some in places for place in some]
    return [citation_id(each.document, each.span) for each in chance.sample(every, min(count, len(every)))]


def in_process(place: Path, ids: dict[str, list[str]]) -> None:
    """Look citations of each status up, and see that they have it."""
    from qa import Library

    with Library.open(place / "folder") as library:
        for status, some in ids.items():
            wrong = [each for each in some if library.citation(each).status != status]
            seconds = machine.times(library.citation, some)
            p50, p95 = (1000 * machine.percentile(seconds, percent) for percent in (50, 95))
            print(
                f"{status:<8} {len(some):,} lookups: p50 {p50:.2f} ms, p95 {p95:.2f} ms, "
                f"slowest {1000 * max(seconds):.1f} ms; of another status {len(wrong)}",
                flush=True,
            )
        for what, count in (("the first page", 100), ("the whole", None)):
            seconds = machine.timed(lambda: library.audit(count=count))  # noqa: B023 - called before the next
            print(f"audit, {what}: {seconds:.2f} s")


# Over HTTP.


def serve(place: Path) -> None:
    """Serve the API of an index as it is, on one core: no sync, which would embed it all."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    import uvicorn

    from qa import Library
    from qa.api import create_app
    from qa.guard import own_hosts
    from qa.server import bind

    with Library.open(place / "folder") as library, bind("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        app = create_app(library, hosts=own_hosts("127.0.0.1", port))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
        print(f"http://127.0.0.1:{port}", flush=True)
        sys.stdin.read()
        server.should_exit = True


@contextmanager
def served(place: Path) -> Iterator[str]:
    """Serve in a process of its own; give its host and port."""
    command = [sys.executable, __file__, "--serve", "--place", str(place), "--threads", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        yield urlsplit(process.stdout.readline().strip()).netloc
        process.stdin.close()


def asked(host: str, ids: Sequence[str], *, clients: int, seconds: float) -> str:
    """Let clients look citations up, one after the other, for so long; say what they saw."""
    until, times, errors = time.perf_counter() + seconds, list[float](), list[str]()

    def ask(seed: int) -> None:
        connection, chance = http.client.HTTPConnection(host, timeout=30), random.Random(seed)
        while (began := time.perf_counter()) < until:
            try:
                connection.request("GET", f"/api/citations/{chance.choice(ids)}")
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    errors.append(f"{answer.status} {body[:200]!r}")
            except (OSError, http.client.HTTPException) as error:
                errors.append(repr(error))
                connection.close()
            times.append(time.perf_counter() - began)
        connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(ask, range(clients)))
    took = time.perf_counter() - began
    p50, p95 = (1000 * machine.percentile(times, percent) for percent in (50, 95))
    said = f"{clients} clients: {len(times) / took:,.0f} requests/s, {len(errors)} errors, p50 {p50:.1f} ms, "
    return "\n".join([f"{said}p95 {p95:.1f} ms", *errors[:3]])


if __name__ == "__main__":
    main()
