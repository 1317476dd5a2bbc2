"""How `backend="auto"` shares what there is between the engines of a race."""

from __future__ import annotations

import pytest

from pmo_optimizer.auto import PREFERRED, threads_of


@pytest.mark.parametrize("workers", range(2, 9))
def test_threads_of_a_race_are_as_many_as_workers(workers: int) -> None:
    """CP-SAT and the MIP solver share the workers; CP-SAT has two threads at least."""
    threads = {name: threads_of(name, workers) for name in PREFERRED}
    assert threads == {"cp-sat": max(2, workers - 1), "milp": 1}
    assert sum(threads.values()) == max(3, workers)
