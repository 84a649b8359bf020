"""The HTML report of photos and videos: what needs a look first, with pictures."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from maskdet_core.batch.photos.report import PhotoKind, PhotoReport, photo_kind
from maskdet_core.draw.annotate import Labels, annotate
from maskdet_core.draw.anonymise import blur_faces
from maskdet_core.html_report import document
from maskdet_core.html_report.document import PICTURE_PX, PICTURE_QUALITY, Bar, FaceRow
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from maskdet_core.html_report.videos import VideoPart, people_bars, video_cards
from maskdet_core.pictures.encode import encode_jpeg
from maskdet_core.pictures.resize import shrink_within
from maskdet_core.types import Detections, RgbImage, Verdict
from maskdet_core.untrusted_text import one_line

MAX_PICTURES: Final = 1000
"""Photos of which a report shows a picture, those first that need a look: some 45 MB. With more of
them browsers open the file slowly."""

_TEMPLATE: Final = "photos.html"

Pictures = Callable[[Sequence[int]], Iterator[bytes | None]]
"""Makes the pictures of the photos with these indices, in their order: a JPEG each, or None where
it cannot be made. They are taken one by one, so that none but the newest is in memory."""


class Reports(Protocol):
    """The reports on all photos, which may be read from a file one by one."""

    def __len__(self) -> int:
        """Number of photos."""
        ...

    def __getitem__(self, index: int, /) -> PhotoReport:
        """The report on a photo; the same at each call."""
        ...


@dataclass(slots=True)
class PhotoFigures:
    """Counts over all photos.

    Attributes:
        faces: number of faces by verdict.
        photos: indices of the photos by kind.
        n_unjudged: faces beyond those that are judged in one photo.
    """

    faces: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    photos: dict[PhotoKind, list[int]] = field(
        default_factory=lambda: {kind: [] for kind in PhotoKind}
    )
    n_unjudged: int = 0

    @classmethod
    def of(cls, reports: Reports) -> "PhotoFigures":
        """Count photos and faces."""
        figures = cls()
        for index in range(len(reports)):
            found = reports[index].detections
            figures.photos[photo_kind(found)].append(index)
            if found is not None:
                figures.n_unjudged += len(found.unjudged)
                for face in found:
                    figures.faces[face.verdict] += 1
        return figures


@dataclass(frozen=True, slots=True)
class _Card:
    """A photo as the template shows it."""

    name: str
    error: str | None = None
    picture: str | None = None
    lacks_picture: bool = False
    width_px: int = 0
    height_px: int = 0
    summary: str = ""
    faces: tuple[FaceRow, ...] = ()
    n_unjudged: int = 0


@dataclass(frozen=True, slots=True)
class _Section:
    kind: str
    heading: str
    n: int
    cards: Iterable[_Card]


def html_text(
    reports: Reports,
    facts: CheckFacts,
    texts: Texts,
    made_at: datetime,
    pictures: Pictures | None = None,
    *,
    blurred: bool = False,
    folder: str = "",
    videos: VideoPart | None = None,
) -> Iterator[str]:
    """Yield one self-contained HTML file in pieces.

    The same arguments give the same text. The kinds of photos follow in the order of `PhotoKind`,
    the photos of a kind in their own order.

    Args:
        reports: on all photos.
        facts: how they were checked.
        texts: of the language.
        made_at: with a time zone.
        pictures: see `Pictures`; None leaves them out.
        blurred: whether the faces in the pictures are blurred.
        folder: where the photos are, if that is to be said.
        videos: what follows the figures, before the photos; None for photos alone.
    """
    figures = PhotoFigures.of(reports)
    readable = [
        index
        for kind, indices in figures.photos.items()
        if kind is not PhotoKind.UNREAD
        for index in indices
    ]
    made = None if pictures is None else pictures(readable[:MAX_PICTURES])
    shows_faces = pictures is not None or (videos is not None and videos.pictures is not None)
    return document.render(
        _TEMPLATE,
        texts,
        made_at,
        _fact_rows(facts, videos, texts, blurred if shows_faces else None, len(reports)),
        threshold=document.threshold_text(facts, texts),
        blurred=blurred and shows_faces,
        max_pictures=MAX_PICTURES if made is not None and len(readable) > MAX_PICTURES else None,
        folder=one_line(folder),
        n_photos=len(reports),
        n_unread=len(figures.photos[PhotoKind.UNREAD]),
        n_faces=sum(figures.faces.values()),
        n_unjudged=figures.n_unjudged,
        max_faces=facts.max_faces,
        face_bars=document.verdict_bars(figures.faces, facts, texts),
        photo_bars=_photo_bars(figures, facts, texts),
        columns=[texts.verdict(one) for one in document.answers(facts)],
        sections=_sections(reports, figures, facts, texts, made),
        n_videos=0 if videos is None else len(videos.rows),
        people_bars=[] if videos is None else people_bars(videos, texts),
        videos=() if videos is None else video_cards(videos, texts),
    )


def report_picture(
    image_rgb: RgbImage, found: Detections, labels: Labels, *, blurred: bool
) -> bytes:
    """Draw the detections into a small copy of a photo and encode it as JPEG without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), unchanged; the photo, or a smaller copy.
        found: what was found in the photo.
        labels: texts on the frames.
        blurred: blur all faces that were found.
    """
    small = shrink_within(image_rgb, PICTURE_PX)
    height, width = small.shape[:2]
    found = found.resized(width, height)
    if blurred:
        small = blur_faces(small, found.boxes)
    return encode_jpeg(annotate(small, found, labels), PICTURE_QUALITY)


def _fact_rows(
    facts: CheckFacts,
    videos: VideoPart | None,
    texts: Texts,
    blurred: bool | None,
    n_photos: int,
) -> Iterator[tuple[str, str]]:
    if videos is not None and not n_photos:
        yield from document.check_rows(videos.facts, texts)
    else:
        yield from document.check_rows(facts, texts)
        if videos is not None:
            smallest = document.smallest_text(videos.facts, texts)
            yield texts("videos.smallest"), smallest
    if blurred is not None:
        faces = texts("document.faces_blurred" if blurred else "document.faces_shown")
        yield texts("document.faces_in_pictures"), faces


def _photo_bars(figures: PhotoFigures, facts: CheckFacts, texts: Texts) -> list[Bar]:
    return [
        Bar(kind.value, texts(f"photos.kind_{kind}"), len(indices), kind.value)
        for kind, indices in figures.photos.items()
        if indices or kind is not PhotoKind.WORN_WRONG or Verdict.WORN_WRONG in facts.verdicts
    ]


def _sections(
    reports: Reports,
    figures: PhotoFigures,
    facts: CheckFacts,
    texts: Texts,
    pictures: Iterator[bytes | None] | None,
) -> Iterator[_Section]:
    for kind, indices in figures.photos.items():
        if indices:
            cards = (_card(reports[index], facts, texts, pictures) for index in indices)
            yield _Section(kind.value, texts(f"photos.kind_{kind}"), len(indices), cards)


def _card(
    report: PhotoReport, facts: CheckFacts, texts: Texts, pictures: Iterator[bytes | None] | None
) -> _Card:
    name, found = one_line(report.photo), report.detections
    if found is None:
        return _Card(name, one_line(report.error or ""))
    # none left where there are more photos than pictures
    made = None if pictures is None else next(zip(pictures), None)
    jpeg = None if made is None else made[0]
    counts = [f"{n} × {texts.verdict(one)}" for one in Verdict if (n := found.count(one))]
    return _Card(
        name,
        picture=None if jpeg is None else document.data_url(jpeg),
        lacks_picture=made is not None and jpeg is None,
        width_px=found.width_px,
        height_px=found.height_px,
        summary=", ".join(counts) or texts("photos.alt_no_face"),
        faces=tuple(document.face_row(face, facts, texts) for face in found),
        n_unjudged=len(found.unjudged),
    )
