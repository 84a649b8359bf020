"""``maskdet check``: find faces in whole photographs and give each a verdict."""

import argparse
from contextlib import closing
from pathlib import Path
from typing import Final

from maskdet_core.batch.command import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_SOME_UNREADABLE,
    Command,
    add_common_arguments,
    positive,
    print_message,
    print_search,
    row_writer,
)
from maskdet_core.batch.folder import Results, check_folder, check_photos
from maskdet_core.batch.folder_document import HtmlReport
from maskdet_core.batch.photo import PhotoCheckConfig, PhotoTask
from maskdet_core.batch.pictures import FoundPictures, find_pictures
from maskdet_core.batch.report import one_line, to_json
from maskdet_core.cpu import n_cores
from maskdet_core.html_report.texts import ENGLISH, languages


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
        type=Path,
        metavar="DIR",
        help="results folder; the same command resumes a run that was stopped",
    )
    parser.add_argument(
        "--annotate", action="store_true", help="put copies with the verdicts drawn into DIR"
    )
    parser.add_argument("--blur", action="store_true", help="blur all faces in copies and report")
    parser.add_argument("--fresh", action="store_true", help="discard what DIR holds, start over")
    for form in ("csv", "json"):
        parser.add_argument(
            f"--{form}",
            type=Path,
            metavar="FILE",
            help=f"write the whole report as {form.upper()} (`-`: to standard output)",
        )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="write a report to hand on, one HTML file (`-`: to standard output)",
    )
    parser.add_argument(
        "--language", choices=languages(), help=f"of the HTML report (default: {ENGLISH})"
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="leave the photos out of the HTML report"
    )
    add_common_arguments(parser)


def _validate(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    files = [path for path in (options.csv, options.json, options.report) if path is not None]
    for wrong, message in (
        (options.annotate and not options.out, "--annotate needs --out"),
        (options.fresh and not options.out, "--fresh needs --out"),
        (
            options.blur and not (options.annotate or options.report),
            "--blur needs --annotate or --report",
        ),
        (options.language and not options.report, "--language needs --report"),
        (options.no_pictures and not options.report, "--no-pictures needs --report"),
        (
            options.format and (options.out or files),
            "--format is for standard output, which --out, --csv, --json and --report replace",
        ),
        (
            len(set(files)) < len(files),
            "expected a file for each of --csv, --json and --report, got one for two",
        ),
        *((path.is_dir(), f"expected a file to write, got the folder {path}") for path in files),
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
    n_jobs = options.jobs or n_cores()
    found = find_pictures(options.paths, options.out)
    try:
        if options.out or options.csv or options.json or options.report:
            all_read = _write_results(options, found, config, n_jobs)
        else:
            all_read = _print_rows(options, found, config, n_jobs)
    except KeyboardInterrupt:
        if not options.out:
            raise
        print_message("stopped; the same command goes on from here")
        return EXIT_INTERRUPTED
    return EXIT_OK if all_read and not found.unreadable else EXIT_SOME_UNREADABLE


def _write_results(
    options: argparse.Namespace, found: FoundPictures, config: PhotoCheckConfig, n_jobs: int
) -> bool:
    """Check into files; whether all photos could be read."""
    html = options.report and HtmlReport(
        options.report,
        options.language or ENGLISH,
        pictures=not options.no_pictures,
        blurred=options.blur,
    )
    results = Results(options.out, options.csv, options.json, options.annotate, options.fresh, html)
    counts = check_folder(found.paths, config, results, n_jobs, left_out=found.left_out_text)
    print_search(found, left_out=False)
    return not counts.n_unreadable


def _print_rows(
    options: argparse.Namespace, found: FoundPictures, config: PhotoCheckConfig, n_jobs: int
) -> bool:
    """Check and print a line per photo; whether all photos could be read."""
    write = row_writer(options.format)
    all_read = True
    tasks = [PhotoTask(path, n) for n, path in enumerate(found.paths, 1)]
    if not tasks:
        # no process does, and a wrong model is an error all the same
        config.load()
    with closing(check_photos(tasks, config, n_jobs)) as reports:
        for report in reports:
            row = to_json(report)
            all_read = all_read and row["error"] is None
            if row["n_unjudged"]:
                print_message(
                    f"{one_line(report.photo)}: {row['n_unjudged']} more faces not judged"
                )
            write(row)
    print_search(found)
    return all_read


CHECK: Final = Command(
    "check",
    "find faces in whole photographs and classify each",
    _add_arguments,
    _run,
    _validate,
)
