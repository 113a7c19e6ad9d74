"""Whose turn it is: so many searches at once as there are cores, and a second thread for one that is alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

_PATIENCE = 1.0
"""How long a step of long work makes way for searches, in seconds: were there always some, it would never end."""


class Turns:
    """Keeps searches from getting into each other's way: more than there are cores only take turns at every step."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._gate = threading.Semaphore(most)
        self._aside = threading.Lock()
        self._counting = threading.Lock()
        self._fewer = threading.Condition(self._counting)
        self._number = 0  # of searches that run or wait
        self._second = _second_thread()

    @contextmanager
    def take(self) -> Iterator[Executor | None]:
        """Wait for a turn; give a second thread to whoever is alone, with nobody waiting either."""
        with self._here() as alone, self._gate:
            yield self._second if alone else None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Wait for a turn that no search wants, for a second at most: one step of long work, of which one goes on."""
        with self._aside:
            with self._counting:
                self._fewer.wait_for(lambda: self._number < self._most, timeout=_PATIENCE)
            with self._gate:
                yield

    @contextmanager
    def _here(self) -> Iterator[bool]:
        with self._counting:
            self._number += 1
            alone = self._number == 1
        try:
            yield alone
        finally:
            with self._counting:
                self._number -= 1
                self._fewer.notify()

    def close(self) -> None:
        """Let the second thread go; whoever searches once more gets another one."""
        self._second.shutdown()
        self._second = _second_thread()


def _second_thread() -> Executor:
    return ThreadPoolExecutor(1, "qa-search")
