"""The legend of the frames drawn around faces: icon, word, meaning and look of each."""

from collections.abc import Sequence

import streamlit as st

from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t
from maskdet_core import Verdict
from maskdet_core.draw.annotate import LOOKING_SIGN, SIGNS

LOOKING = "looking"


def show(verdicts: Sequence[Verdict], *, looking: bool = False) -> None:
    """Draw the legend of these verdicts and, for live video, of a face without one."""
    kinds = [verdict.value for verdict in verdicts] + [LOOKING] * looking
    st.html(
        theme.legend_html(
            (kind, t(f"verdict.{kind}"), t(f"legend.means_{kind}"), _look(kind)) for kind in kinds
        )
    )


def _look(kind: str) -> str:
    sign = LOOKING_SIGN if kind == LOOKING else SIGNS[Verdict(kind)]
    return t("legend.look", frame=t(f"legend.frame_{kind}"), sign=sign)
