"""Labels as small pictures, set in Inter SemiBold by FreeType.

A label holds a face's number, on reversed colours, and a text. Labels of usual sizes are kept, so
that a video's frame costs a copy of their pixels each.
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

_FONT_FILE: Final = Path(__file__).parent / "fonts" / "Inter-SemiBold-subset.otf"
_CAP_HEIGHT: Final = 0.727
"""Height of the typeface's capitals in ems."""
_HEIGHT: Final = 1.4
"""Height of a label in ems: room for an accent on a capital and for a descender."""
_PADDING: Final = 0.36
"""Beside the text, in ems."""
_KEPT_SIZE_PX: Final = 40
"""Larger text is for large photos, of which there are few, and would take memory."""
_KEPT_LABELS: Final = 256
"""At most 13 MB; live, labels of one stream differ in verdict, percentage and size."""
_PROBE_PX: Final = 24
_NO_CHARACTER: Final = "\uffff"
"""Never a character, so never in a typeface."""


class LabelText(NamedTuple):
    """What a label says.

    Attributes:
        text: beside the number, or alone; may be empty beside one.
        number: of the face, or empty.
    """

    text: str
    number: str = ""


class LabelColours(NamedTuple):
    """Colours of a label.

    Attributes:
        fill: background of the text, and colour of the number.
        ink: colour of the text, and background of the number.
        edge: line around the label.
    """

    fill: Colour
    ink: Colour
    edge: Colour


def validate_drawable(text: str) -> None:
    """Raise ValueError where the typeface lacks a character of the text."""
    missing = _missing(text)
    if missing:
        raise ValueError(
            "expected labels in Latin, Greek or Cyrillic letters, got "
            f"{', '.join(map(ascii, missing))}"
        )


@lru_cache(maxsize=4096)
def label_size(label: LabelText, size_px: int) -> tuple[int, int]:
    """Width and height of a label in px.

    Args:
        label: what it says.
        size_px: size of the text, px an em.
    """
    height = round(_HEIGHT * size_px)
    return _number_width(label, size_px) + _text_width(label, size_px), height


def label_picture(label: LabelText, colours: LabelColours, size_px: int) -> NDArray[np.uint8]:
    """A label as a picture of `label_size`, uint8 (H, W, 3), RGB, not to be changed.

    Args:
        label: what it says, all drawable; see `validate_drawable`.
        colours: of it.
        size_px: size of the text, px an em.
    """
    draw = _kept_picture if size_px <= _KEPT_SIZE_PX else _draw_picture
    return draw(label, colours, size_px)


def _draw_picture(label: LabelText, colours: LabelColours, size_px: int) -> NDArray[np.uint8]:
    width, height = label_size(label, size_px)
    split = _number_width(label, size_px)
    picture = Image.new("RGB", (width, height), colours.fill)
    draw = ImageDraw.Draw(picture)
    baseline = round((height + _CAP_HEIGHT * size_px) / 2)
    font = _font(size_px)
    if label.number:
        draw.rectangle((0, 0, split - 1, height), colours.ink)
        draw.text((split / 2, baseline), label.number, colours.fill, font, anchor="ms")
    draw.text(((split + width) / 2, baseline), _normal(label.text), colours.ink, font, anchor="ms")
    edge_px = max(1, round(size_px / 20))
    draw.rectangle((0, 0, width - 1, height - 1), outline=colours.edge, width=edge_px)
    pixels = np.asarray(picture, np.uint8)
    pixels.flags.writeable = False
    return pixels


_kept_picture: Final = lru_cache(maxsize=_KEPT_LABELS)(_draw_picture)


def _text_width(label: LabelText, size_px: int) -> int:
    if not label.text:
        return 0
    return _padded(_font(size_px).getlength(_normal(label.text)), size_px)


def _number_width(label: LabelText, size_px: int) -> int:
    if not label.number:
        return 0
    return _padded(_font(size_px).getlength(label.number), size_px)


def _padded(length_px: float, size_px: int) -> int:
    # a single sign stands in a square
    return max(round(length_px + 2 * _PADDING * size_px), round(_HEIGHT * size_px))


@lru_cache(maxsize=32)
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    # the basic layout is in every build of Pillow and the same in each
    return ImageFont.truetype(_FONT_FILE, size_px, layout_engine=ImageFont.Layout.BASIC)


def _normal(text: str) -> str:
    """Accents joined to their letters, as the typeface has them."""
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=256)
def _missing(text: str) -> tuple[str, ...]:
    font = _font(_PROBE_PX)
    unknown = bytes(font.getmask(_NO_CHARACTER))
    return tuple(sorted({c for c in _normal(text) if bytes(font.getmask(c)) == unknown}))
