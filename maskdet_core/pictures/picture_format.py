"""Which formats are accepted: by a file's first bytes, and by its name in a folder."""

from typing import Final, Literal

PictureFormat = Literal["JPEG", "PNG", "WEBP", "HEIF", "AVIF"]
"""The formats by Pillow's names; HEIC is ``HEIF``."""

PICTURE_SUFFIXES: Final = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".webp",
    ".heic",
    ".heif",
    ".hif",
    ".avif",
)
"""Suffixes, in lower case, of the files taken from a folder and accepted by the photo page.

Chrome on Windows saves ``.jfif``; cameras of Canon, Fujifilm and Sony write ``.hif``.
"""

SUPPORTED: Final = "a JPEG, PNG, WebP, HEIC or AVIF picture"

_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_CONTAINER_BRANDS: Final = frozenset({b"mif1", b"msf1"})
"""Say that the file holds pictures, but not how they are coded (ISO/IEC 23008-12)."""
_MAX_BRANDS: Final = 64
"""Compatible brands that are looked at; cameras write three to eight."""


def picture_format(data: bytes) -> PictureFormat | None:
    """Recognise a format by the first bytes.

    Args:
        data: the content of a file, or its beginning.

    Returns:
        The format; None for any other. The rest of the file may still be damaged.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return _iso_media_format(data)


def _iso_media_format(data: bytes) -> PictureFormat | None:
    """HEIC or AVIF by the brands in the file type box (ISO/IEC 14496-12, 4.3)."""
    if data[4:8] != b"ftyp":
        return None
    major = data[8:12]
    end = min(int.from_bytes(data[:4], "big"), len(data), 16 + 4 * _MAX_BRANDS)
    compatible = {data[i : i + 4] for i in range(16, end - 3, 4)}
    if major in _AVIF_BRANDS:
        return "AVIF"
    if major in _HEIC_BRANDS:
        return "HEIF"
    if compatible & _HEIC_BRANDS:
        return "HEIF"
    if compatible & _AVIF_BRANDS:
        return "AVIF"
    # both encoders' files may name no brand but the container's; Apple's early ones are HEIC
    return "HEIF" if major in _CONTAINER_BRANDS else None
