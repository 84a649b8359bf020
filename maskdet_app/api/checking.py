"""What is done with a picture, and the row of the answer: the command line's own."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from maskdet_app.api.bodies import Picture
from maskdet_app.api.workers import GivenUpError, PictureWorkers
from maskdet_app.ops import metrics
from maskdet_core import Detections, ImageError, MaskDetector
from maskdet_core.batch.photos.check import detect_in_photo
from maskdet_core.batch.photos.crops import classify_crop, unclassified
from maskdet_core.batch.photos.report import PhotoReport, to_json
from maskdet_core.errors import TransientImageError
from maskdet_core.pictures.decode import DecodedPhoto, is_out_of_memory

_LOG: Final = logging.getLogger(__name__)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """How pictures are judged.

    Attributes:
        min_confidence: least confidence for a verdict; None takes the network's.
        min_face_px: least height of a face; None takes the detector's rule.
        two_classes: count a mask worn wrong as no mask.
    """

    min_confidence: float | None = None
    min_face_px: int | None = None
    two_classes: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """The row of one picture.

    Attributes:
        row: as the command line prints it.
        is_final: False if another try may succeed where the row has an error.
    """

    row: Row
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Judge:
    """One of the two things that the API does with pictures.

    Attributes:
        judge: the row of a decoded picture.
        refuse: the row of a picture that cannot be used, with the reason.
    """

    judge: Callable[[str, DecodedPhoto, MaskDetector, Options], Row]
    refuse: Callable[[str, str], Row]


def _check(name: str, photo: DecodedPhoto, detector: MaskDetector, options: Options) -> Row:
    found: Detections = detect_in_photo(detector, photo, min_face_px=options.min_face_px)
    threshold = options.min_confidence
    decided = found.with_min_confidence(
        detector.min_confidence if threshold is None else threshold,
        two_classes=options.two_classes,
    )
    metrics.API_PICTURES.labels("faces" if decided.faces else "no_face").inc()
    return to_json(PhotoReport(name, decided))


def _refuse_photo(name: str, reason: str) -> Row:
    return to_json(PhotoReport(name, None, reason))


def _classify(name: str, photo: DecodedPhoto, detector: MaskDetector, options: Options) -> Row:
    row = classify_crop(
        name,
        photo.image_rgb,
        detector,
        min_confidence=options.min_confidence,
        two_classes=options.two_classes,
    )
    metrics.API_PICTURES.labels("no_face" if row["error"] else "faces").inc()
    return row


CHECK: Final = Judge(_check, _refuse_photo)
CLASSIFY: Final = Judge(_classify, unclassified)


async def results(
    workers: PictureWorkers,
    judge: Judge,
    pictures: Sequence[Picture],
    options: Options,
) -> AsyncGenerator[Result, None]:
    """Judge pictures, a few at once, with the results in the pictures' order.

    Closing the generator, or cancelling what waits for it, gives up what is not done: a decoder at
    once, a detection when it has finished its picture.
    """
    given_up = threading.Event()
    waiting: list[asyncio.Future[Result]] = []
    taken = iter(pictures)

    def submit_next() -> None:
        picture = next(taken, None)
        if picture is not None:
            waiting.append(_submit(workers, judge, picture, options, given_up))

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
    judge: Judge,
    picture: Picture,
    options: Options,
    given_up: threading.Event,
) -> "asyncio.Future[Result]":
    name = picture.name

    def work(detector: MaskDetector, photo: DecodedPhoto) -> Row:
        return judge.judge(name, photo, detector, options)

    row = asyncio.wrap_future(workers.submit(picture.data, work, given_up))
    return asyncio.ensure_future(_result(row, judge, name))


async def _result(row: "asyncio.Future[Row]", judge: Judge, name: str) -> Result:
    try:
        return Result(await row)
    except ImageError as error:
        is_final = not isinstance(error, TransientImageError)
        reason = str(error)
    except (GivenUpError, asyncio.CancelledError):
        raise
    except Exception as error:
        # OpenCV or the runtime may raise anything; one picture must not stop a pile
        is_final = not is_out_of_memory(error)
        reason = f"cannot be checked ({type(error).__name__})"
        _LOG.error("a picture of the API failed by %s", type(error).__name__)
    metrics.API_PICTURES.labels("refused" if is_final else "failed").inc()
    return Result(judge.refuse(name, reason), is_final)
