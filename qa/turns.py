"""Whose turn it is: so many searches at once as there are cores, and a second thread for one that is alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager


class Turns:
    """Keeps searches from getting into each other's way: more than there are cores only take turns at every step."""

    def __init__(self, most: int) -> None:
        self._gate = threading.Semaphore(most)
        self._counting = threading.Lock()
        self._number = 0  # of searches that run or wait
        self._second = ThreadPoolExecutor(1, "qa-search")

    @contextmanager
    def take(self) -> Iterator[Executor | None]:
        """Wait for a turn; give a second thread to whoever is alone, with nobody waiting either."""
        with self._here() as alone, self._gate:
            yield self._second if alone else None

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

    def close(self) -> None:
        """Let the second thread go."""
        self._second.shutdown()
