import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.ui.browser import query_params


def _page(*, goes_back: bool = True) -> AppTest:
    def page(goes_back: bool) -> None:
        from maskdet_app.ui.browser import query_params

        query_params.segmented_control(
            "size",
            "Size",
            ["tiny", "usual", "large"],
            "usual",
            goes_back=goes_back,
            format_func=str.upper,
        )

    return AppTest.from_function(page, args=(goes_back,))


@pytest.mark.parametrize(
    ("query", "choice", "kept"),
    [(None, "usual", None), ("large", "large", "large"), ("../x", "usual", None)],
)
def test_choice_starts_from_the_query_parameter_if_it_is_valid(
    query: str | None, choice: str, kept: str | None
) -> None:
    app = _page()
    if query is not None:
        app.query_params["size"] = query
    app.run()
    assert not app.exception
    assert app.session_state["size"] == choice
    assert app.query_params.get("size") == kept


def test_back_and_forward_change_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_params, "SETTLED_S", 0.0)
    app = _page().run()
    app.button_group(key="size").set_value("large").run()
    del app.query_params["size"]
    app.run()
    assert app.session_state["size"] == app.button_group(key="size").value == "usual"
    assert "size" not in app.query_params
    app.query_params["size"] = "large"
    app.run()
    assert app.session_state["size"] == app.button_group(key="size").value == "large"


def test_an_address_from_before_the_choice_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_params, "SETTLED_S", 1000.0)
    app = _page().run()
    app.button_group(key="size").set_value("large").run()
    for _ in range(2):
        del app.query_params["size"]
        app.run()
        assert app.session_state["size"] == app.query_params["size"] == "large"


def test_a_choice_of_all_pages_outlives_back_and_is_not_written_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query_params, "SETTLED_S", 0.0)
    app = _page(goes_back=False).run()
    app.button_group(key="size").set_value("large").run()
    del app.query_params["size"]
    for _ in range(2):
        app.run()
        assert app.session_state["size"] == "large"
        assert "size" not in app.query_params
    app.button_group(key="size").set_value("tiny").run()
    assert app.query_params["size"] == "tiny"


def test_a_click_wins_over_an_address_that_is_not_yet_written() -> None:
    app = _page().run()
    app.button_group(key="size").set_value("large").run()
    del app.query_params["size"]
    app.button_group(key="size").set_value("tiny").run()
    assert app.session_state["size"] == app.query_params["size"] == "tiny"


def test_choice_is_kept_by_its_code_and_the_default_is_left_out() -> None:
    app = _page().run()
    app.button_group(key="size").set_value("large").run()
    assert app.query_params["size"] == "large"
    app.button_group(key="size").set_value("usual").run()
    assert "size" not in app.query_params
