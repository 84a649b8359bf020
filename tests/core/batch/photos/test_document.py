"""The HTML report of photos: its figures, order, escaping, and that it needs nothing else."""

import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskdet_core import Detections, Face, FaceBox, Verdict
from maskdet_core.batch.photos import document
from maskdet_core.batch.photos.document import PhotoFigures, html_text, report_picture
from maskdet_core.batch.photos.report import PhotoKind, PhotoReport, csv_text, photo_kind
from maskdet_core.draw.annotate import label_texts
from maskdet_core.html_report.document import PICTURE_PX, data_url
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import ENGLISH, Texts
from maskdet_core.pictures.decode import decode_image
from maskdet_core.types import decide
from tests.core.html_report.parsed import Parsed

BOX = FaceBox(10, 10, 40, 50)
FACTS = CheckFacts("net", "0123456789abcdef" * 4, True, "street", 50, 0.7, False, 24, 1 / 24)
MADE_AT = datetime(2026, 11, 30, 13, 5, tzinfo=UTC)
NO_FACE = Detections(200, 100)


def face(p_with_mask: float, p_worn_wrong: float = 0.0, *, two_classes: bool = False) -> Face:
    made = Face(BOX, p_with_mask, p_worn_wrong, 1 - p_with_mask - p_worn_wrong, Verdict.NOT_SURE)
    verdict = decide(made.probabilities, FACTS.min_confidence, two_classes=two_classes)
    return replace(made, verdict=verdict)


def photo(name: str, *faces: Face, **values: Any) -> PhotoReport:
    return PhotoReport(name, Detections(200, 100, faces, **values))


MASKED, SLIPPED, BARE, UNSURE = face(0.976), face(0.1, 0.8), face(0.02), face(0.5)
FAILED = Face(BOX, math.nan, math.nan, math.nan, Verdict.NOT_SURE)
REPORTS = [
    photo("masked.jpg", MASKED, MASKED),
    photo("nobody.jpg"),
    PhotoReport("broken.jpg", None, "expected a picture, got an empty file"),
    photo("mixed.jpg", MASKED, UNSURE, BARE, unjudged=(BOX, BOX)),
    photo("unsure.jpg", UNSURE, FAILED),
    photo("slipped.jpg", SLIPPED, MASKED),
    photo("bare.jpg", BARE),
]


def fake_pictures(indices: Sequence[int]) -> Iterator[bytes]:
    return (b"jpeg of %d" % index for index in indices)


def html(reports: Sequence[PhotoReport] = REPORTS, facts: CheckFacts = FACTS, **values: Any) -> str:
    texts = Texts(values.pop("language", ENGLISH))
    return "".join(html_text(reports, facts, texts, MADE_AT, **values))


def headings(page: str) -> list[str]:
    found = re.findall(r"<h3><bdi>(.*?)</bdi></h3>|<th scope=\"row\"><bdi>(.*?)</bdi></th>", page)
    return [one or other for one, other in found]


def bars(page: str) -> dict[str, list[int]]:
    """The two charts' numbers by the kind of the bar."""
    found: dict[str, list[int]] = {}
    for kind, n in re.findall(
        r'<tr>\s*<th scope="row"><svg[^>]*><rect class="(\w+)".*?<td class="n">(\d+)</td>',
        page,
        re.DOTALL,
    ):
        found.setdefault(kind, []).append(int(n))
    return found


def test_kind_of_a_photo_is_the_first_that_fits() -> None:
    assert [photo_kind(report.detections) for report in REPORTS] == [
        *["with_mask", "no_face", "unread", "without_mask", "not_sure", "worn_wrong"],
        "without_mask",
    ]


def test_photos_that_need_a_look_come_first_and_those_of_a_kind_in_their_order() -> None:
    assert headings(html()) == [
        *["mixed.jpg", "bare.jpg", "slipped.jpg", "unsure.jpg", "masked.jpg", "nobody.jpg"],
        "broken.jpg",
    ]


def test_figures_are_those_of_the_csv() -> None:
    page = html()
    verdicts = [line.split(",")[9].strip('"') for line in list(csv_text(REPORTS))[1:]]
    assert {kind: numbers[0] for kind, numbers in bars(page).items() if kind in set(Verdict)} == {
        verdict.value: verdicts.count(verdict.value) for verdict in Verdict
    }
    figures = PhotoFigures.of(REPORTS)
    assert {kind: numbers[-1] for kind, numbers in bars(page).items()} == {
        kind.value: len(figures.photos[kind]) for kind in PhotoKind
    }
    assert "Photos checked: 7" in page and "Not usable: 1" in page
    assert "Faces judged: 10" in page and "Faces found and not judged: 2" in page


def test_percentages_are_those_drawn_into_the_picture() -> None:
    drawn = [label_texts(one)[0] for one in (MASKED, SLIPPED, FAILED)]
    assert drawn == ["✓ Mask 97 %", "! Worn wrong 80 %", "? Not sure"]
    page = Parsed(html([photo("a.jpg", MASKED, SLIPPED, FAILED)]))
    table = [cell.replace("\u00a0", " ") for cell in page.texts[page.texts.index("Face") :]]
    assert table == [
        *["Face", "Verdict", "Mask", "Worn wrong", "No mask"],
        *["1", "Mask", "97 %", "< 1 %", "2 %"],
        *["2", "Worn wrong", "10 %", "80 %", "10 %"],
        *["3", "Not sure", "none", "none", "none"],
    ]


def test_two_classes_have_two_columns() -> None:
    facts = replace(FACTS, two_classes=True)
    slipped = face(0.1, 0.8, two_classes=True)
    page = html([photo("a.jpg", slipped, two_classes=True)], facts)
    text = Parsed(page).text.replace("\u00a0", " ")
    assert "1 No mask 10 % 90 %" in text
    assert "Worn wrong" not in text and "counts as no mask" in text


def test_a_network_of_two_classes_says_what_it_cannot_tell() -> None:
    text = Parsed(html(facts=replace(FACTS, has_worn_wrong=False, min_face_share=None))).text
    assert "not told apart by this network" in text and "24 px high" in text


def test_facts() -> None:
    text = Parsed(html()).text
    for fact in ("2026-11-30 13:05 UTC", "net (SHA-256 0123456789ab…)", "street", "1/24"):
        assert fact in text
    assert "70\u00a0%" in html() or "70 %" in text


def test_same_input_same_bytes_in_any_time_zone() -> None:
    page = html(pictures=fake_pictures)
    assert html(pictures=fake_pictures) == page
    elsewhere = MADE_AT.astimezone(timezone(timedelta(hours=9)))
    assert "".join(html_text(REPORTS, FACTS, Texts(ENGLISH), elsewhere, fake_pictures)) == page


def test_each_picture_says_what_it_shows_and_its_size() -> None:
    images = Parsed(html(pictures=fake_pictures)).all("img")
    assert [image["alt"] for image in images] == [
        "mixed.jpg: 1 × Mask, 1 × No mask, 1 × Not sure",
        "bare.jpg: 1 × No mask",
        "slipped.jpg: 1 × Mask, 1 × Worn wrong",
        "unsure.jpg: 2 × Not sure",
        "masked.jpg: 2 × Mask",
        "nobody.jpg: no face found",
    ]
    for image in images:
        assert (image["width"], image["height"], image["loading"]) == ("200", "100", "lazy")
    # base64 of "jpeg of 3", the mixed photo's place in the batch
    assert images[0]["src"] == "data:image/jpeg;base64,anBlZyBvZiAz"


def test_pictures_can_be_left_out_and_may_be_missing() -> None:
    page = html()
    assert Parsed(page).all("img") == [] and "No picture" not in page
    assert "Faces in the pictures" not in page
    page = html(pictures=lambda indices: iter([None] * len(indices)))
    assert Parsed(page).all("img") == [] and page.count("No picture") == 6


@pytest.mark.parametrize(("blurred", "text"), [(True, "blurred where"), (False, "shown")])
def test_says_whether_faces_are_blurred(blurred: bool, text: str) -> None:
    page = html(pictures=fake_pictures, blurred=blurred)
    assert f"<dd>{text}" in page
    assert ("are not blurred: look through" in page) is blurred


HOSTILE = [
    "<script>alert(1)</script>.jpg",
    '"><img src=x onerror=alert(1)>.jpg',
    "' onload='alert(1)",
    "--></style></svg></table>.jpg",
    "{{ 7 * 7 }}{% raw %}.jpg",
    "&lt;b&gt;.jpg",
    "javascript:alert(1)",
    "https://example.org/a.jpg",
    "a\u202egpj.exe",
    "a\nb\x1b[31m\x00.jpg",
    b"caf\xe9.jpg".decode("utf-8", "surrogateescape"),
    "Größe 猫.jpg",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_by_strangers_are_text(name: str) -> None:
    def page_of(name: str) -> str:
        reports = [photo(name, BARE), PhotoReport(name, None, name)]
        return html(reports, pictures=fake_pictures, folder=name)

    page = page_of(name)
    page.encode("utf-8")
    parsed, plain = Parsed(page), Parsed(page_of("a.jpg"))
    # same elements with the same attributes: nothing of the name became markup
    assert [(tag, list(given)) for tag, given in parsed.elements] == [
        (tag, list(given)) for tag, given in plain.elements
    ]
    if name.isprintable():
        assert parsed.text.count(name) == 4
        assert parsed.all("img")[0]["alt"] == f"{name}: 1 × No mask"
    assert not re.search("[\x00-\x08\x0b-\x1f]", page)


@pytest.mark.parametrize("language", ["en", "es"])
def test_needs_nothing_else(language: str) -> None:
    page = html(
        [*REPORTS, photo("https://example.org/x.jpg", BARE)],
        pictures=fake_pictures,
        language=language,
    )
    parsed = Parsed(page)
    assert parsed.all("html") == [{"lang": language}]
    policy = next(m["content"] for m in parsed.all("meta") if "http-equiv" in m)
    assert "default-src 'none'" in policy and "script" not in policy
    tags = {tag for tag, _ in parsed.elements}
    assert not tags & {"script", "iframe", "object", "embed", "form", "base", "audio", "video"}
    for tag, attributes in parsed.elements:
        for name in ("src", "href", "srcset", "xlink:href", "action", "data", "poster"):
            value = attributes.get(name, "data:")
            assert value.startswith(("data:", "#")), f"{tag} {name}={value[:40]}"
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style and "@font-face" not in style
    assert set(re.findall(r"url\((.{6})", style)) == {"#fill-"}


def test_links_lead_to_sections_that_are_there() -> None:
    parsed = Parsed(html())
    ids = {attributes["id"] for _, attributes in parsed.elements if "id" in attributes}
    links = {a["href"][1:] for a in parsed.all("a")}
    assert links == {kind.value for kind in PhotoKind} and links <= ids


def test_spanish_report() -> None:
    text = Parsed(html(language="es")).text
    assert "Sin mascarilla" in text and "Fotos comprobadas: 7" in text and "No mask" not in text


def test_no_photos() -> None:
    page = html([])
    assert "There were no photos to check." in page
    Parsed(page)


def test_pictures_are_taken_one_at_a_time() -> None:
    taken = []

    def pictures(indices: Sequence[int]) -> Iterator[bytes]:
        for index in indices:
            taken.append(index)
            yield b"x"

    pieces = html_text(REPORTS, FACTS, Texts(ENGLISH), MADE_AT, pictures)
    n_before = 0
    for piece in pieces:
        n_before += piece.count("<article>")
        assert len(taken) <= n_before + 1
    assert taken == [3, 6, 5, 4, 0, 1]


def test_pictures_go_to_the_photos_that_need_a_look_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_PICTURES", 2)
    page = html(pictures=fake_pictures)
    shown = [data_url(b"jpeg of 3"), data_url(b"jpeg of 6")]
    assert re.findall(r'<img src="(.*?)"', page) == shown
    assert "Pictures shown: 2," in page and "No picture" not in page
    monkeypatch.setattr(document, "MAX_PICTURES", 6)
    assert "Pictures shown" not in html(pictures=fake_pictures)


def picture(*, blurred: bool) -> bytes:
    rng = np.random.default_rng(0)
    photo_rgb = np.kron(rng.integers(0, 255, (60, 80, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    found = Detections(2560, 1920, (replace(BARE, box=FaceBox(600, 500, 900, 1000)),))
    return report_picture(photo_rgb, found, Texts(ENGLISH).labels(), blurred=blurred)


def test_picture_is_small_annotated_and_without_metadata() -> None:
    jpeg = picture(blurred=False)
    image = Image.open(io.BytesIO(jpeg))
    assert max(image.size) == PICTURE_PX and dict(image.getexif()) == {}
    assert len(jpeg) < 200_000
    # the frame's thin vermilion, which JPEG blurs, at 600 px of the photo's 2560 times 512
    left = decode_image(jpeg)[150:250, 119].reshape(-1, 3).astype(int)
    assert (abs(left - (0xD5, 0x5E, 0x00)).sum(axis=1) < 160).sum() > 90


def test_blurred_picture_shows_no_face() -> None:
    def contrast(jpeg: bytes) -> float:
        return float(decode_image(jpeg)[170:230, 180:240].std())

    assert contrast(picture(blurred=True)) < contrast(picture(blurred=False)) / 2
