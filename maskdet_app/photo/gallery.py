"""Which photos are shown, in which order, and the grid that shows them."""

import math
from collections.abc import Callable, Sequence
from typing import Final, Literal, get_args

import streamlit as st

from maskdet_app.photo.batch import Photo, PhotoBatch
from maskdet_app.ui import query_params, theme
from maskdet_app.ui.i18n import drawn_labels, t, verdict_word
from maskdet_core import Verdict

Kind = Literal["without_mask", "with_mask", "not_sure", "no_face", "unread"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Order = Literal["came", "bare_first", "least_sure", "most_faces", "name"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
_AS_CAME: Final[Order] = "came"
PAGE_SIZE: Final = 24
_CARD_PX: Final = 210
_ICONS: Final[dict[Kind, str]] = {
    "without_mask": ":material/face:",
    "with_mask": ":material/masks:",
    "not_sure": ":material/question_mark:",
    "no_face": ":material/search_off:",
    "unread": ":material/broken_image:",
}


def kinds(photo: Photo) -> frozenset[Kind]:
    """What a checked photo holds; several where people differ."""
    if photo.found is None:
        return frozenset({"unread"})
    if not photo.found.faces:
        return frozenset({"no_face"})
    said = {face.verdict for face in photo.found}
    return frozenset(kind for kind in KINDS[:3] if Verdict(kind) in said)


def arranged(photos: Sequence[Photo], wanted: Sequence[Kind], order: Order) -> list[Photo]:
    """Photos that hold anything wanted, in an order.

    Args:
        photos: checked ones, in the order in which they came.
        wanted: nothing means everything.
        order: ties stay in the order in which they came.
    """
    shown = [photo for photo in photos if not wanted or kinds(photo) & set(wanted)]
    keys: dict[Order, Callable[[Photo], tuple[float, str]]] = {
        "came": lambda photo: (0.0, ""),
        "bare_first": lambda photo: (-_count(photo, Verdict.WITHOUT_MASK), ""),
        "least_sure": lambda photo: (_sureness(photo), ""),
        "most_faces": lambda photo: (-len(photo.found or ()), ""),
        "name": lambda photo: (0.0, photo.name.casefold()),
    }
    return sorted(shown, key=keys[order])


def _count(photo: Photo, verdict: Verdict) -> int:
    return 0 if photo.found is None else photo.found.count(verdict)


def _sureness(photo: Photo) -> float:
    """How far the least sure face is from a guess, 0 to 0.5; beyond where there is no face."""
    if photo.found is None or not photo.found.faces:
        return 1.0
    distances = [abs(face.p_with_mask - 0.5) for face in photo.found]
    return min(0.0 if math.isnan(distance) else distance for distance in distances)


def summary(photo: Photo) -> str:
    """What was found in a photo, in a few words."""
    if photo.found is None:
        return t("photo.kind_unread")
    counts = [f"{photo.found.count(v)} × {verdict_word(v)}" for v in Verdict if _count(photo, v)]
    return ", ".join(counts) or t("photo.kind_no_face")


def choose(photos: Sequence[Photo]) -> list[Photo]:
    """Offer the filter and the order, and return what is to be shown."""
    query_params.initialise("show", query_params.read_all("show", KINDS))
    query_params.initialise("order", query_params.read("order", ORDERS, _AS_CAME))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.pills(
            t("photo.filter"),
            KINDS,
            selection_mode="multi",
            format_func=lambda kind: f"{_ICONS[kind]} {t(f'photo.filter_{kind}')}",
            key="show",
        )
        order = st.selectbox(
            t("photo.order"),
            ORDERS,
            format_func=lambda one: t(f"photo.order_{one}"),
            key="order",
            width=230,
        )
    query_params.write("show", wanted)
    query_params.write("order", [order], [_AS_CAME])
    return arranged(photos, wanted, order)


def show(desk: PhotoBatch, shown: Sequence[Photo], on_open: Callable[[str], None]) -> None:
    """Draw a page of the grid.

    Args:
        desk: draws the pictures.
        shown: by `choose`.
        on_open: called with a photo's key when somebody wants to see it closely.
    """
    if not shown:
        st.info(t("photo.filter_empty"), icon=":material/filter_alt_off:")
        return
    n_pages = math.ceil(len(shown) / PAGE_SIZE)
    page = 1
    below = st.container()
    if n_pages > 1:
        page = min(st.pagination(n_pages, key="gallery_page"), n_pages)
    with below, st.grid(min_column_width=_CARD_PX, border=True, key="gallery") as grid:
        for photo in shown[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]:
            with grid.cell():
                _show_card(desk, photo, on_open)


def _show_card(desk: PhotoBatch, photo: Photo, on_open: Callable[[str], None]) -> None:
    name = theme.plain(photo.name, max_chars=30)
    if photo.found is None:
        st.markdown(f"**{name}**")
        reason = theme.plain(photo.error or "", max_chars=200)
        st.error(t("photo.error", reason=reason), icon=":material/broken_image:")
        return
    st.image(
        desk.preview(photo, drawn_labels()),
        width="stretch",
        alt=t("photo.alt", name=photo.name[:60], summary=summary(photo)),
    )
    st.markdown(f"**{name}**  \n{_badges(photo)}")
    st.button(
        t("photo.open"),
        key=f"open-{photo.key}",
        icon=":material/zoom_in:",
        on_click=on_open,
        args=(photo.key,),
        width="stretch",
    )


def _badges(photo: Photo) -> str:
    if photo.found is None or not photo.found.faces:
        return f":gray-badge[{_ICONS['no_face']} {t('photo.kind_no_face')}]"
    return " ".join(
        theme.badge(verdict, f"{_count(photo, verdict)} × {verdict_word(verdict)}")
        for verdict in Verdict
        if _count(photo, verdict)
    )
