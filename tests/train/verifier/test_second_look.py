import numpy as np

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.loading import load_finder
from train.data.annotations.photos import LabelledPhoto
from train.verifier.framing import SECOND_LOOK
from train.verifier.samples import FACE_IOU, OTHER_IOU, VisitConfig, labelled
from train.verifier.second_look import visit_all_centred, visit_centred

NONE = np.empty((0, 4))


def finder() -> CascadeFaceFinder:
    found = load_finder("photo")
    assert isinstance(found, CascadeFaceFinder)
    return found


def test_centred_windows_and_windows_around_the_face_are_taken(photo: LabelledPhoto) -> None:
    config = VisitConfig(per_face=3, jittered=4, others=10)
    samples = visit_centred(photo, NONE, finder(), np.random.default_rng(1), config)
    px = SECOND_LOOK.stored_px
    assert samples.framing == SECOND_LOOK
    assert samples.crops.shape == (len(samples), px, px, 3)
    iou, _ = labelled(samples, np.tile([0.0, 0.0, 1.0], (len(samples), 1)))
    assert (iou >= FACE_IOU).sum() >= 2
    assert ((iou >= FACE_IOU) | (iou < OTHER_IOU)).all()


def test_a_visit_depends_on_its_seed_alone(photo: LabelledPhoto) -> None:
    config = VisitConfig(zooms=(0.7, 1.3))
    first, again, other = (
        visit_all_centred([photo], {}, [finder()], seed, config) for seed in (3, 3, 4)
    )
    assert np.array_equal(first.crops, again.crops)
    assert not np.array_equal(first.crops[:1], other.crops[:1])


def test_windows_that_may_show_a_face_are_left_out(photo: LabelledPhoto) -> None:
    config = VisitConfig(per_face=0, jittered=0)
    everywhere = np.array(
        [[x, y, w, 1.3 * w] for w in (20, 40) for x in range(0, 240, 6) for y in range(0, 180, 6)]
    )
    doubtful = {photo.path: everywhere.astype(float)}
    some = visit_all_centred([photo], {}, [finder()], 0, config)
    fewer = visit_all_centred([photo], doubtful, [finder()], 0, config)
    assert len(fewer) < len(some)
