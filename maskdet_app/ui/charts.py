"""Shared parts of the charts: their type, colours, and data as rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt

Chart = alt.Chart | alt.LayerChart

GREY: Final = "#808A92"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"


def rows_chart(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart whose data are rows of JSON values."""
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]
