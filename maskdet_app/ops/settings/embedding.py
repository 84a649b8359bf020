"""Which other sites may show this app's pages in a frame."""

import os
from typing import Final

FRAME_ANCESTORS: Final = "MASKDET_FRAME_ANCESTORS"
"""Sites that may embed the pages, in the syntax of Content-Security-Policy."""
_OWN_SITE: Final = "'self'"


def frame_ancestors() -> str:
    """The sources that may embed the pages; only this app's own pages by default."""
    return os.environ.get(FRAME_ANCESTORS) or _OWN_SITE


def others_may_embed() -> bool:
    """Whether any other site may embed the pages."""
    return not set(frame_ancestors().split()) <= {_OWN_SITE, "'none'"}
