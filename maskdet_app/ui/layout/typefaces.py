"""The typefaces of Streamlit's pages, for pages of ours that Streamlit does not draw.

They come with Streamlit, whose server serves them: nothing is fetched from elsewhere.
"""

from functools import cache
from pathlib import Path
from typing import Final

import streamlit

STATIC: Final = Path(streamlit.__file__).parent / "static"
FAMILIES: Final = {
    "Source Sans": "SourceSansVF-Upright",
    "Source Code Pro": "SourceCodeVF-Upright",
}
"""Beginning of the file's name by family: those of Streamlit's texts and of its code."""


@cache
def font_faces(base: str) -> str:
    """Rules of a style sheet that load the typefaces, all weights; none for one that is not there.

    Args:
        base: path below which the app is served, without a slash at its end.
    """
    rules = []
    for family, name in FAMILIES.items():
        for file in sorted(STATIC.glob(f"static/media/{name}.*.woff2"))[:1]:
            url = f"{base}/{file.relative_to(STATIC).as_posix()}"
            rules.append(
                f'@font-face {{ font-family: "{family}"; font-weight: 200 900; '
                f'font-display: swap; src: url("{url}") format("woff2"); }}'
            )
    return "\n".join(rules)
