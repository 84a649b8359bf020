"""Overview of all photos: faces by verdict, photos by category."""

from collections.abc import Sequence

import streamlit as st

from maskdet_app.photo.batch import Photo
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Verdict
from maskdet_core.batch.photos.report import PhotoKind, photo_kind


def photos_by_category(photos: Sequence[Photo]) -> dict[PhotoKind, int]:
    """Number of checked photos by category, each counted once."""
    counts = dict.fromkeys(PhotoKind, 0)
    for photo in photos:
        counts[photo_kind(photo.detections)] += 1
    return counts


def show(photos: Sequence[Photo], verdicts: Sequence[Verdict]) -> None:
    """Draw the tiles of `show_faces` and, where photos were checked, a bar of them by category."""
    faces, categories = st.columns([1.4, 1], vertical_alignment="center")
    with faces:
        show_faces(photos, verdicts)
    if not photos:
        return
    counts = photos_by_category(photos)
    parts = [(category, n, t(f"photo.bar_{category}")) for category, n in counts.items() if n]
    categories.html(theme.stacked_bar_html(t("photo.bar", n=len(photos)), parts))


def show_faces(photos: Sequence[Photo], verdicts: Sequence[Verdict]) -> None:
    """Draw a tile with its number of faces for each verdict that can be given."""
    detections = [photo.detections for photo in photos if photo.detections is not None]
    counts = {
        verdict: sum(d.count(verdict) for d in detections) if photos else None
        for verdict in Verdict
    }
    st.html(theme.count_tiles_html(counts, verdicts))
