"""Links between the faces in a picture and their cards: to point at one marks both.

HTML and a style sheet are enough, so that it works at once, by mouse, touch and keyboard, and
nothing is sent to the server.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

from maskdet_app.ui.texts.i18n import t
from maskdet_core import Detections

VIEW_KEY: Final = "close-view"
"""Key of the container that holds picture and cards."""
PICTURE_KEY: Final = "close-picture"
"""Key of the container that holds the picture and its spots."""
CARDS_KEY: Final = "close-cards"
"""Key of the container that holds the cards, which the style sheet spreads over its width."""
_ROOM_ABOVE_REM: Final = 11
"""What stands above and below the picture while it stays in view."""


def card_key(number: int) -> str:
    """Key of a face's card.

    Args:
        number: of the face, from 1.
    """
    return f"face-{number}"


def spots_html(detections: Detections, names: Sequence[str]) -> str:
    """A link on each face in the picture, to its card, and the style sheet of the links.

    To be drawn right below the picture, in the container with `PICTURE_KEY`.

    Args:
        detections: of the picture at any size.
        names: of each face, for screen readers.
    """
    width, height = detections.width_px, detections.height_px
    spots = []
    for number, (face, name) in enumerate(zip(detections, names, strict=True), 1):
        box = face.box
        place = {
            "left": box.x / width,
            "top": box.y / height,
            "width": box.w / width,
            "height": box.h / height,
        }
        style = ";".join(f"{side}:{100 * share:.2f}%" for side, share in place.items())
        spots.append(
            f'<a class="md-spot md-spot-{number}" id="md-spot-{number}" href="#md-face-{number}" '
            f'style="{style}" aria-label="{escape(t("photo.to_card", name=name))}"></a>'
        )
    # nothing scrolls the picture away as long as the whole of it fits into the window
    picture = (
        f".st-key-{PICTURE_KEY} {{ width: min(100%, calc((100vh - {_ROOM_ABOVE_REM}rem) * "
        f"{width / height:.4f})); }}"
    )
    marks = ",".join(_pointed_at(number) for number in range(1, len(spots) + 1))
    rules = f"@media (min-width: 641px) {{ {picture} }}"
    if marks:
        rules += f"{marks} {{ outline-color: currentColor; }}"
    return f'<div class="md-spots">{"".join(spots)}</div><style>{rules}</style>'


def number_html(number: int, name: str) -> str:
    """The number on a face's card, a link to the face in the picture.

    Where the picture stays in view, the link only marks the face: it would scroll the card away.

    Args:
        number: of the face, from 1.
        name: of the face, for screen readers.
    """
    label = escape(t("photo.to_picture", name=name))
    return (
        f'<span id="md-face-{number}" class="md-numbers">'
        f'<a class="md-number md-beside" href="#md-face-{number}" aria-label="{label}">{number}</a>'
        f'<a class="md-number md-below" href="#md-spot-{number}" aria-label="{label}">{number}</a>'
        "</span>"
    )


def _pointed_at(number: int) -> str:
    """Selector of a face's spot and card while one of them is pointed at, focused or linked to."""
    card, spot = f".st-key-{card_key(number)}", f".md-spot-{number}"
    states = (
        f"{card}:hover,{card}:focus-within,{card} :target,{spot}:hover,{spot}:focus,{spot}:target"
    )
    return f".st-key-{VIEW_KEY}:has({states}) :is({card},{spot})"
