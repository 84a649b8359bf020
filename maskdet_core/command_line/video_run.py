"""The videos of one run of the command line: checked once, with progress and a summary."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from maskdet_core.batch.photos.folder_document import common_folder
from maskdet_core.batch.videos.check import VideoCheckConfig, check_videos
from maskdet_core.batch.videos.folder import Row, kept_pictures
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.videos import VideoPart
from maskdet_core.types import Verdict
from maskdet_core.untrusted_text import one_line

if TYPE_CHECKING:
    from maskdet_core.video.check import Progress

_WORDS: Final[Mapping[Verdict, str]] = {
    Verdict.WITH_MASK: "mask",
    Verdict.WORN_WRONG: "worn wrong",
    Verdict.WITHOUT_MASK: "no mask",
    Verdict.NOT_SURE: "not sure",
}
_BAR: Final = "{desc}: {percentage:3.0f}%|{bar}| {n:.0f}/{total:.0f} s [{elapsed}<{remaining}]"


class VideoRun:
    """Videos to check, or already checked.

    Attributes:
        all_read: whether all could be used; known after `rows`.
    """

    def __init__(
        self,
        videos: Sequence[Path],
        config: VideoCheckConfig,
        *,
        fresh: bool = False,
        on_checked: Callable[[Row], None] = lambda row: None,
        keep_pictures: bool = False,
    ) -> None:
        """Note what is to be done; see `check_videos`.

        Args:
            videos: see `check_videos`.
            config: see `check_videos`.
            fresh: see `check_videos`.
            on_checked: called with the JSON object of each video that had not been done before.
            keep_pictures: keep the moments' pictures, at most some 400 kB a video, for `part`;
                with a results folder they are read from there.
        """
        self._keep_pictures = keep_pictures
        self._pictures: dict[str, tuple[bytes, ...]] = {}
        self._videos, self._config, self._fresh = videos, config, fresh
        self._on_checked = on_checked
        self._rows: list[Row] | None = None
        self._n_before = 0
        self._took_s = self._new_s = 0.0
        self.all_read = True

    def rows(self, write: Callable[[Row], None] = lambda row: None) -> list[Row]:
        """The JSON objects of the videos; the first call checks them.

        Args:
            write: called with each object as soon as it is there.

        Raises:
            MaskdetError: as `check_videos`.
            OSError: as `check_videos`.
        """
        if self._rows is None:
            self._rows = []
            if self._videos:
                self._check(self._rows, write)
        return self._rows

    def part(self, *, with_pictures: bool) -> VideoPart:
        """The videos as the HTML report takes them; checks them where they are not yet."""
        rows = self.rows()
        paths = [Path(row["path"]) for row in rows]
        folder = common_folder(paths)
        names = [str(path if folder is None else path.relative_to(folder)) for path in paths]
        return VideoPart(
            rows,
            [one_line(name) for name in names],
            CheckFacts.of_videos(self._config.load_detector()),
            self._pictures_of if with_pictures else None,
        )

    def _pictures_of(self, row: Mapping[str, Any]) -> Sequence[bytes | None]:
        out = self._config.out
        return self._pictures[row["path"]] if out is None else kept_pictures(out, row)

    def _keep(self, row: Row, pictures: tuple[bytes, ...]) -> None:
        if self._keep_pictures:
            self._pictures[row["path"]] = pictures

    def print_summary(self) -> None:
        """Print how many videos and people there were, if any, to standard error."""
        rows = self._rows
        if not rows:
            return
        counts = {
            verdict: sum(row["people_by_verdict"][verdict.value] for row in rows)
            for verdict in Verdict
        }
        by_verdict = ", ".join(f"{counts[verdict]} {word}" for verdict, word in _WORDS.items())
        before = f" ({self._n_before} of them done before)" if self._n_before else ""
        n_unreadable = sum(row["error"] is not None for row in rows)
        speed = ""
        if self._new_s and self._took_s:
            speed = f", {self._new_s / self._took_s:.1f} times real time"
        n_people = sum(row["n_people"] for row in rows)
        print(
            f"{len(rows)} video{'s' if len(rows) > 1 else ''}{before}: "
            f"{n_people} {'person' if n_people == 1 else 'people'}, each once: {by_verdict}; "
            f"{n_unreadable} unreadable; {self._took_s:.1f} s{speed}",
            file=sys.stderr,
        )

    def _check(self, rows: list[Row], write: Callable[[Row], None]) -> None:
        began_s = time.monotonic()
        bar = _Bar(len(self._videos))
        steps = check_videos(
            self._videos, self._config, bar.show, fresh=self._fresh, on_pictures=self._keep
        )
        with closing(bar), closing(steps):
            for row, was_done in steps:
                bar.end_video()
                rows.append(row)
                self._n_before += was_done
                self._new_s += 0.0 if was_done else row["length_s"] or 0.0
                self.all_read = self.all_read and row["error"] is None
                write(row)
                if not was_done:
                    self._on_checked(row)
        self._took_s = time.monotonic() - began_s


class _Bar:
    """A progress bar a video, on a terminal only."""

    def __init__(self, n_videos: int) -> None:
        self._n_videos, self._n_done = n_videos, 0
        self._bar: Any = None

    def show(self, video: Path, progress: "Progress") -> None:
        if self._bar is None:
            of = f" ({self._n_done + 1} of {self._n_videos})" if self._n_videos > 1 else ""
            self._bar = tqdm(
                total=progress.length_s,
                desc=one_line(video.name) + of,
                unit="s",
                bar_format=None if progress.length_s is None else _BAR,
                dynamic_ncols=True,
                disable=not sys.stderr.isatty(),
                leave=False,
            )
        self._bar.update(min(progress.at_s, progress.length_s or progress.at_s) - self._bar.n)

    def end_video(self) -> None:
        self._n_done += 1
        self.close()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
