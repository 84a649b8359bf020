"""People in whole photographs: found or not, right verdict or not."""

from collections.abc import Sequence

from tqdm import tqdm

from maskdet_core.detector import MaskDetector, Preset
from maskdet_core.run_records import PeopleRecord, WholePhotosRecord
from maskdet_core.types import WITH_MASK, WITHOUT_MASK, Verdict
from train.data.boxes import boxes_px
from train.data.detection import Photo
from train.data.images import read_rgb
from train.data.matching import take_best
from train.intervals import wilson_interval


def whole_photos(
    preset: Preset, photos: Sequence[Photo], detector: MaskDetector
) -> WholePhotosRecord:
    """Run the detector over photographs, as the app does.

    A person is found where a box overlaps the reference enough, see `take_best`; every box that
    matches nobody, not even in the background, is a false positive.

    Args:
        preset: of the detector.
        photos: held out from training.
        detector: as the app loads it.
    """
    counts: dict[str, PeopleRecord] = {
        c: {"n_people": 0, "n_found": 0, "n_right": 0, "n_not_sure": 0}
        for c in (WITH_MASK, WITHOUT_MASK)
    }
    n_false = 0
    for photo in tqdm(photos, desc=preset, unit="photo"):
        rgb = read_rgb(photo.path)
        verdicts = {face.box: face.verdict for face in detector.detect(rgb).faces}
        free = list(verdicts)
        truth = WITH_MASK if photo.masked else WITHOUT_MASK
        count = counts[truth]
        for person in boxes_px(photo.boxes, rgb):
            count["n_people"] += 1
            box = take_best(free, person)
            if box is not None:
                count["n_found"] += 1
                count["n_right"] += verdicts[box] == truth
                count["n_not_sure"] += verdicts[box] == Verdict.NOT_SURE
        for other in boxes_px(photo.others, rgb):
            take_best(free, other)
        n_false += len(free)
    for name, count in counts.items():
        low, high = wilson_interval(count["n_right"], count["n_people"])
        print(
            f"{preset} check, {name}: {count['n_found']} of {count['n_people']} people found, "
            f"{count['n_right']} with a right verdict ({low:.1%} to {high:.1%}), "
            f"{count['n_not_sure']} not sure"
        )
    print(f"{preset} check: {n_false} false faces in {len(photos)} photos")
    return {
        "preset": preset,
        "n_photos": len(photos),
        "n_people": sum(c["n_people"] for c in counts.values()),
        "n_found": sum(c["n_found"] for c in counts.values()),
        "false_faces": n_false,
        "per_class": counts,
    }
