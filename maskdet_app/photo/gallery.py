"""The gallery: filter, sort order and grid of the checked photos."""

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, get_args

import streamlit as st

from maskdet_app.photo.batch import Photo, PhotoBatch
from maskdet_app.ui.browser import query_params
from maskdet_app.ui.layout import containers, theme
from maskdet_app.ui.texts.i18n import drawn_labels, t, verdict_label
from maskdet_app.ui.texts.reasons import reason_text
from maskdet_core import Verdict

Category = Literal["without_mask", "worn_wrong", "with_mask", "not_sure", "no_face", "unread"]
"""What a photo shows; the codes are values of a query parameter."""
CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
_VERDICT_CATEGORIES: Final = CATEGORIES[:4]
SortOrder = Literal["came", "bare_first", "least_sure", "most_faces", "name"]
"""Order of the gallery; the codes are values of a query parameter, "came" is that of upload."""
SORT_ORDERS: Final[tuple[SortOrder, ...]] = get_args(SortOrder)
_UPLOAD_ORDER: Final[SortOrder] = "came"
PAGE_SIZE: Final = 24
_CARD_PX: Final = 230
"""Least width: two verdicts stand beside each other in it."""


def categories(photo: Photo) -> frozenset[Category]:
    """The categories of a checked photo; several where its faces have different verdicts."""
    if photo.detections is None:
        return frozenset({"unread"})
    if not photo.detections.faces:
        return frozenset({"no_face"})
    verdicts = {face.verdict for face in photo.detections}
    return frozenset(one for one in _VERDICT_CATEGORIES if Verdict(one) in verdicts)


def filter_and_sort(
    photos: Sequence[Photo], wanted: Sequence[Category], order: SortOrder
) -> list[Photo]:
    """The photos of any wanted category, sorted.

    Args:
        photos: checked ones, in the order of upload.
        wanted: categories; none means all.
        order: ties stay in the order of upload.
    """
    filtered = [photo for photo in photos if not wanted or categories(photo) & set(wanted)]
    sort_keys: dict[SortOrder, Callable[[Photo], tuple[float | str, ...]]] = {
        "came": lambda photo: (),
        "bare_first": lambda photo: (
            -_count(photo, Verdict.WITHOUT_MASK),
            -_count(photo, Verdict.WORN_WRONG),
        ),
        "least_sure": lambda photo: (_least_margin(photo),),
        "most_faces": lambda photo: (-len(photo.detections or ()),),
        "name": lambda photo: (photo.name.casefold(),),
    }
    return sorted(filtered, key=sort_keys[order])


def _count(photo: Photo, verdict: Verdict) -> int:
    return 0 if photo.detections is None else photo.detections.count(verdict)


def _least_margin(photo: Photo) -> float:
    """How far the least certain face's highest probability is above 0.5; 1 without a face.

    A face for which the network failed counts as the least possible, -0.5.
    """
    if photo.detections is None or not photo.detections.faces:
        return 1.0
    two = photo.detections.two_classes
    margins = [
        face.probabilities.of_verdict(Verdict.NOT_SURE, two_classes=two) - 0.5
        for face in photo.detections
    ]
    return min(-0.5 if math.isnan(margin) else margin for margin in margins)


def summary(photo: Photo) -> str:
    """The detections of a photo in a few words."""
    if photo.detections is None:
        return t("photo.kind_unread")
    counts = [
        f"{_count(photo, verdict)} × {verdict_label(verdict)}"
        for verdict in Verdict
        if _count(photo, verdict)
    ]
    return ", ".join(counts) or t("photo.kind_no_face")


def show_filter(photos: Sequence[Photo], verdicts: Sequence[Verdict]) -> list[Photo]:
    """Draw the filter and the sort order, and return the photos to show.

    Args:
        photos: checked ones.
        verdicts: those that can be given.
    """
    query_params.initialise("show", query_params.read_all("show", CATEGORIES))
    query_params.initialise("order", query_params.read("order", SORT_ORDERS, _UPLOAD_ORDER))
    with st.container(horizontal=True, vertical_alignment="center", key="photo-filter"):
        wanted = st.pills(
            t("photo.filter"),
            _shown_categories(verdicts),
            selection_mode="multi",
            format_func=lambda one: f":material/{theme.ICONS[one]}: {t(f'photo.filter_{one}')}",
            key="show",
            label_visibility="collapsed",
        )
        order = st.selectbox(
            t("photo.order"),
            SORT_ORDERS,
            format_func=lambda one: t(f"photo.order_{one}"),
            key="order",
            width=230,
            label_visibility="collapsed",
        )
    query_params.write("show", wanted)
    query_params.write("order", [order], [_UPLOAD_ORDER])
    return filter_and_sort(photos, wanted, order)


def _shown_categories(verdicts: Sequence[Verdict]) -> list[Category]:
    """All categories; masks worn wrong only where there can be any or the filter asks for them."""
    has_worn_wrong = Verdict.WORN_WRONG in verdicts or "worn_wrong" in (
        st.session_state.get("show") or ()
    )
    return [one for one in CATEGORIES if has_worn_wrong or one != "worn_wrong"]


def show(
    batch: PhotoBatch,
    photos: Sequence[Photo],
    waiting: Sequence[Photo],
    on_open: Callable[[str], None],
) -> None:
    """Draw a page of the grid.

    Args:
        batch: gives the previews.
        photos: the ones to show, from `show_filter`.
        waiting: those that are not checked yet, whose places are kept behind them where no
            filter is set.
        on_open: called with the key of a photo when the visitor opens it.
    """
    empty_note, grid_area, pages = containers.reserve(3)
    kept = () if st.session_state.get("show") else tuple(waiting)
    cells = (*photos, *kept)
    if not cells and not waiting:
        empty_note.info(t("photo.filter_empty"), icon=":material/filter_alt_off:")
        return
    n_pages = math.ceil(len(cells) / PAGE_SIZE)
    page = 1
    if n_pages > 1:
        page = min(pages.pagination(n_pages, key="gallery_page"), n_pages)
    with grid_area, st.grid(min_column_width=_CARD_PX, border=True, key="gallery") as grid:
        for index, photo in enumerate(cells[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]):
            with grid.cell():
                if (page - 1) * PAGE_SIZE + index < len(photos):
                    _show_card(batch, photo, on_open)
                else:
                    _show_place(photo)


def _show_place(photo: Photo) -> None:
    """The tile of a photo that is not checked yet, as large as it will be."""
    st.html('<div class="md-place"></div>')
    name = theme.escape_markdown(photo.name, max_chars=30)
    st.markdown(f"**{name}**  \n{t('photo.waiting')}")


def _show_card(batch: PhotoBatch, photo: Photo, on_open: Callable[[str], None]) -> None:
    name = theme.escape_markdown(photo.name, max_chars=30)
    if photo.detections is None:
        reason = "" if photo.reason is None else reason_text(photo.reason)
        # in the place of the picture, by the style sheet
        st.error(t("photo.error", reason=reason), icon=f":material/{theme.ICONS['unread']}:")
        st.markdown(f"**{name}**  \n{_badges(photo)}")
        return
    st.image(
        batch.preview(photo, drawn_labels()),
        width="stretch",
        alt=t("photo.alt", name=photo.name[:60], summary=summary(photo)),
    )
    st.markdown(f"**{name}**  \n{_badges(photo)}")
    # The style sheet spreads it over the whole tile.
    st.button(
        f"{t('photo.open')}: {name}",
        key=f"open-{photo.key}",
        icon=":material/zoom_in:",
        on_click=on_open,
        args=(photo.key,),
    )


def _badges(photo: Photo) -> str:
    if photo.detections is None:
        return f":gray-badge[:material/{theme.ICONS['unread']}: {t('photo.kind_unread')}]"
    if not photo.detections.faces:
        return f":gray-badge[:material/{theme.ICONS['no_face']}: {t('photo.kind_no_face')}]"
    return " ".join(
        theme.badge(verdict, f"{_count(photo, verdict)} × {verdict_label(verdict)}")
        for verdict in Verdict
        if _count(photo, verdict)
    )
