"""Lighthouse's accessibility and best practices of each page, and how much moves while it loads."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from testbed.servers.server import serve

PAGES: Final = (
    "",
    "photo",
    "photo?kind=video",
    "metrics",
    "metrics?tab=errors",
    "about",
    "api/v1/docs",
)
"""Below the server's address."""
FORMS: Final = {"desktop": ("--preset=desktop",), "phone": ()}
"""Lighthouse's options by the form of the screen: 1350 × 940 and 412 × 823 px."""
MIN_SCORE: Final = 95
MAX_SHIFT: Final = 0.1
"""Of the window; up to here Web Vitals call it good."""
_CATEGORIES: Final = ("accessibility", "best-practices")
_SHIFT: Final = "cumulative-layout-shift"
_TIMEOUT_S: Final = 180.0


@dataclass(frozen=True, slots=True)
class PageScores:
    """What Lighthouse found on one page.

    Attributes:
        accessibility: 0 to 100.
        best_practices: likewise.
        shift: cumulative layout shift, in shares of the window.
        failed: names of the audits that cost points.
    """

    accessibility: int
    best_practices: int
    shift: float
    failed: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether scores and shift are within this benchmark's limits."""
        return min(self.accessibility, self.best_practices) >= MIN_SCORE and self.shift < MAX_SHIFT


def read_scores(report: Mapping[str, Any]) -> PageScores:
    """The scores in Lighthouse's JSON report.

    Raises:
        ValueError: Lighthouse could not measure the page.
    """
    if error := report.get("runtimeError"):
        raise ValueError(f"expected a page that can be measured: {error.get('message', error)}")
    categories, audits = report["categories"], report["audits"]
    accessibility, best = (categories[name]["score"] for name in _CATEGORIES)
    shift = audits[_SHIFT].get("numericValue")
    if accessibility is None or best is None or shift is None:
        raise ValueError("expected scores and a layout shift in Lighthouse's report")
    failed = {
        one["id"]
        for name in _CATEGORIES
        for one in categories[name]["auditRefs"]
        # without a weight an audit only informs
        if one["weight"] and audits[one["id"]]["score"] not in (1, None)
    }
    return PageScores(
        round(100 * accessibility), round(100 * best), float(shift), tuple(sorted(failed))
    )


def add_parser(names: Any) -> None:
    """Register the benchmark and its options."""
    parser = names.add_parser("pages", help="Lighthouse's scores of the app's pages; needs Node.js")
    parser.add_argument(
        "--lighthouse",
        default="npx --yes lighthouse@12",
        metavar="COMMAND",
        help="how to start Lighthouse (%(default)s)",
    )
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the scores; 1 where one is below the limits."""
    all_good = True
    with serve() as server, tempfile.TemporaryDirectory() as folder:
        for page in PAGES:
            for form in FORMS:
                scores = _measure(f"{server.url}/{page}", form, options, Path(folder))
                all_good &= scores.is_good
                print(
                    f"/{page:<20}{form:<9}accessibility {scores.accessibility:>3}, "
                    f"best practices {scores.best_practices:>3}, layout shift {scores.shift:.3f}"
                    + "".join(f"\n  failed: {name}" for name in scores.failed),
                    flush=True,
                )
    return 0 if all_good else 1


def _measure(url: str, form: str, options: argparse.Namespace, folder: Path) -> PageScores:
    report = folder / "report.json"
    command = [*shlex.split(options.lighthouse), url, *FORMS[form]]
    command += [f"--only-categories={','.join(_CATEGORIES)}", f"--only-audits={_SHIFT}"]
    # neither score depends on the speed, which is this machine's own
    command += ["--throttling-method=provided", "--chrome-flags=--headless --no-sandbox"]
    command += ["--output=json", f"--output-path={report}", "--quiet"]
    environment = os.environ | {"CHROME_PATH": options.chromium}
    subprocess.run(command, env=environment, check=True, timeout=_TIMEOUT_S)
    return read_scores(json.loads(report.read_text(encoding="utf-8")))
