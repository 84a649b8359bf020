"""All photos at a glance: people by verdict, photos by what they hold."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from maskdet_app.photo.batch import Photo
from maskdet_app.photo.gallery import Kind, kinds
from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t
from maskdet_core import Verdict

_ORDER: Final[tuple[Kind, ...]] = ("without_mask", "not_sure", "with_mask", "no_face", "unread")
"""A photo with several kinds of people counts as the one that asks most for a look."""


def photos_by_kind(photos: Sequence[Photo]) -> dict[Kind, int]:
    """How many checked photos hold what, each counted once."""
    numbers = dict.fromkeys(_ORDER, 0)
    for photo in photos:
        held = kinds(photo)
        numbers[next(kind for kind in _ORDER if kind in held)] += 1
    return numbers


def show(photos: Sequence[Photo]) -> None:
    """Tiles with the number of faces a verdict, and a bar of the photos."""
    show_faces(photos)
    numbers = photos_by_kind(photos)
    parts = [(kind, numbers[kind], t(f"photo.bar_{kind}")) for kind in _ORDER if numbers[kind]]
    st.html(theme.strip_html(t("photo.bar", n=len(photos)), parts))


def show_faces(photos: Sequence[Photo]) -> None:
    """Tiles with the number of faces a verdict."""
    found = [photo.found for photo in photos if photo.found is not None]
    st.html(theme.count_tiles_html(*(sum(one.count(v) for one in found) for v in Verdict)))
