"""``--engine ray``: shards checked by the actors of a Ray cluster.

Each actor keeps one worker process, as the local engine does, with the network loaded once: a
photo that crashes the decoder costs that process and not the actor. What goes through Ray's object
store is a shard's list of addresses on the way there, and its number of photos on the way back.
Photos are read, and journals and copies written, inside the actors.
"""

import logging
import os
import pickle
import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeAlias

from maskdet_core.batch.photos.check import PhotoCheckConfig, PhotoChecker, PhotoTask, lost_photo
from maskdet_core.batch.photos.folder import fetched_tasks
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.processes.workers import Crew
from maskdet_core.batch.shards.store import Shard, ShardStore
from maskdet_core.batch.storage.addresses import Address, Location
from maskdet_core.errors import MaskdetError, WorkerError

_MAX_LOSSES: Final = 5
"""Actors that may die over one shard, and in a row before they are ready: machines of a cluster
come and go, but what has cost so many will not be mended by another."""

_Outcome: TypeAlias = tuple[int, bytes]
"""A shard's number of photos, and no bytes or a pickled error that stops the run."""


def check_on_ray(
    shards: Sequence[Shard], store: ShardStore, config: PhotoCheckConfig, n_jobs: int | None
) -> Generator[int, None, None]:
    """The `maskdet_core.batch.shards.check.Engine` of a Ray cluster that is running.

    An actor that dies is replaced, and others check its shards again.

    Raises:
        WorkerError: Ray is not installed, no cluster is found, or the cluster fails.
        MaskdetError: what an actor raised.
        OSError: an actor cannot write.
    """
    if find_spec("ray") is None:
        raise WorkerError(
            "expected the extra `ray` for --engine ray, found no Ray: pip install 'maskdet[ray]'"
        )
    _refuse_own_memory(shards, store)
    # of its native code, which writes past Python's loggers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    from ray.exceptions import RayError

    with _connected():
        try:
            n_actors = max(1, n_jobs or _n_cluster_cpus())
            folder = Path.cwd() if _are_relative(shards, config) else None
            pool = _Pool((config, store, folder), min(n_actors, len(shards)))
            with closing(pool):
                yield from pool.finished(shards)
        except RayError as error:
            raise WorkerError(
                f"the Ray cluster cannot do the work ({type(error).__name__})"
            ) from error


class _Pool:
    """Actors of a cluster, each with at most one shard.

    A call takes a millisecond and a shard some hundreds. A second one would wait behind a busy
    actor while another is idle.
    """

    def __init__(self, worker: tuple[Any, ...], n_actors: int) -> None:
        """Start actors.

        Args:
            worker: the arguments of `ShardWorker`.
            n_actors: so many; those for which the cluster has no place yet are waited for while
                the others work.
        """
        import ray

        self._ray: Any = ray
        # a dead one is replaced here and not by Ray, so that others take its shards meanwhile
        self._class: Any = ray.remote(num_cpus=1, max_restarts=0)(ShardWorker)
        self._worker = worker
        self._waiting: deque[Shard] = deque()
        self._pending: dict[Any, tuple[Any, Shard | None]] = {}
        """Calls under way, each with its actor, and its shard once the actor is ready."""
        self._idle: list[Any] = []
        self._losses: Counter[str] = Counter()
        self._n_failed = 0
        for _ in range(n_actors):
            self._start()

    def finished(self, shards: Iterable[Shard]) -> Iterator[int]:
        """Yield the number of photos of each shard once it is written.

        Raises:
            Exception: what a worker tells of, or Ray's own error.
        """
        # the largest first, so that all actors end at about one time
        self._waiting.extend(sorted(shards, key=lambda shard: -len(shard.photos)))
        n_open = len(self._waiting)
        while n_open:
            done, _ = self._ray.wait(list(self._pending), num_returns=1)
            for call in done:
                n_photos = self._taken(call)
                if n_photos is not None:
                    n_open -= 1
                    yield n_photos

    def close(self) -> None:
        """End the actors."""
        for actor in (*self._idle, *(actor for actor, _ in self._pending.values())):
            self._ray.kill(actor)

    def _start(self) -> None:
        actor = self._class.remote(*self._worker)
        # one that has no place yet is given no shard
        self._pending[actor.ready.remote()] = (actor, None)

    def _hand_out(self) -> None:
        while self._idle and self._waiting:
            actor, shard = self._idle.pop(), self._waiting.popleft()
            self._pending[actor.check.remote(pickle.dumps(shard))] = (actor, shard)

    def _taken(self, call: Any) -> int | None:
        """Take the outcome of a call; a shard's number of photos, if it was one's."""
        from ray.exceptions import RayError, RayTaskError

        actor, shard = self._pending.pop(call)
        try:
            outcome: _Outcome | None = self._ray.get(call)
        except RayTaskError:
            # raised by code of ours, which is the same on the next actor
            raise
        except RayError as error:
            self._replace(actor, shard, error)
            return None
        self._idle.append(actor)
        self._hand_out()
        if outcome is None:
            self._n_failed = 0
            return None
        n_photos, pickled = outcome
        if pickled:
            raised: Exception = pickle.loads(pickled)
            raise raised
        return n_photos

    def _replace(self, actor: Any, shard: Shard | None, error: Exception) -> None:
        """Settle a call in which an actor died.

        Raises:
            WorkerError: too many have.
        """
        if shard is None:
            self._n_failed += 1
        else:
            self._losses[shard.name] += 1
            self._waiting.appendleft(shard)
        if _MAX_LOSSES in (self._n_failed, self._losses[shard.name] if shard else 0):
            raise WorkerError(
                f"{_MAX_LOSSES} workers of the Ray cluster died one after another, perhaps for "
                "lack of memory, or because Maskdet is not installed there"
            ) from error
        # it may live and be out of reach
        self._ray.kill(actor)
        self._start()
        self._hand_out()


class ShardWorker:
    """What an actor runs: checks one shard after another."""

    def __init__(self, config: PhotoCheckConfig, store: ShardStore, folder: Path | None) -> None:
        """Take what is the same for all shards.

        Args:
            config: how photos are checked.
            store: where journals go.
            folder: what relative paths are relative to.
        """
        self._store, self._folder = store, folder
        self._crew: Crew[PhotoTask, PhotoReport] = Crew(_VerifiedLoad(config, store), 1, lost_photo)
        # what fails here fails with the first shard again, where it can be told
        with suppress(OSError, MaskdetError), _no_main_module():
            self._enter_folder()
            self._crew.warm_up()

    def ready(self) -> None:
        """Answer once it has been set up."""

    def check(self, pickled: bytes) -> _Outcome:
        """Check a shard."""
        shard: Shard = pickle.loads(pickled)
        try:
            self._enter_folder()
            # written, perhaps, by an actor that died before it could tell
            if not self._store.is_done(shard):
                plan = self._store.plan(shard)
                self._store.write(plan, self._checked(plan.tasks))
        except (MaskdetError, OSError) as error:
            # told and not raised: a full disk or a missing model ends the run with its own words
            return 0, pickle.dumps(error)
        return len(shard.photos), b""

    def _enter_folder(self) -> None:
        if self._folder is not None:
            os.chdir(self._folder)

    def _checked(self, tasks: Sequence[PhotoTask]) -> list[PhotoReport]:
        reports = self._mapped(tasks)
        again = [i for i, report in enumerate(reports) if not report.is_final]
        # a service that did not answer, or a process that was killed
        for i, report in zip(again, self._mapped([tasks[i] for i in again]), strict=True):
            reports[i] = report
        return reports

    def _mapped(self, tasks: Sequence[PhotoTask]) -> list[PhotoReport]:
        with closing(fetched_tasks(tasks, 1)) as fetched, _no_main_module():
            return list(self._crew.map(fetched))


@dataclass(frozen=True, slots=True)
class _VerifiedLoad:
    """Loads the network, and checks that it is the one of the process that began the run."""

    config: PhotoCheckConfig
    store: ShardStore

    def __call__(self) -> Callable[[PhotoTask], PhotoReport]:
        checker: PhotoChecker = self.config.load_in_worker()
        self.store.check_settings(checker.settings())
        return checker


def _n_cluster_cpus() -> int:
    import ray

    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return int(resources.get("CPU", 1))


def _refuse_own_memory(shards: Iterable[Shard], store: ShardStore) -> None:
    if _is_in_memory(store.folder):
        raise WorkerError(f"{store.folder}: expected a results folder that all machines see")
    for shard in shards:
        for photo in shard.photos:
            if _is_in_memory(photo):
                raise WorkerError(f"{photo}: expected photos that all machines can read")


def _is_in_memory(place: Location) -> bool:
    return isinstance(place, Address) and "memory://" in place.url


def _are_relative(shards: Iterable[Shard], config: PhotoCheckConfig) -> bool:
    places = [config.model, config.copies]
    places += [photo for shard in shards for photo in shard.photos]
    return any(isinstance(place, Path) and not place.is_absolute() for place in places)


@contextmanager
def _connected() -> Iterator[None]:
    """Connect to the cluster that is running, unless this process already is."""
    import ray

    if ray.is_initialized():
        yield
        return
    try:
        ray.init(address="auto", log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        raise WorkerError(
            "expected a running Ray cluster, found none: start one with `ray start --head`, or "
            "name one in RAY_ADDRESS"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _no_main_module() -> Iterator[None]:
    """Start processes that do not import Ray's main module, which costs more than our own."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    main.__file__ = None
    try:
        yield
    finally:
        main.__file__ = file
