"""Streamlit's command with the stand-in of `testbed.pictures.drawn_masks` in place of any network.

Run as ``python -m testbed.servers.three_verdicts run server.py`` with `MASKDET_MODEL` naming the
manifest by `testbed.pictures.drawn_masks.write_manifest`.
"""

from typing import Any

from streamlit.web import cli

import maskdet_core
from testbed.pictures.drawn_masks import DrawnMaskClassifier


def main() -> None:
    """Run Streamlit's command line."""
    vars(maskdet_core)["load_classifier"] = _load_classifier
    cli.main()


def _load_classifier(*_arguments: Any, **_options: Any) -> DrawnMaskClassifier:
    return DrawnMaskClassifier()


if __name__ == "__main__":
    main()
