"""What is done with a picture, and the row of the answer: the command line's own."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

from maskdet_app.api.bodies import Picture
from maskdet_app.api.workers import GivenUpError, PictureWorkers
from maskdet_app.ops.observability import prometheus
from maskdet_core import ImageError
from maskdet_core.batch.photos.judge_process import JudgeError
from maskdet_core.batch.photos.judging import JudgeOptions, JudgeTask, Row, refused
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures.decode import is_out_of_memory

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """The row of one picture.

    Attributes:
        row: as the command line prints it.
        is_final: False if another try may succeed where the row has an error.
    """

    row: Row
    is_final: bool = True


async def results(
    workers: PictureWorkers,
    task: JudgeTask,
    pictures: Sequence[Picture],
    options: JudgeOptions,
) -> AsyncGenerator[Result, None]:
    """Judge pictures, a few at once, with the results in the pictures' order.

    Closing the generator, or cancelling what waits for it, gives up what is not done, at once.
    """
    given_up = threading.Event()
    waiting: list[asyncio.Future[Result]] = []
    taken = iter(pictures)

    def submit_next() -> None:
        picture = next(taken, None)
        if picture is not None:
            waiting.append(_submit(workers, task, picture, options, given_up))

    try:
        # one more than there are workers, so that none waits for the event loop
        for _ in range(workers.n_workers + 1):
            submit_next()
        while waiting:
            result = await waiting.pop(0)
            submit_next()
            yield result
    finally:
        given_up.set()
        for future in waiting:
            future.cancel()


def _submit(
    workers: PictureWorkers,
    task: JudgeTask,
    picture: Picture,
    options: JudgeOptions,
    given_up: threading.Event,
) -> "asyncio.Future[Result]":
    name = picture.name
    row = asyncio.wrap_future(workers.submit(picture.data, name, task, options, given_up))
    return asyncio.ensure_future(_result(row, task, name))


async def _result(row: "asyncio.Future[Row]", task: JudgeTask, name: str) -> Result:
    try:
        done = await row
    except ImageError as error:
        is_final = not isinstance(error, TransientImageError)
        reason = str(error)
    except (GivenUpError, asyncio.CancelledError):
        raise
    except Exception as error:
        # one picture must not stop a batch
        is_final = not is_out_of_memory(error)
        kind = str(error) if isinstance(error, JudgeError) else type(error).__name__
        reason = f"cannot be checked ({kind})"
        _LOG.error("a picture of the API failed by %s", kind)
    else:
        has_faces = not done["error"] if task is JudgeTask.CLASSIFY else done["faces"]
        prometheus.API_PICTURES.labels("faces" if has_faces else "no_face").inc()
        return Result(done)
    prometheus.API_PICTURES.labels("refused" if is_final else "failed").inc()
    return Result(refused(name, task, reason), is_final)
