"""Render a report's template, and what the reports of all kinds state alike."""

import base64
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from maskdet_core.draw.annotate import COLOURS, whole_percent
from maskdet_core.html_report.facts import CheckFacts
from maskdet_core.html_report.texts import Texts
from maskdet_core.types import Face, Verdict
from maskdet_core.version import __version__

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
"""Of every report: whatever a name by a stranger might slip in, nothing is loaded or run."""
PICTURE_PX: Final = 512
"""Longest side of a picture in a report: faces and labels are seen on a phone and on half the
width of an A4 page, and a photo takes about 60 kB."""
PICTURE_QUALITY: Final = 80
"""JPEG quality of these pictures."""
_SHA256_SHOWN: Final = 12
_TEMPLATES: Final = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a bar chart.

    Attributes:
        kind: the bar's pattern: a verdict, ``no_face`` or ``unread``.
        label: what is counted.
        n: how many.
        link: id of the section that shows them; None for none.
    """

    kind: str
    label: str
    n: int
    link: str | None = None


@dataclass(frozen=True, slots=True)
class FaceRow:
    """A line of a table of faces, as text.

    Attributes:
        kind: the verdict's code.
        verdict: in a word or two.
        probabilities: of each verdict that can be given, "not sure" left out.
    """

    kind: str
    verdict: str
    probabilities: tuple[str, ...]


def render(
    template: str, texts: Texts, made_at: datetime, facts: Iterable[tuple[str, str]], **values: Any
) -> Iterator[str]:
    """Render a report piece by piece; iterables among the values are taken as they are needed.

    Args:
        template: file in ``templates/``, which extends ``document.html``. All values are escaped.
        texts: the report's language.
        made_at: with a time zone.
        facts: name and value, for the list at the top.
        **values: of this kind of report.
    """
    return (
        _environment()
        .get_template(template)
        .generate(
            t=texts,
            language=texts.language,
            made_at=made_at.astimezone(UTC),
            facts=(*facts, (texts("document.maskdet"), f"Maskdet {__version__}")),
            content_security_policy=CONTENT_SECURITY_POLICY,
            colours={one.value: "#{:02X}{:02X}{:02X}".format(*COLOURS[one]) for one in Verdict},
            **values,
        )
    )


def check_rows(facts: CheckFacts, texts: Texts) -> Iterator[tuple[str, str]]:
    """Name and value of everything that the verdicts depend on."""
    yield (
        texts("document.model"),
        texts("document.model_value", name=facts.model, sha256=facts.model_sha256[:_SHA256_SHOWN]),
    )
    yield texts("document.finder"), facts.finder
    yield texts("document.threshold"), threshold_text(facts, texts)
    if not facts.has_worn_wrong:
        worn_wrong = texts("document.worn_wrong_unknown")
    elif facts.two_classes:
        worn_wrong = texts("document.worn_wrong_as_none")
    else:
        worn_wrong = texts("document.worn_wrong_own")
    yield texts("document.worn_wrong"), worn_wrong
    yield texts("document.smallest"), smallest_text(facts, texts)


def smallest_text(facts: CheckFacts, texts: Texts) -> str:
    """The least height of a face."""
    if facts.min_face_share is None:
        return texts("document.smallest_px", px=facts.min_face_px)
    part = round(1 / facts.min_face_share)
    return texts("document.smallest_share", part=part, px=facts.min_face_px)


def threshold_text(facts: CheckFacts, texts: Texts) -> str:
    """The threshold in percent."""
    return texts("document.p_value", value=texts.number(f"{100 * facts.min_confidence:.6g}"))


def face_row(face: Face, facts: CheckFacts, texts: Texts) -> FaceRow:
    """A face for the table: the percentages are those drawn into its picture."""
    probabilities = face.probabilities
    return FaceRow(
        face.verdict.value,
        texts.verdict(face.verdict),
        tuple(
            probability_text(
                probabilities.of_verdict(one, two_classes=facts.two_classes)
                if probabilities.are_valid
                else math.nan,
                texts,
            )
            for one in answers(facts)
        ),
    )


def answers(facts: CheckFacts) -> tuple[Verdict, ...]:
    """The verdicts that have a probability, in the order of the table's columns."""
    return tuple(one for one in facts.verdicts if one is not Verdict.NOT_SURE)


def probability_text(probability: float, texts: Texts) -> str:
    """A probability in whole percent, rounded down as on the pictures, never 0 or 100."""
    if not math.isfinite(probability):
        return texts("document.p_none")
    if probability < 0.01:
        return texts("document.p_below")
    return texts("document.p_value", value=whole_percent(probability))


def verdict_bars(counts: dict[Verdict, int], facts: CheckFacts, texts: Texts) -> list[Bar]:
    """A bar for each verdict that can be given, or that was."""
    return [
        Bar(verdict.value, texts.verdict(verdict), counts[verdict])
        for verdict in Verdict
        if counts[verdict] or verdict in facts.verdicts
    ]


def data_url(jpeg: bytes) -> str:
    """A JPEG as the address of a picture."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
