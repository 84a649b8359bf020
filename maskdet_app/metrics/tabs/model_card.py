"""The model card of a run's network: shown on the metrics page, and to download."""

from pathlib import Path
from typing import Final

import streamlit as st

from maskdet_app.metrics.records.runs import MODELS, read_text
from maskdet_app.ui.texts.i18n import t

FILE_NAME: Final = "MODEL_CARD.md"


def show_model_card(folder: Path) -> None:
    """Show the card beside a shipped run's folder; a run of one's own has none.

    Args:
        folder: of the run.
    """
    text = card_of(folder)
    if text is None:
        return
    st.header(t("card.title"), anchor=False)
    st.caption(t("card.note"))
    st.download_button(
        t("card.download"),
        text,
        FILE_NAME,
        "text/markdown",
        icon=":material/download:",
        on_click="ignore",
        key="card_download",
    )
    card = st.expander(t("card.read"), key="card", on_change="rerun")
    # its tables are long: they are sent to those who open it
    if card.open:
        card.markdown(below_the_page(text))


def card_of(folder: Path) -> str | None:
    """Text of the card that ships with a run, None where there is none."""
    models = folder.parent.parent
    path = models / FILE_NAME
    if folder.parent.name != "runs" or not models.is_relative_to(MODELS) or not path.is_file():
        return None
    return read_text(path, [])


def below_the_page(text: str) -> str:
    """The card without its title, and its headings below those of the page."""
    lines = text.splitlines()
    if lines and lines[0].startswith("# "):
        lines = lines[1:]
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in lines)
