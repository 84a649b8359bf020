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
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from maskdet_core.batch.photos.check import PhotoCheckConfig, PhotoChecker, PhotoTask, lost_photo
from maskdet_core.batch.photos.folder import fetched_tasks
from maskdet_core.batch.photos.report import PhotoReport
from maskdet_core.batch.processes.workers import Crew
from maskdet_core.batch.shards.store import Shard, ShardStore
from maskdet_core.batch.storage.addresses import Address, Location
from maskdet_core.errors import MaskdetError, WorkerError

_IN_FLIGHT_PER_ACTOR: Final = 2
"""Tasks given to an actor at a time: the next is there when one is done, and none waits for long
behind a busy actor while another is idle."""
_TASKS_PER_ACTOR: Final = 8
_SHARDS_PER_TASK: Final = 8
"""Ray needs the driver for each task, so a task is several shards where there are many: at most so
many, and only from so many tasks an actor on, that all actors end at about one time."""
_SHARD: Final = "shard"
_N_PHOTOS: Final = "n_photos"
_ERROR: Final = "error"


def check_on_ray(
    shards: Sequence[Shard], store: ShardStore, config: PhotoCheckConfig, n_jobs: int | None
) -> Generator[int, None, None]:
    """The `maskdet_core.batch.shards.check.Engine` of a Ray cluster that is running.

    An actor that dies is replaced by Ray, and its shard is checked again.

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
            worker = (config, store, folder)
            yield from _finished(shards, worker, min(n_actors, len(shards)))
        except RayError as error:
            raise WorkerError(
                f"the Ray cluster cannot do the work ({type(error).__name__})"
            ) from error


def _finished(shards: Sequence[Shard], worker: tuple[Any, ...], n_actors: int) -> Iterator[int]:
    import ray.data

    rows = [{_SHARD: pickle.dumps(shard)} for shard in shards]
    n_tasks = max(-(-len(rows) // _SHARDS_PER_TASK), min(len(rows), _TASKS_PER_ACTOR * n_actors))
    data = ray.data.from_items(rows, override_num_blocks=n_tasks).map_batches(
        ShardWorker,
        fn_constructor_args=worker,
        batch_size=1,
        # NumPy would cut zero bytes off
        batch_format="pyarrow",
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(
            min_size=1,
            max_size=n_actors,
            initial_size=n_actors,
            max_tasks_in_flight_per_actor=_IN_FLIGHT_PER_ACTOR,
        ),
    )
    for row in data.iter_rows():
        if row[_ERROR]:
            error: Exception = pickle.loads(row[_ERROR])
            raise error
        yield int(row[_N_PHOTOS])


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

    def __call__(self, batch: Any) -> dict[str, list[Any]]:
        """Check the shards of an Arrow table; returns a row for each."""
        rows = [self._outcome(pickle.loads(data)) for data in batch[_SHARD].to_pylist()]
        return {_N_PHOTOS: [n for n, _ in rows], _ERROR: [error for _, error in rows]}

    def _outcome(self, shard: Shard) -> tuple[int, bytes]:
        try:
            self._enter_folder()
            # Ray gives all shards of a task again where an actor died in one of them
            if not self._store.is_done(shard):
                plan = self._store.plan(shard)
                self._store.write(plan, self._checked(plan.tasks))
        except (MaskdetError, OSError) as error:
            # Ray would try again, which mends neither a full disk nor a missing model
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
        with _quiet():
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
        with _quiet():
            yield
    finally:
        ray.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave standard error to our own bar and summary."""
    import ray.data

    context = ray.data.DataContext.get_current()
    before = context.enable_progress_bars
    logger = logging.getLogger("ray.data")
    level = logger.level
    context.enable_progress_bars = False
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        context.enable_progress_bars = before
        logger.setLevel(level)


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
