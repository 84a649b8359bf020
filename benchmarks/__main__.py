"""Dispatch of ``python -m benchmarks NAME …``."""

import argparse
import sys
from collections.abc import Sequence

from benchmarks import (
    api,
    check,
    classifier,
    coding,
    decoder,
    finder,
    folder,
    fuzz,
    hostile,
    live,
    photo_page,
    proposals,
    ray,
    runtimes,
    soak,
    video,
    viewers,
)
from maskdet_core.cpu import limit_opencv_threads


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark that is named first; its own options follow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True)
    modules = (
        check,
        finder,
        proposals,
        classifier,
        runtimes,
        folder,
        ray,
        live,
        coding,
        viewers,
        soak,
        video,
        photo_page,
        decoder,
        hostile,
        fuzz,
        api,
    )
    for benchmark in modules:
        benchmark.add_parser(names)
    options = parser.parse_args(arguments)
    limit_opencv_threads()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
