"""What a tab keeps passes to the session after a reload, and to no other."""

import gc

import pytest

from maskdet_app.ui.browser.tabs import MAX_EARLIER, Tabs, TabState, secrets_in

A, B, C = "a" * 32, "b" * 32, "c" * 32


@pytest.fixture
def tabs() -> Tabs:
    return Tabs()


def test_secrets_come_by_the_subprotocol_the_newest_first() -> None:
    assert secrets_in(f"streamlit, xsrf|token, maskdet.{B}.{A}") == (B, A)
    assert secrets_in(f"streamlit, token, session-id, maskdet.{A}") == (A,)
    many = ".".join(f"{n:032x}" for n in range(9))
    assert len(secrets_in(f"streamlit, maskdet.{many}")) == 1 + MAX_EARLIER


@pytest.mark.parametrize(
    "header",
    ["", "streamlit", "streamlit, maskdet", "maskdet.", "maskdet.short", f"maskdet.{A}.", "x." + A],
)
def test_anything_else_holds_no_secret(header: str) -> None:
    assert secrets_in(header) == ()


def test_reload_takes_over_what_the_tab_kept(tabs: Tabs) -> None:
    first, before = tabs.enter("s1", (A,))
    first["batch"] = [1]
    assert before is None
    second, before = tabs.enter("s2", (B, A))
    assert (second, before, second.session_id) == ({"batch": [1]}, "s1", "s2")
    assert second is first
    assert tabs.is_succeeded("s1") and not tabs.is_succeeded("s2")


def test_page_that_never_connected_is_passed_over(tabs: Tabs) -> None:
    first, _ = tabs.enter("s1", (A,))
    assert tabs.enter("s3", (C, B, A))[0] is first


def test_secret_is_worth_nothing_once_used(tabs: Tabs) -> None:
    kept = [tabs.enter("s1", (A,))[0], tabs.enter("s2", (B, A))[0]]
    thief, before = tabs.enter("s3", (C, A))
    assert before is None
    assert thief is not kept[0]


def test_other_tabs_and_pages_without_secret_begin_empty(tabs: Tabs) -> None:
    kept = [tabs.enter("s1", (A,))[0], tabs.enter("s2", (B,))[0], tabs.enter("s3", ())[0]]
    assert len({id(one) for one in kept}) == 3
    assert tabs.enter("s4", ())[0] is not kept[2]


def test_page_whose_session_ended_has_a_new_one_with_what_it_kept(tabs: Tabs) -> None:
    # Streamlit connects again from the same page
    first, _ = tabs.enter("s1", (B, A))
    assert tabs.enter("s2", (B, A))[0] is first


def test_nothing_outlives_its_session(tabs: Tabs) -> None:
    state: TabState | None = tabs.enter("s1", (A,))[0]
    assert state is not None
    state["batch"] = [1]
    del state
    gc.collect()
    fresh, before = tabs.enter("s2", (B, A))
    assert (fresh, before) == ({}, None)
