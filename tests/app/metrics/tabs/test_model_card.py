"""The model card on the metrics page."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from maskdet_app.metrics.records.runs import MODELS
from maskdet_app.metrics.tabs import model_card

CARD = "# Model card\n\ntext # no heading\n## The network\n### Faces"


def test_headings_come_below_those_of_the_page() -> None:
    assert model_card.below_the_page(CARD).splitlines() == [
        *("", "text # no heading", "### The network", "#### Faces")
    ]
    assert model_card.below_the_page("") == ""


def test_only_shipped_runs_have_a_card(tmp_path: Path) -> None:
    (shipped,) = (MODELS / "runs").iterdir()
    assert model_card.card_of(shipped) == (MODELS / model_card.FILE_NAME).read_text("utf-8")
    own = tmp_path / "runs" / "own"
    own.mkdir(parents=True)
    (tmp_path / model_card.FILE_NAME).write_text("of another project")
    assert model_card.card_of(own) is None
    assert model_card.card_of(MODELS / "runs" / ".." / "runs") is None


def test_card_is_sent_to_those_who_open_it() -> None:
    def page() -> None:
        from maskdet_app.metrics.records.runs import MODELS
        from maskdet_app.metrics.tabs import model_card

        model_card.show_model_card(next((MODELS / "runs").iterdir()))

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    assert len(app.get("download_button")) == 1
    assert not any("### The network" in text.value for text in app.markdown)
    app.session_state["card"] = True
    app.run()
    assert any("### The network" in text.value for text in app.markdown)
