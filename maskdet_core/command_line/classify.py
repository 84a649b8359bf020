"""``maskdet classify``: a verdict for pictures that already are one face crop."""

import argparse
from contextlib import closing
from typing import Final

from maskdet_core.batch.photos.crops import CropCheckConfig, lost_crop
from maskdet_core.batch.processes.workers import map_in_order
from maskdet_core.batch.storage.fetching import fetch_ahead
from maskdet_core.command_line.command import (
    EXIT_OK,
    EXIT_SOME_UNREADABLE,
    Command,
    add_common_arguments,
    print_search,
    row_writer,
)
from maskdet_core.command_line.inputs import find_pictures


def _run(options: argparse.Namespace) -> int:
    config = CropCheckConfig(options.model, options.min_confidence, options.two_classes)
    write = row_writer(options.format)
    found = find_pictures(options.paths)
    exit_status = EXIT_SOME_UNREADABLE if found.unreadable else EXIT_OK
    if not found.paths:
        # no process does, and a wrong model is an error all the same
        config.load()
    with (
        closing(fetch_ahead(found.paths, 1)) as photos,
        closing(map_in_order(photos, config.load, 1, lost_crop)) as rows,
    ):
        for row in rows:
            if row["error"] is not None:
                exit_status = EXIT_SOME_UNREADABLE
            write(row)
    print_search(found)
    return exit_status


CLASSIFY: Final = Command(
    "classify",
    "classify pictures that already are one face crop",
    add_common_arguments,
    _run,
)
