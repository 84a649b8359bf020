"""Links between the faces in a picture and their cards."""

import re

from maskdet_app.photo.face_links import card_key, number_html, spots_html
from maskdet_core import Detections, Face, FaceBox
from maskdet_core.types import Verdict


def detections(*boxes: FaceBox) -> Detections:
    faces = tuple(Face.of_two_classes(box, 0.99, Verdict.WITH_MASK) for box in boxes)
    return Detections(200, 100, faces)


def test_each_face_has_a_spot_in_the_picture_that_leads_to_its_card_and_back() -> None:
    html = spots_html(
        detections(FaceBox(20, 10, 40, 50), FaceBox(180, 0, 20, 30)), ["One", "<Two>"]
    )
    assert re.findall(r"left:([\d.]+)%;top:([\d.]+)%;width:([\d.]+)%;height:([\d.]+)%", html) == [
        ("10.00", "10.00", "20.00", "50.00"),
        ("90.00", "0.00", "10.00", "30.00"),
    ]
    assert "<Two>" not in html and "&lt;Two&gt;" in html
    for number in (1, 2):
        card = number_html(number, "a face")
        assert f'href="#md-face-{number}"' in html and f'id="md-face-{number}"' in card
        assert f'id="md-spot-{number}"' in html and f'href="#md-spot-{number}"' in card
        assert f":is(.st-key-{card_key(number)},.md-spot-{number})" in html


def test_picture_without_faces_has_no_rule_for_them() -> None:
    html = spots_html(detections(), [])
    assert "<a" not in html and "outline" not in html
