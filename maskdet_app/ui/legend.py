"""The legend of the verdicts: icon, word, meaning and look of each."""

from collections.abc import Sequence

import streamlit as st

from maskdet_app.ui import theme
from maskdet_app.ui.i18n import t
from maskdet_core import Verdict


def show(verdicts: Sequence[Verdict]) -> None:
    """Draw the legend of these verdicts."""
    st.html(
        theme.verdict_legend_html(
            (verdict, t(f"legend.means_{verdict}"), _look(verdict)) for verdict in verdicts
        )
    )


def _look(verdict: Verdict) -> str:
    mark = t(f"verdict.{verdict}_short")
    return t("legend.look", frame=t(f"legend.frame_{verdict}"), mark=mark)
