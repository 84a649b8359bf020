"""Check a video file: from the file to people, counts, moments and an annotated video."""

from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from maskdet_core.detector import MaskDetector
from maskdet_core.draw.annotate import LABELS, LOOKING, Labels
from maskdet_core.reasons import Problem, Reason
from maskdet_core.types import RgbImage
from maskdet_core.video.film import FILM_PX, FILM_STEP_S, AnnotatedFilm
from maskdet_core.video.frame import SEARCH_PX, VideoFrame, fitted
from maskdet_core.video.limits import VideoLimits
from maskdet_core.video.moments import Moment, Moments
from maskdet_core.video.pipeline import read_ahead
from maskdet_core.video.reading import VideoInfo, VideoReader
from maskdet_core.video.timeline import Person, Timeline
from maskdet_core.video.watcher import STEP_S, FaceWatcher, shrunk_face_px

NO_SOUND: Final = Reason(Problem.NO_SOUND, "the annotated video has no sound")
_N_AHEAD: Final = 8
"""Frames that are decoded ahead at most, some 4 MB each with a film: enough for the time that a
search takes."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """How a video is checked.

    Attributes:
        min_face_px: height of the smallest face in the video's frames, px; None takes the
            detector's, or 1/24 of the longer side where it has none.
        blur: blur all faces in the annotated video.
        labels: of the annotated video; see `annotate`.
        looking: the same.
        limits: on what is read.
    """

    min_face_px: int | None = None
    blur: bool = False
    labels: Labels = field(default_factory=lambda: LABELS)
    looking: str = LOOKING
    limits: VideoLimits = field(default_factory=VideoLimits)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a check is.

    Attributes:
        at_s: time in the video up to which it is checked.
        length_s: of the whole video; None where the file does not say.
    """

    at_s: float
    length_s: float | None

    @property
    def share(self) -> float | None:
        """Part that is done, 0 to 1; None where the length is not known."""
        if self.length_s is None:
            return None
        return min(1.0, self.at_s / self.length_s)


@dataclass(frozen=True, slots=True)
class VideoResult:
    """What was found in a video.

    Attributes:
        width_px: of a frame as it is shown.
        height_px: the same.
        length_s: what could be read.
        info: what the file says of itself.
        n_frames: frames looked at.
        people: each once, with the intervals in which they are seen.
        moments: the beginnings of intervals without a mask, or with one worn wrong, by time.
        notes: what was left out or could not be read.
    """

    width_px: int
    height_px: int
    length_s: float
    info: VideoInfo
    n_frames: int
    people: tuple[Person, ...]
    moments: tuple[Moment, ...]
    notes: tuple[Reason, ...] = ()


def check_video(
    source: Path | str | BinaryIO,
    detector: MaskDetector,
    options: VideoOptions | None = None,
    *,
    film: BinaryIO | None = None,
) -> Generator[Progress, None, VideoResult]:
    """Check a video, step by step: each step of the generator takes a frame.

    Closing the generator ends the check; what ``film`` holds then is no film. In memory are the
    frames of some seconds, whatever the video's length.

    A decoder may take long over a frame that was made to, and crash: where files come from
    strangers, run this in a process of its own with a limit on processor time
    (`maskdet_core.batch.videos.check` does).

    Args:
        source: path, or a seekable binary file.
        detector: finds and classifies; the preset "live" is meant for this. Its threshold and rule
            decide.
        options: None takes the defaults.
        film: where an annotated video is written as MP4; None for none.

    Yields:
        How far it is; first right after opening.

    Returns:
        The result. A damaged video gives what could be read of it, and a note.

    Raises:
        VideoError: the file cannot be read, or is above a limit.
        OSError: the film cannot be written.
    """
    options = VideoOptions() if options is None else options
    with ExitStack() as stack:
        reader = stack.enter_context(VideoReader(source, options.limits))
        length_s = reader.info.length_s
        yield Progress(0.0, length_s)
        decoded = reader.frames(STEP_S if film is None else FILM_STEP_S)
        pictures = (_Pictures.of(frame, with_film=film is not None) for frame in decoded)
        frames = stack.enter_context(closing(read_ahead(pictures, _N_AHEAD)))
        watcher: FaceWatcher | None = None
        writer: AnnotatedFilm | None = None
        timeline, moments = Timeline(), Moments()
        width = height = n_frames = 0
        for frame in frames:
            if watcher is None:
                width, height = frame.width_px, frame.height_px
                least_px = options.min_face_px or detector.min_face_px
                least_px = shrunk_face_px(least_px, (width, height), SEARCH_PX)
                watcher = FaceWatcher(detector, min_face_px=least_px)
            if writer is None and film is not None:
                writer = AnnotatedFilm(
                    film,
                    *fitted(width, height, FILM_PX),
                    blur=options.blur,
                    labels=options.labels,
                    looking=options.looking,
                )
                stack.enter_context(writer)
            watched = watcher.add(frame.at_s, frame.search_rgb)
            for event in watched.events:
                timeline.add(event)
            moments.add(watched, frame.search_rgb)
            if writer is not None and frame.film_rgb is not None:
                writer.add(watched, frame.film_rgb)
            n_frames += 1
            yield Progress(frame.at_s, length_s)
        for event in () if watcher is None else watcher.finish(reader.length_s):
            timeline.add(event)
        if writer is not None:
            writer.close()
        notes = [*reader.notes, *moments.notes]
        if film is not None and reader.info.has_audio:
            notes.append(NO_SOUND)
        people = timeline.people()
        return VideoResult(
            width,
            height,
            reader.length_s,
            reader.info,
            n_frames,
            people,
            moments.lasting(people),
            tuple(notes),
        )


class _Pictures(NamedTuple):
    """A frame in the sizes that are wanted of it, with its own size as it is shown."""

    at_s: float
    width_px: int
    height_px: int
    search_rgb: RgbImage
    film_rgb: RgbImage | None

    @classmethod
    def of(cls, frame: VideoFrame, *, with_film: bool) -> "_Pictures":
        film_rgb = frame.scaled(FILM_PX) if with_film else None
        return cls(frame.at_s, frame.width_px, frame.height_px, frame.scaled(SEARCH_PX), film_rgb)
