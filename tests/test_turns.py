"""Searches take turns: as many at once as there are cores, and a second thread for one that is alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from qa.turns import Turns


@pytest.fixture
def turns() -> Iterator[Turns]:
    made = Turns(2)
    yield made
    made.close()


def test_who_is_alone_gets_a_second_thread_again_and_again(turns: Turns) -> None:
    for _ in range(3):
        with turns.take() as beside:
            assert beside is not None and beside.submit(threading.get_ident).result() != threading.get_ident()


def test_who_is_not_alone_gets_none_and_no_more_run_at_once_than_may(turns: Turns) -> None:
    inside, most, lent = 0, 0, 0
    counting, everybody = threading.Lock(), threading.Barrier(6)

    def search() -> None:
        nonlocal inside, most, lent
        everybody.wait(10)
        for _ in range(50):
            with turns.take() as beside:
                with counting:
                    inside, lent = inside + 1, lent + (beside is not None)
                    most = max(most, inside)
                with counting:
                    inside -= 1

    with turns.take(), ThreadPoolExecutor(6) as pool:  # somebody is here all the time
        for each in [pool.submit(search) for _ in range(6)]:
            each.result(30)
    assert (most, lent) == (1, 0)


def test_a_turn_that_fails_is_given_back(turns: Turns) -> None:
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), turns.take():
            1 / 0  # noqa: B018 - what fails does not matter
    with turns.take() as beside:
        assert beside is not None
