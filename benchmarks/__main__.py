"""Dispatch of ``python -m benchmarks NAME …``."""

import argparse
import sys
from collections.abc import Sequence

from benchmarks import (
    api,
    avx2_only,
    check,
    classifier,
    coding,
    decoder,
    finder,
    folder,
    fuzz,
    hostile,
    live,
    pages,
    photo_page,
    proposals,
    ray,
    recovery,
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
        recovery,
        video,
        photo_page,
        pages,
        decoder,
        hostile,
        fuzz,
        api,
    )
    for benchmark in modules:
        benchmark.add_parser(names)
    for one in names.choices.values():
        one.add_argument(
            "--avx2",
            action="store_true",
            help="hide everything newer than AVX2 from the libraries (benchmarks/avx2_only.py)",
        )
    options = parser.parse_args(arguments)
    if options.avx2:
        try:
            if not avx2_only.is_active():
                return avx2_only.run_again(sys.argv[1:] if arguments is None else arguments)
            avx2_only.verify()
        except OSError as error:
            print(f"--avx2: {error}")
            return 2
        print("emulated: everything newer than AVX2 is hidden from the libraries", flush=True)
    limit_opencv_threads()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
