"""Cycles that page runs leave behind are collected, once for many runs."""

import gc
import threading
import tomllib
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit import config

from maskdet_app.ops.process import garbage_collection
from maskdet_app.ops.process.garbage_collection import Collector
from testbed.repository import REPO_ROOT

WAIT_S = 30.0
"""Far more than anything here takes: a slow machine must not fail."""


class Node:
    """Refers to itself, so that only the collector frees it."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def _no_automatic_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_automatic_collection")
def test_cycle_is_freed() -> None:
    freed = threading.Event()
    node = Node()
    weakref.finalize(node, freed.set)
    del node
    assert not freed.is_set()
    Collector(0.01).collect_soon()
    assert freed.wait(WAIT_S)


def test_many_requests_share_a_collection_and_a_later_one_gets_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected = threading.Semaphore(0)
    begun: list[Any] = []

    class Timer:
        """Runs when told to."""

        daemon = False

        def __init__(self, delay_s: float, work: Any) -> None:
            assert delay_s == garbage_collection.DELAY_S
            begun.append(work)

        def start(self) -> None:
            """Wait to be told."""

    monkeypatch.setattr(threading, "Timer", Timer)
    monkeypatch.setattr(gc, "collect", collected.release)
    collector = Collector()
    for _ in range(5):
        collector.collect_soon()
    assert len(begun) == 1
    begun[0]()
    assert collected.acquire(blocking=False)
    collector.collect_soon()
    assert len(begun) == 2


def test_streamlit_collects_no_more_itself() -> None:
    settings = tomllib.loads((REPO_ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["runner"]["postScriptGC"] is False
    # When this fails, Streamlit knows the setting no more: see when it collects.
    assert "runner.postScriptGC" in config.get_config_options(force_reparse=False)
