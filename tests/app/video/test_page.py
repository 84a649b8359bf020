"""The video part of the page in AppTest: limits said before, a result, another rule, removal."""

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from maskdet_app.ui.texts.i18n import catalogue, t
from maskdet_app.video import view
from maskdet_app.video.job import State, VideoJob
from testbed.pictures.films import film_bytes
from testbed.pictures.scenes import scene
from testbed.repository import REPO_ROOT

NETWORK = REPO_ROOT / "models" / "maskdet-vgg19-int8.json"
WAIT_S = 60.0
pytestmark = pytest.mark.skipif(not NETWORK.is_file(), reason="models/ holds no network")


@pytest.fixture(scope="module")
def film() -> bytes:
    return film_bytes((n / 10, image) for n, image in enumerate(scene(1, 10)))


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[VideoJob]:
    """The page's jobs, in the order of their beginning."""
    made: list[VideoJob] = []

    class Noted(VideoJob):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            made.append(self)

    monkeypatch.setattr(view, "VideoJob", Noted)
    return made


def open_page(**query: str) -> AppTest:
    app = AppTest.from_file(str(REPO_ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["kind"] = "video"
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page("pages/photo.py").run()


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    return app.file_uploader[0].set_value((name, data, "video/mp4")).run()


def finish(app: AppTest, jobs: list[VideoJob]) -> AppTest:
    jobs[-1].join(WAIT_S)
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    groups: tuple[Any, ...] = (app.markdown, app.header, app.subheader, app.info, app.warning)
    groups += (app.caption,)
    return "\n".join(str(element.value) for group in groups for element in group)


def counts(app: AppTest) -> dict[str, int]:
    html = "".join(str(element.proto.body) for element in app.get("html"))
    found = re.findall(r'data-verdict="(\w+)"><b>(\d+)</b>', html)
    return {verdict: int(number) for verdict, number in found}


def test_limits_are_said_before() -> None:
    app = open_page()
    assert "100 MB and 10 minutes" in app.file_uploader[0].label
    assert t("video.empty") in texts(app)


def test_a_video_its_result_a_film_and_its_removal(film: bytes, jobs: list[VideoJob]) -> None:
    app = finish(upload(open_page(), "door.mp4", film), jobs)
    assert counts(app)["without_mask"] == 1
    assert t("video.people", n=1, length="0:00") in texts(app)
    assert "Moments without a mask" in texts(app)
    (first,) = jobs
    # another run checks nothing again
    app.run()
    assert jobs == [first]
    # the film is made by a job of its own
    app.button(key="video_make_film").click().run()
    assert len(jobs) == 2
    app = finish(app, jobs)
    assert (jobs[1].state, jobs[1].options.film) == (State.DONE, True)
    assert jobs[1].outcome is not None
    assert (jobs[1].outcome.film or b"")[4:8] == b"ftyp"
    visit = app.session_state["tab_state"]["video_visit"]
    assert visit.film_id in visit
    film_id = visit.film_id
    app.button(key="video_forget").click().run()
    assert t("video.empty") in texts(app)
    assert film_id not in visit


def test_other_settings_are_offered_and_not_forced(film: bytes, jobs: list[VideoJob]) -> None:
    app = finish(upload(open_page(), "door.mp4", film), jobs)
    app.toggle(key="two").set_value(True).run()
    assert "settings have changed" in texts(app)
    assert len(jobs) == 1
    app.button(key="again").click().run()
    app = finish(app, jobs)
    assert jobs[1].options.two_classes
    assert "settings have changed" not in texts(app)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_what_cannot_be_read_is_said(lang: str, jobs: list[VideoJob]) -> None:
    app = finish(upload(open_page(lang=lang), "broken.mp4", b"no video"), jobs)
    said = catalogue(lang)["reason"]["not_a_video"]
    assert catalogue(lang)["video"]["error"].format(reason=said) in texts(app)


def test_a_cancelled_check_can_be_repeated(film: bytes, jobs: list[VideoJob]) -> None:
    app = upload(open_page(), "door.mp4", film)
    jobs[0].cancel()
    app = finish(app, jobs)
    if jobs[0].state is State.CANCELLED:
        assert "cancelled" in texts(app)
        app.button(key="again").click().run()
        app = finish(app, jobs)
    assert counts(app)["without_mask"] == 1
