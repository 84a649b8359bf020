"""What the charts of all pages share: their type, the colours of the verdicts, data as rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

Chart = alt.Chart | alt.LayerChart

GREY: Final = "#808A92"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"


def rows_chart(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart over rows of plain values."""
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]
