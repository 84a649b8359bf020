"""``maskdet check``: find faces in photos and videos and give each a verdict."""

import argparse
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Final

from maskdet_core.batch.csv_lines import BOM
from maskdet_core.batch.photos.check import PhotoCheckConfig, PhotoTask
from maskdet_core.batch.photos.folder import (
    STDOUT,
    Results,
    check_folder,
    check_photos,
    open_report,
)
from maskdet_core.batch.photos.folder_document import HtmlReport
from maskdet_core.batch.photos.report import to_json
from maskdet_core.batch.shards.check import check_by_shards, check_here
from maskdet_core.batch.shards.ray_engine import check_on_ray
from maskdet_core.batch.storage.addresses import Address
from maskdet_core.batch.videos.check import VideoCheckConfig
from maskdet_core.batch.videos.report import tracks_csv_text
from maskdet_core.command_line.alert_options import add_webhook_arguments
from maskdet_core.command_line.command import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_SOME_UNREADABLE,
    Command,
    add_common_arguments,
    place,
    positive,
    print_message,
    print_search,
    row_writer,
)
from maskdet_core.command_line.inputs import FoundPictures, find_pictures
from maskdet_core.command_line.video_alerts import video_alerts
from maskdet_core.command_line.video_run import VideoRun
from maskdet_core.cpu import n_cores
from maskdet_core.html_report.texts import ENGLISH, languages
from maskdet_core.untrusted_text import one_line
from maskdet_core.video.limits import MAX_BYTES, MAX_LENGTH_S, VideoLimits

_FORMS: Final = {
    "csv": "on photos as CSV",
    "tracks": "on videos as CSV",
    "json": "as JSON",
}
"""Options for reports, with what they write."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--min-face", type=positive, metavar="PX", help="least height of a face in px"
    )
    parser.add_argument(
        "--finder",
        metavar="WHICH",
        help="manifest of a face finder, or `stock` for OpenCV's own (default: the shipped one)",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="most processes (default: one per core; a few photos take one)",
    )
    parser.add_argument(
        "--out",
        type=place,
        metavar="DIR",
        help="results folder or address; the same command resumes a run that was stopped",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="who checks: this machine, or the Ray cluster that is running; needs --out "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--annotate",
        action="store_true",
        help="put copies of photos and videos with the verdicts drawn into DIR",
    )
    parser.add_argument("--blur", action="store_true", help="blur all faces in what is made")
    parser.add_argument("--fresh", action="store_true", help="discard what DIR holds, start over")
    for form in _FORMS:
        parser.add_argument(
            f"--{form}",
            type=place,
            metavar="FILE",
            help=f"write the whole report {_FORMS[form]} (`-`: to standard output)",
        )
    parser.add_argument(
        "--no-videos", action="store_true", help="leave videos out, in folders as well"
    )
    parser.add_argument(
        "--max-video-hours",
        type=_above_zero,
        default=MAX_LENGTH_S / 3600,
        metavar="H",
        help="refuse longer videos (default: %(default)g)",
    )
    parser.add_argument(
        "--max-video-gb",
        type=_above_zero,
        default=MAX_BYTES / 1e9,
        metavar="GB",
        help="refuse larger videos (default: %(default)g)",
    )
    parser.add_argument(
        "--report",
        type=place,
        metavar="FILE.html",
        help="write a report to hand on, one HTML file (`-`: to standard output)",
    )
    parser.add_argument(
        "--language", choices=languages(), help=f"of the HTML report (default: {ENGLISH})"
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="leave the pictures out of the HTML report"
    )
    add_webhook_arguments(parser)
    add_common_arguments(parser)


def _validate(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    wanted = (options.csv, options.tracks, options.json, options.report)
    files = [path for path in wanted if path is not None]
    for wrong, message in (
        (options.annotate and not options.out, "--annotate needs --out"),
        (options.engine == "ray" and not options.out, "--engine ray needs --out"),
        (options.fresh and not options.out, "--fresh needs --out"),
        (
            options.blur
            and not (options.annotate or options.report)
            and not (options.out and _checks_videos(options)),
            "--blur needs --annotate or --report, or --out for the pictures of videos",
        ),
        (options.language and not options.report, "--language needs --report"),
        (options.no_pictures and not options.report, "--no-pictures needs --report"),
        (
            options.format and (options.out or files),
            "--format is for standard output, which --out, --csv, --tracks, --json and --report "
            "replace",
        ),
        (
            len(set(files)) < len(files),
            "expected a file for each of --csv, --tracks, --json and --report, got one for two",
        ),
        (options.tracks and options.no_videos, "--tracks needs videos, not --no-videos"),
        (
            options.webhook is not None and not _checks_videos(options),
            "--webhook tells of videos, which are not checked here",
        ),
        (
            options.tracks and not _takes_videos(options),
            "--tracks takes results with paths, and the local engine",
        ),
        *(
            (path.is_dir(), f"expected a file to write, got the folder {path}")
            for path in files
            if isinstance(path, Path)
        ),
    ):
        if wrong:
            parser.error(message)


def _run(options: argparse.Namespace) -> int:
    config = PhotoCheckConfig(
        options.model,
        options.min_confidence,
        options.min_face,
        options.finder,
        # of the copies: that of the report is no setting of the journal's
        blur=options.blur and options.annotate,
        two_classes=options.two_classes,
    )
    found = find_pictures(options.paths, options.out, with_videos=_checks_videos(options))
    with video_alerts(options) as alerts:
        videos = VideoRun(
            found.videos,
            _video_config(options),
            fresh=options.fresh,
            on_checked=alerts.send,
            keep_pictures=bool(options.report) and not options.no_pictures,
        )
        status = _checked(options, found, config, videos)
        alerts.was_interrupted = status == EXIT_INTERRUPTED
        return status


def _checked(
    options: argparse.Namespace, found: FoundPictures, config: PhotoCheckConfig, videos: VideoRun
) -> int:
    reports = (options.csv, options.tracks, options.json, options.report)
    try:
        if options.out or any(reports):
            all_read = _write_results(options, found, config, videos)
        else:
            all_read = _print_rows(options, found, config, videos)
    except KeyboardInterrupt:
        if not options.out:
            raise
        print_message(
            "stopped; the same command goes on from here"
            + (", a video that was begun from its beginning" if found.videos else "")
        )
        return EXIT_INTERRUPTED
    return EXIT_OK if all_read and not found.unreadable else EXIT_SOME_UNREADABLE


def _write_results(
    options: argparse.Namespace, found: FoundPictures, config: PhotoCheckConfig, videos: VideoRun
) -> bool:
    """Check into files; whether all photos and videos could be read."""
    html = options.report and HtmlReport(
        options.report,
        options.language or ENGLISH,
        pictures=not options.no_pictures,
        blurred=options.blur,
        videos=partial(videos.part, with_pictures=not options.no_pictures)
        if found.videos
        else None,
    )
    results = Results(options.out, options.csv, options.json, options.annotate, options.fresh, html)
    n_jobs, left_out = options.jobs, found.left_out_text
    if options.engine == "ray" or isinstance(options.out, Address):
        engine = check_on_ray if options.engine == "ray" else check_here
        counts = check_by_shards(found.paths, config, results, engine, n_jobs, left_out=left_out)
    else:
        with ExitStack() as stack:
            tracks = None if options.tracks is None else open_report(options.tracks, stack)
            counts = check_folder(
                found.paths,
                config,
                results,
                n_jobs or n_cores(),
                left_out=left_out,
                others=videos.rows,
            )
            if tracks is not None:
                mark = b"" if options.tracks == STDOUT else BOM
                tracks.write(mark + "".join(tracks_csv_text(videos.rows())).encode("utf-8"))
                tracks.flush()
        videos.print_summary()
    print_search(found, left_out=False)
    return not counts.n_unreadable and videos.all_read


def _print_rows(
    options: argparse.Namespace, found: FoundPictures, config: PhotoCheckConfig, videos: VideoRun
) -> bool:
    """Check and print a line per photo and video; whether all could be read."""
    write = row_writer(options.format)
    all_read = True
    tasks = [PhotoTask(path, n) for n, path in enumerate(found.paths, 1)]
    if not tasks and not found.videos:
        # no process does, and a wrong model is an error all the same
        config.load()
    with closing(check_photos(tasks, config, options.jobs or n_cores())) as reports:
        for report in reports:
            row = to_json(report)
            all_read = all_read and row["error"] is None
            if row["n_unjudged"]:
                print_message(
                    f"{one_line(report.photo)}: {row['n_unjudged']} more faces not judged"
                )
            write(row)
    for row in videos.rows(write):
        all_read = all_read and row["error"] is None
    print_search(found)
    return all_read


def _takes_videos(options: argparse.Namespace) -> bool:
    """Videos are checked here, into a folder with a path."""
    return options.engine != "ray" and not isinstance(options.out, Address)


def _checks_videos(options: argparse.Namespace) -> bool:
    return _takes_videos(options) and not options.no_videos


def _video_config(options: argparse.Namespace) -> VideoCheckConfig:
    out = options.out if isinstance(options.out, Path) else None
    return VideoCheckConfig(
        options.model,
        options.min_confidence,
        options.min_face,
        options.finder,
        two_classes=options.two_classes,
        out=out,
        annotate=options.annotate and out is not None,
        blur=options.blur,
        limits=VideoLimits(
            max_bytes=round(options.max_video_gb * 1e9),
            max_length_s=options.max_video_hours * 3600,
        ),
    )


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


CHECK: Final = Command(
    "check",
    "find faces in whole photos and videos and classify each",
    _add_arguments,
    _run,
    _validate,
)
