"""Processes of runs that are copies of one that has imported what runs need."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver

import pytest

from pmo_optimizer.service.runs import process


@contextmanager
def warm_runs() -> Iterator[None]:
    """Let runs that are started from the test's own process begin as copies, where that is safe.

    Variables of the environment are for them as they are now.
    """
    with pytest.MonkeyPatch.context() as patch:
        if sys.platform == "linux":
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["tests.warm.loaded"])
            forkserver.ensure_running()
            patch.setattr(process, "get_context", lambda method: context)
        yield
