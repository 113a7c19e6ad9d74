"""Files read and cut by processes of their own: on several cores at once, and none can end the sync with it.

A worker is plain Python over two pipes. `multiprocessing` is not used: forked from a process with threads a worker may
hang, and spawned it runs the user's own script once more, which would begin a sync in each.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Final

from qa import __version__
from qa.documents import PARSERS_VERSION
from qa.drawing import Picture, Sheet, draw
from qa.errors import DocumentError
from qa.parsers import ocr
from qa.passages import CUTTER_VERSION
from qa.pipes import line, receive, receive_drawn, send, send_drawn, send_waiting, sheet_line, sheet_of, task_of
from qa.reading import Reading, Task, read, unread

_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[2:]; from qa.workers import work; work(sys.argv[1])"
"""The parent's own path of modules, first of all: nothing is imported from the current folder."""
_GREETING: Final = f"qa {__version__} {PARSERS_VERSION}.{CUTTER_VERSION}\n".encode()
"""Tells that it is us, and not another version that was installed meanwhile."""
_PATIENCE: Final = 30.0
"""How long a worker may take to start, in seconds."""
_WORTHWHILE: Final = 2_000_000
"""So many bytes must there be to read: a worker takes a tenth of a second to start."""
_PARCEL: Final = 500_000
"""In bytes of files: our threads wait for their turn each time they send."""
_AHEAD: Final = 16_000_000
"""So many bytes of files may be at the workers, or back from them and not yet taken."""
_MOST: Final = 8
_BUFFER: Final = 1 << 18
_SECONDS, _SPEED = 20.0, 2_000_000.0
"""How long a file may take to be read: so many seconds, and one more for so many bytes."""
_MEMORY, _TIMES = 2_000_000_000, 8
"""How much memory a worker may take, in bytes: so many, and as often the size of the file."""
_NONSENSE: Final = (OSError, EOFError, ValueError, LookupError, TypeError)
"""What is raised where a worker has ended, or what it says makes no sense."""
_PICTURE: Final = 120.0
"""How many seconds the words of a picture may take to be recognised: mostly it is some."""
_RECOGNISING: Final = 600.0
"""And those of all pictures of a file."""
_RECOGNISER: Final = 2_000_000_000
"""And so much more memory."""
_TOO_SLOW: Final = "It takes too long to read: it may be damaged, or made to stop us."
_NOT_DRAWN: Final = "The process that drew it broke down: the page may be damaged, or need more memory than there is."
_ENDED: Final = "The process that read it broke down, twice: it may be damaged, or need more memory than there is."


def read_files(folder: Path, tasks: Sequence[Task], *, processes: int) -> Generator[Reading, None, None]:
    """Read files in their order, in so many processes and a little ahead where there is enough to read.

    What could hang, crash or fill the memory is never read in this process, where another can be started.
    """
    many = processes > 1 and len(tasks) > 1 and sum(task.size for task in tasks) > _WORTHWHILE
    if many or any(task.risky for task in tasks):
        with _Pool(folder, min(processes, _MOST, len(tasks)) if many else 1) as pool:
            if pool.start():
                yield from pool.read(tasks)
                return
    for task in tasks:
        yield read(folder, task)


def draw_sheet(folder: Path, sheet: Sheet) -> Picture:
    """Draw a page in a process of its own, within the same limits. Raises DocumentError where that cannot be."""
    with _Pool(folder, 1) as pool:
        return pool.draw(sheet) if pool.start() else draw(folder, sheet)


class _Gone(Exception):
    """A worker has ended, is out of its mind, or could not be started."""


class _Pool:
    """Workers, each spoken to by one thread at a time; one that ends is replaced."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count
        self._threads = ThreadPoolExecutor(count, "qa-read")
        self._idle: SimpleQueue[_Worker | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._starting = threading.Lock()
        self._closed = False

    def __enter__(self) -> _Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._starting:
            self._closed = True
        for worker in self._workers:
            worker.kill()  # so that the threads, which wait for them, end
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def start(self) -> bool:
        """Start the workers; tell whether they can be had."""
        # the program that we are a part of would be started, not Python
        if not sys.executable or getattr(sys, "frozen", False):
            return False
        try:
            workers = [self._new() for _ in range(self._count)]  # all at once: only then is each waited for
            for worker in workers:
                worker.greet()
                self._idle.put(worker)
        except _Gone:
            return False
        return True

    def read(self, tasks: Sequence[Task]) -> Iterator[Reading]:
        """Read files in their order."""
        ahead: deque[tuple[int, Future[list[Reading]]]] = deque()
        held = 0
        for parcel in _parcels(tasks):
            size = sum(task.size for task in parcel)
            while ahead and held + size > _AHEAD:
                yield from ahead[0][1].result()
                held -= ahead.popleft()[0]
            ahead.append((size, self._threads.submit(self._read, parcel)))
            held += size
        while ahead:
            yield from ahead.popleft()[1].result()

    def draw(self, sheet: Sheet) -> Picture:
        """Draw a page. Raises DocumentError."""
        worker = self._workers[0]
        try:
            return worker.draw(sheet)
        except _Gone as error:
            raise DocumentError(_TOO_SLOW if worker.too_slow else _NOT_DRAWN) from error

    def _read(self, parcel: Sequence[Task]) -> list[Reading]:
        worker = self._idle.get()
        done: list[Reading] = []
        suspect = -1
        while len(done) < len(parcel) and not self._closed:
            try:
                if worker is None:
                    worker = self._new()
                    worker.greet()
                for reading in worker.read(parcel[len(done) :]):
                    done.append(reading)  # noqa: PERF402 - those before its end are kept
            except _Gone:
                if worker and worker.too_slow and not self._closed:
                    done.append(unread(parcel[len(done)], _TOO_SLOW))
                # someone else may have ended it: only a file that two have not survived is to blame
                elif suspect == len(done):
                    done.append(unread(parcel[suspect], _ENDED))
                suspect = len(done)
                self._drop(worker)
                worker = None
        self._idle.put(worker)
        return done

    def _new(self) -> _Worker:
        with self._starting:
            if self._closed:
                raise _Gone
            worker = _Worker(self._folder)
            self._workers.append(worker)
            return worker

    def _drop(self, worker: _Worker | None) -> None:
        with self._starting:
            if worker and not self._closed:
                self._workers.remove(worker)
                worker.kill()
                worker.close()


def _parcels(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Gather small files, to be sent together."""
    parcel: list[Task] = []
    size = 0
    for task in tasks:
        parcel.append(task)
        size += task.size + 1_000
        if size > _PARCEL:
            yield parcel
            parcel, size = [], 0
    if parcel:
        yield parcel


class _Worker:
    """One process, as its parent sees it."""

    def __init__(self, folder: Path) -> None:
        """Start it. Raises _Gone where it cannot be started."""
        self.too_slow = False
        command = [sys.executable, "-c", _PROGRAM, os.fspath(folder), *sys.path]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # parsers grumble at bad files: what matters becomes a reason
                bufsize=_BUFFER,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:  # no memory for one more, or no such program
            raise _Gone from error
        assert self._process.stdin and self._process.stdout
        self._to, self._from = self._process.stdin, self._process.stdout

    def greet(self) -> None:
        """Wait until it is ready. Raises _Gone where it is none of ours."""
        too_late = threading.Timer(_PATIENCE, self.kill)
        too_late.start()
        greeting = self._from.readline()
        too_late.cancel()
        too_late.join()
        if greeting != _GREETING:
            raise _Gone

    def read(self, tasks: Sequence[Task]) -> Iterator[Reading]:
        """Have files read. Raises _Gone where it ends before the last of them."""
        try:
            self._to.write(line(tasks))
            self._to.flush()
            for task in tasks:
                yield self._read(task)
        except _NONSENSE as error:
            raise _Gone from error

    def _read(self, task: Task) -> Reading:
        """Wait for what is made of a file: longer where it says that it is at a picture."""
        usual = seconds = _SECONDS + task.size / _SPEED
        last = time.monotonic() + usual + _RECOGNISING
        while True:
            with self._in_time(seconds):
                reading = receive(self._from, task)
            if reading is not None:
                return reading
            seconds = min(usual + _PICTURE, max(0.0, last - time.monotonic()))

    def draw(self, sheet: Sheet) -> Picture:
        """Have a page drawn. Raises _Gone where it ends before that, DocumentError."""
        try:
            self._to.write(sheet_line(sheet))
            self._to.flush()
            with self._in_time(_SECONDS + sheet.size / _SPEED):
                return receive_drawn(self._from)
        except _NONSENSE as error:
            raise _Gone from error

    @contextlib.contextmanager
    def _in_time(self, seconds: float) -> Iterator[None]:
        """Wait for what it says; where it takes longer than that, end the process."""
        too_late = threading.Timer(seconds, self._give_up)
        too_late.start()
        try:
            yield
        finally:
            too_late.cancel()
            too_late.join()

    def _give_up(self) -> None:
        self.too_slow = True
        self.kill()

    def kill(self) -> None:
        """End it at once: it holds nothing that could be lost."""
        self._process.kill()

    def close(self) -> None:
        """Let its pipes go, once it was killed."""
        self._process.wait()
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):  # what was still to be sent
                pipe.close()


# In the worker.


def work(folder: str) -> None:
    """Read the files that are named on stdin, or draw a page, one after the other, until nobody names any."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who will end us
    out = os.fdopen(os.dup(1), "wb", _BUFFER)
    os.dup2(2, 1)  # nothing that a parser prints may get among the answers
    out.write(_GREETING)
    out.flush()
    ocr.before_each(partial(send_waiting, out))
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    while True:
        asked = json.loads(lines.get())
        if isinstance(asked, dict):
            sheet = sheet_of(*asked["sheet"])
            _limit_memory(_MEMORY + _TIMES * sheet.size)
            send_drawn(out, _drawn(Path(folder), sheet))
            continue
        for fields in asked:
            task = task_of(*fields)
            _limit_memory(_MEMORY + _TIMES * task.size + (_RECOGNISER if task.pictured else 0))
            send(out, read(Path(folder), task))


def _drawn(folder: Path, sheet: Sheet) -> Picture | DocumentError:
    try:
        return draw(folder, sheet)
    except DocumentError as error:
        return error


def _listen(lines: SimpleQueue[bytes]) -> None:
    """Take in what is asked; end the process with its parent, whatever file it is at."""
    for asked in sys.stdin.buffer:
        lines.put(asked)
    os._exit(0)


def _limit_memory(most: int) -> None:
    """Let this process have no more memory than that, where the system can see to it: Linux does."""
    if sys.platform == "linux":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
