"""Interleaved runs of page and fragments: every message must fit the elements that a browser has.

The server delivers its messages slowly here, as on a busy machine: Streamlit then drops parts of a
run that the next one follows closely. `testbed.visitors.delta_tree` raises where the front end
would, and in a browser the page would be white from then on.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from maskdet_core.records.runs import EPOCHS_FILE, RUN_FILE
from testbed.pictures.scenes import scene
from testbed.repository import REPO_ROOT
from testbed.servers.server import Server, serve
from testbed.visitors.visitor import Film, Visitor

MODEL = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
N_RERUNS = 300
N_ROUNDS = 6
FLUSH_S = 0.15
SETTLE_S = 60.0
LATE_S = 15.0
STAYED_S = 3.0
PAUSES_S = (0.0, 0.005, 0.02, 0.06, 0.2)
SEED = 15

pytestmark = pytest.mark.skipif(not MODEL.is_file(), reason="models/ holds no network")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    runs = tmp_path_factory.mktemp("runs")
    run = runs / "in-progress"
    run.mkdir()
    (run / RUN_FILE).write_text(
        json.dumps({"name": "in progress", "status": "running", "epochs_total": 9}),
        encoding="utf-8",
    )
    epoch = {"epoch": 1, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.4, "val_accuracy": 0.9}
    (run / EPOCHS_FILE).write_text(json.dumps(epoch) + "\n", encoding="utf-8")
    with serve(max_viewers=2, flush_s=FLUSH_S, MASKDET_RUNS=str(runs)) as running:
        yield running


async def finish(visitor: Visitor) -> None:
    """Wait until a run of the page is delivered, and its fragments' runs after it."""
    n_finished = visitor.n_finished
    await visitor.rerun()
    # timers that fire during the page's run: their fragments follow it at once
    await asyncio.sleep(0.03)
    for fragment in sorted(visitor.auto_reruns):
        await visitor.rerun(fragment)
    async with asyncio.timeout(SETTLE_S):
        while visitor.n_finished == n_finished or not visitor.is_idle:
            await asyncio.sleep(0.05)


async def settled_kinds(visitor: Visitor) -> list[str]:
    """The page's elements once they have stayed: on a busy machine the last come late."""
    kinds, since_s = visitor.tree.kinds(), time.monotonic()
    while time.monotonic() - since_s < STAYED_S:
        await asyncio.sleep(0.1)
        if visitor.tree.kinds() != kinds:
            kinds, since_s = visitor.tree.kinds(), time.monotonic()
    return kinds


async def interleave(visitor: Visitor, change: Callable[[Visitor, random.Random], None]) -> None:
    """Ask for runs of the page and of its fragments in quick succession and in random order."""
    chance = random.Random(SEED)
    await finish(visitor)
    before = await settled_kinds(visitor)
    for _ in range(N_ROUNDS):
        for _ in range(N_RERUNS // N_ROUNDS):
            fragments = sorted(visitor.auto_reruns)
            if fragments and chance.random() < 0.6:
                await visitor.rerun(chance.choice(fragments))
            else:
                change(visitor, chance)
                await visitor.rerun()
            await asyncio.sleep(chance.choice(PAUSES_S))
            assert not visitor.tree.errors
        await finish(visitor)
        # on a busy machine the last messages or verdicts come late; what is lost never comes
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_S):
                while visitor.tree.kinds() != before:
                    await asyncio.sleep(0.1)
        assert not visitor.tree.errors
        assert visitor.tree.kinds() == before


def move_slider(visitor: Visitor, chance: random.Random) -> None:
    if visitor.tree.widget_id("sure"):
        visitor.set_widget("sure", double_array_value={"data": [chance.randint(50, 99)]})


def test_live_page_keeps_its_elements_in_place(server: Server) -> None:
    def change(visitor: Visitor, chance: random.Random) -> None:
        move_slider(visitor, chance)
        if chance.random() < 0.3 and visitor.tree.widget_id("mirror_user"):
            visitor.set_widget("mirror_user", bool_value=chance.random() < 0.5)

    async def scenario() -> None:
        async with Visitor(server.port, Film([*scene(1, 48)], 12)) as visitor:
            await visitor.start()
            async with asyncio.timeout(SETTLE_S):
                while not visitor.counts or visitor.tree.widget_id("live_snapshot") is None:
                    await asyncio.sleep(0.1)
            await interleave(visitor, change)
            assert len(visitor.auto_reruns) == 2
            n_received = len(visitor.received_at_s)
            async with asyncio.timeout(SETTLE_S):
                while len(visitor.received_at_s) < n_received + 12:
                    await asyncio.sleep(0.1)

    asyncio.run(scenario())


def test_photo_page_keeps_its_elements_in_place(server: Server) -> None:
    def change(visitor: Visitor, chance: random.Random) -> None:
        move_slider(visitor, chance)
        if chance.random() < 0.3 and visitor.tree.widget_id("blur"):
            visitor.set_widget("blur", bool_value=chance.random() < 0.5)

    async def scenario() -> None:
        async with Visitor(server.port, page="photo") as visitor:
            visitor.set_widget("samples", trigger_value=True)
            await visitor.rerun()
            async with asyncio.timeout(SETTLE_S):
                # all are checked, and the progress bar is gone
                while visitor.tree.widget_id("open-sample-hand") is None or not visitor.is_idle:
                    await asyncio.sleep(0.1)
            await interleave(visitor, change)

    asyncio.run(scenario())


def test_metrics_page_keeps_its_elements_in_place_while_a_run_trains(server: Server) -> None:
    def change(visitor: Visitor, chance: random.Random) -> None:
        pass

    async def scenario() -> None:
        async with Visitor(server.port, page="metrics") as visitor:
            await interleave(visitor, change)
            assert len(visitor.auto_reruns) == 1

    asyncio.run(scenario())
