"""Places of labels: whatever the boxes, no label overlaps another or leaves the image."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from maskdet_core.draw.placement import LabelRequest, Placement, Side, place_labels
from maskdet_core.types import FaceBox

SIZES = ((100, 20), (60, 20), (20, 20))


@st.composite
def pictures(draw: st.DrawFn) -> tuple[int, int, list[LabelRequest]]:
    width, height = draw(st.integers(1, 600)), draw(st.integers(1, 400))
    requests = []
    for _ in range(draw(st.integers(0, 14))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        w, h = draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
        text_h = draw(st.integers(8, 40))
        sizes = tuple((text_h * share, text_h) for share in (6, 3, 1))
        before = None
        if draw(st.booleans()):
            form, side = draw(st.integers(0, 2)), draw(st.sampled_from(Side))
            before = Placement(form, side, 0, 0, *sizes[form])
        requests.append(LabelRequest(FaceBox(x, y, w, h), sizes, before))
    return width, height, requests


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@given(pictures())
@settings(max_examples=150, deadline=None)
def test_no_label_overlaps_another_or_leaves_the_image(
    picture: tuple[int, int, list[LabelRequest]],
) -> None:
    width, height, requests = picture
    places = place_labels(width, height, requests)
    assert len(places) == len(requests)
    rects = [one.rect for one in places if one is not None]
    for x0, y0, x1, y1 in rects:
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
    assert not any(overlap(a, b) for a, b in itertools.combinations(rects, 2))
    for place, request in zip(places, requests, strict=True):
        if place is not None:
            assert (place.w, place.h) == request.sizes[place.form]
    assert place_labels(width, height, requests) == places


@given(pictures())
@settings(max_examples=100, deadline=None)
def test_labels_of_a_still_video_do_not_move(
    picture: tuple[int, int, list[LabelRequest]],
) -> None:
    """A crowd may take some frames to settle, but it does."""
    width, height, requests = picture
    seen = []
    for _ in range(30):
        places = place_labels(width, height, requests)
        requests = [
            LabelRequest(one.frame, one.sizes, place)
            for one, place in zip(requests, places, strict=True)
        ]
        seen.append(places)
    assert seen[-1] == seen[-2]


def request(
    x: int, y: int, w: int = 60, h: int = 80, before: Placement | None = None
) -> LabelRequest:
    return LabelRequest(FaceBox(x, y, w, h), SIZES, before)


def place(width: int, height: int, *requests: LabelRequest) -> list[Placement]:
    places = place_labels(width, height, requests)
    found = [one for one in places if one is not None]
    assert len(found) == len(requests)
    return found


def test_a_face_alone_has_its_whole_label_above() -> None:
    assert place(640, 480, request(100, 100)) == [Placement(0, Side.ABOVE, 100, 80, 100, 20)]


def test_without_room_above_the_label_goes_below_and_then_to_the_forehead() -> None:
    (below,) = place(640, 480, request(100, 5))
    assert (below.form, below.side) == (0, Side.BELOW)
    (inside,) = place(640, 90, request(100, 5))
    assert (inside.form, inside.side) == (0, Side.INSIDE_TOP)


def test_a_label_slides_along_its_face_into_the_image() -> None:
    (right,) = place(640, 480, request(570, 200))
    assert (right.side, right.x + right.w) == (Side.ABOVE, 640)


def test_neighbours_share_the_room_and_leave_each_others_faces_free() -> None:
    faces = [request(100 + 70 * i, 200) for i in range(4)]
    places = place(640, 480, *faces)
    for one, other in itertools.product(places, faces):
        box = other.frame
        assert not overlap(one.rect, (box.x, box.y, box.x + box.w, box.y + box.h))
    assert [one.form for one in places] == [0, 0, 0, 0]


def test_in_a_crowd_labels_get_shorter_before_any_is_dropped() -> None:
    faces = [request(25 * i, 30 * j, 22, 28) for j in range(10) for i in range(15)]
    places = place_labels(400, 300, faces)
    forms = [one.form for one in places if one is not None]
    assert set(forms) == {2}
    assert len(forms) > 100


def test_where_nothing_fits_there_is_no_label() -> None:
    assert place_labels(19, 19, [request(0, 0, 19, 19)]) == [None]
    assert place_labels(10, 10, []) == []


def test_a_label_stays_on_its_side_while_there_is_room() -> None:
    (below,) = place(640, 480, request(100, 5))
    (still,) = place(640, 480, request(100, 100, before=below))
    assert still.side is Side.BELOW
    (away,) = place(640, 480, request(100, 400, before=below))
    assert away.side is Side.ABOVE


def test_a_label_gets_longer_only_with_room_to_spare() -> None:
    """Two faces that part by one pixel and meet again do not make a label flicker."""

    def beside(gap: int, before: Placement | None) -> Placement:
        walls = request(0, 0, 90, 126), request(100 + SIZES[0][0] + gap, 0, 400, 126)
        return place(700, 126, request(100, 20, 60, 104, before), *walls)[0]

    assert beside(-1, None).form > 0
    assert beside(1, None).form == 0
    assert beside(1, beside(-1, None)).form > 0
    assert beside(15, beside(-1, None)).form == 0
    assert beside(1, beside(15, None)).form == 0
