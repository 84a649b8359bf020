"""Figures of a finder that is gone, on the metrics page beside those that were measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from maskdet_app.metrics.records.words import translated
from maskdet_app.ui.json_values import Bounded, objects, one_line
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_core.faces.manifest import CascadeManifest
from maskdet_core.records.finder import RECORDED, of_same_photos


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a manifest has of `maskdet_core.records.finder.RecordedFigures`, perhaps nothing."""

    figures: dict[str, Any]

    @classmethod
    def of(cls, manifest: CascadeManifest) -> "Recorded":
        """The recorded figures of a finder's manifest."""
        found = Bounded(manifest.evaluation.get(RECORDED)).value
        return cls(found if isinstance(found, dict) else {})

    def rows(
        self, key: Literal["records", "drawn"], measured: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Recorded rows of the photographs that some measured rows are of."""
        return of_same_photos(objects(self.figures.get(key)), measured)

    @property
    def time_ratio(self) -> dict[str, Any]:
        """Times by finder, relative to OpenCV's."""
        found = self.figures.get("time_ratio")
        return found if isinstance(found, dict) else {}

    def note(self, rows: Sequence[dict[str, Any]]) -> str:
        """When and by which version some recorded rows were measured, as Markdown."""
        names = list(
            dict.fromkeys(translated(one_line(row.get("finder", "?"), 60)) for row in rows)
        )
        return t(
            "finder.recorded",
            finders=", ".join(theme.escape_markdown(name) for name in names),
            # the day of an ISO date
            date=self._shown("date", 10),
            version=self._shown("version", 40),
        )

    def _shown(self, key: str, max_chars: int) -> str:
        return theme.escape_markdown(one_line(self.figures.get(key, "?"))[:max_chars])
