"""Check video files in a process of their own, into a results folder that a run can resume from."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from maskdet_core.batch.processes.limits import MAX_CPU_S
from maskdet_core.batch.processes.worker_process import Message, WorkerProcess
from maskdet_core.batch.resume import detector_settings
from maskdet_core.batch.storage.stamps import FileStamp
from maskdet_core.batch.videos.folder import (
    FILM,
    VIDEOS,
    Row,
    folder_name,
    keep_result,
    kept_result,
    remove_results,
    take_folder,
    write_files,
)
from maskdet_core.batch.videos.report import failed_video_json, video_json
from maskdet_core.batch.videos.steps import limited_steps
from maskdet_core.cpu import limit_opencv_threads
from maskdet_core.detector import MaskDetector
from maskdet_core.errors import VideoError, WorkerError
from maskdet_core.files import open_atomic
from maskdet_core.masks.loading import load_classifier
from maskdet_core.process_limits import Loss
from maskdet_core.video.limits import VideoLimits

if TYPE_CHECKING:
    from maskdet_core.video.check import Progress, VideoResult

Checked = tuple[Row, tuple[bytes, ...]]
"""A video's JSON object, and the pictures of its moments that no folder has."""
_CANCEL_S: Final = 5.0
"""Time that a video under way gets to remove what it has begun when the work is stopped."""


@dataclass(frozen=True, slots=True)
class VideoCheckConfig:
    """How videos are checked. Picklable: another process loads its own detector from it.

    Attributes:
        model: see `maskdet_core.load_classifier`.
        min_confidence: see `MaskDetector`.
        min_face_px: see `maskdet_core.video.check.VideoOptions`.
        finder: see `maskdet_core.load_finder`.
        two_classes: count a mask worn wrong as no mask; see `MaskDetector`.
        out: results folder, None for none.
        annotate: write an annotated video of each video into the results folder.
        blur: blur all faces in films and pictures.
        limits: on what is read.
    """

    model: Path | None = None
    min_confidence: float | None = None
    min_face_px: int | None = None
    finder: str | None = None
    two_classes: bool = False
    out: Path | None = None
    annotate: bool = False
    blur: bool = False
    limits: VideoLimits = field(default_factory=VideoLimits)

    def __post_init__(self) -> None:
        """Validate the combination.

        Raises:
            ValueError: ``annotate`` without ``out``.
        """
        if self.annotate and self.out is None:
            raise ValueError("expected a results folder for annotated videos, got none")

    def load_detector(self) -> MaskDetector:
        """Load the detector.

        Raises:
            ModelError: the network cannot be loaded.
            CascadeError: the cascades cannot be loaded.
        """
        return MaskDetector.load(
            load_classifier(self.model),
            "live",
            min_confidence=self.min_confidence,
            finder=self.finder,
            two_classes=self.two_classes,
        )

    def load(self) -> "VideoChecker":
        """Load the detector into this process, and set OpenCV's threads for the whole process."""
        detector = self.load_detector()
        limit_opencv_threads()
        return VideoChecker(detector, self)

    def settings(self) -> Row:
        """What results depend on, in JSON types; loads the detector for it."""
        return {
            **detector_settings(self.load_detector()),
            "min_face_px": self.min_face_px,
            "annotate": self.annotate,
            "blur": self.blur,
            # a file that declares no length is read as far as this
            "max_length_s": self.limits.max_length_s,
        }


class VideoChecker:
    """Checks videos with one detector, in the process that it is called in."""

    def __init__(self, detector: MaskDetector, config: VideoCheckConfig) -> None:
        """Take a detector and what to do."""
        self._detector, self._config = detector, config

    def __call__(self, path: Path) -> Generator["Progress", None, Checked]:
        """Check a video, with a limit on this process's time; one that cannot be used has an error.

        Yields:
            How far it is, a few times a second.

        Returns:
            The JSON object of the video, see `video_json`; and where there is no results folder,
            the pictures of its moments.

        Raises:
            OSError: results cannot be written.
        """
        config, out = self._config, self._config.out
        folder = None if out is None else out / VIDEOS / folder_name(path)
        try:
            with ExitStack() as stack:
                film: BinaryIO | None = None
                if folder is not None:
                    folder.mkdir(parents=True, exist_ok=True)
                    remove_results(folder)
                    if config.annotate:
                        film = stack.enter_context(open_atomic(folder / FILM))
                result = yield from self._steps(path, film)
        except VideoError as error:
            return failed_video_json(str(path), str(error)), ()
        except OSError:
            raise
        except Exception as error:
            # OpenCV or the runtime may raise anything; one video must not stop the others
            reason = f"cannot be checked ({type(error).__name__}: {error})"
            return failed_video_json(str(path), reason), ()
        pictures = tuple(one.blurred_jpeg if config.blur else one.jpeg for one in result.moments)
        if folder is None:
            return video_json(str(path), result, annotated=None, folder=None), pictures
        annotated = None if film is None else FILM
        row = video_json(str(path), result, annotated=annotated, folder=folder.name)
        write_files(folder, result, pictures, row)
        return row, ()

    def _steps(
        self, path: Path, film: BinaryIO | None
    ) -> Generator["Progress", None, "VideoResult"]:
        # PyAV takes a while and some memory, which photos do not need
        from maskdet_core.video.check import VideoOptions

        config = self._config
        options = VideoOptions(config.min_face_px, config.blur, limits=config.limits)
        return limited_steps(path, self._detector, options, film)


def check_videos(
    videos: Sequence[Path],
    config: VideoCheckConfig,
    progress: Callable[[Path, "Progress"], None],
    *,
    fresh: bool = False,
    on_pictures: Callable[[Row, tuple[bytes, ...]], None] = lambda row, pictures: None,
) -> Generator[tuple[Row, bool], None, None]:
    """Check videos one after the other in a process of their own.

    With a results folder, videos that are done are not checked again, unless they have changed or
    what was made of them is gone. One that was interrupted is checked from its beginning. A video
    that takes too much processor time, or that ends its process, gives an object with an error. The
    program's main module must be guarded as `maskdet_core.batch.processes.workers.map_in_order`
    says.

    Args:
        videos: one that is named twice counts once.
        config: how they are checked.
        progress: called a few times a second with the video and how far it is.
        fresh: discard the results of videos in the results folder.
        on_pictures: without a results folder, called with each video's object and the JPEG of each
            of its moments.

    Yields:
        For each video its JSON object, and whether it had been done before.

    Raises:
        JournalError: results of other settings are in the results folder, or another run uses it.
        WorkerError: the process cannot be set up.
        ModelError: the network cannot be loaded.
        CascadeError: the cascades cannot be loaded.
        OSError: results cannot be written.
    """
    settings = config.settings()
    runner = _Runner(config)
    with ExitStack() as stack:
        stack.callback(runner.close)
        if config.out is not None:
            take_folder(config.out / VIDEOS, stack, fresh=fresh)
        for video in dict.fromkeys(videos):
            stamp = FileStamp.of(video)
            row = None if config.out is None else kept_result(config.out, video, stamp, settings)
            if row is not None:
                yield row, True
                continue
            with _clean_after_failure(config.out, video, runner):
                (row, pictures), is_final = runner.run(video, progress)
            if config.out is None:
                on_pictures(row, pictures)
            else:
                folder = config.out / VIDEOS / folder_name(video)
                if row["error"] is not None:
                    # a process that was lost has removed nothing
                    remove_results(folder)
                if is_final:
                    keep_result(folder, row, stamp, settings)
            yield row, False


@contextmanager
def _clean_after_failure(out: Path | None, video: Path, runner: "_Runner") -> Iterator[None]:
    """Remove what a process that had to be killed has begun of a video."""
    try:
        yield
    except BaseException:
        runner.close()
        if out is not None:
            remove_results(out / VIDEOS / folder_name(video))
        raise


class _Runner:
    """A worker process for one video after the other, replaced when it ends."""

    def __init__(self, config: VideoCheckConfig) -> None:
        self._config = config
        self._worker: WorkerProcess | None = None

    def run(
        self, video: Path, progress: Callable[[Path, "Progress"], None]
    ) -> tuple[Checked, bool]:
        """Check a video; what came of it, and whether another try is needless."""
        worker = self._ready()
        worker.send(video)
        for message, value in _messages(worker):
            if message is Message.PROGRESS:
                progress(video, value)
            elif message is Message.RAISED:
                raise value
            else:
                checked: Checked = value
                return checked, checked[0]["error"] is None
        self._worker = None
        loss = worker.why_ended()
        row = failed_video_json(str(video), _lost_reason(loss))
        return (row, ()), loss is not Loss.KILLED

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.dismiss()
            worker.end(_CANCEL_S)

    def _ready(self) -> WorkerProcess:
        if self._worker is not None:
            return self._worker
        try:
            worker = WorkerProcess(self._config.load, MAX_CPU_S)
        except OSError as error:
            raise WorkerError(f"cannot start a process for videos ({error})") from error
        self._worker = worker
        for message, value in _messages(worker):
            if message is Message.READY:
                return worker
            raise value
        self._worker = None
        worker.end(0)
        raise WorkerError("the process for videos ends before it is set up")


def _messages(worker: WorkerProcess) -> Iterator[tuple[Message, Any]]:
    """What a worker sends, until it has ended."""
    while True:
        wait(list(worker.signs))
        message = worker.receive()
        if message is None:
            return
        yield message


def _lost_reason(loss: Loss) -> str:
    match loss:
        case Loss.CPU_TIME:
            return "refused: it takes too much processor time for its length"
        case Loss.CRASH:
            return "refused: it crashes the decoder or the detection"
        case Loss.KILLED:
            return "cannot be checked at the moment: its process was killed, perhaps for memory"
