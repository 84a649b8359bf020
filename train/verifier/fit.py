"""Train the verifier's two networks on whole photographs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.cascade_finder import CascadeFaceFinder
from maskdet_core.faces.nms import Boxes
from maskdet_core.faces.proposals import HaarProposer
from maskdet_core.faces.verifier_network import VerifierNetwork
from train.data.annotations.photos import LabelledPhoto
from train.data.negatives.doubtful_boxes import cached_doubtful_boxes
from train.verifier.batches import BatchSource, plain
from train.verifier.hard_negatives import HardWindows
from train.verifier.samples import Samples, VisitConfig, visit_all
from train.verifier.second_look import visit_all_centred

if TYPE_CHECKING:
    from train.verifier.network import VerifierConfig

ROUNDS: Final = ("fit-0", "fit-1", "fit-second")
"""Folders in that of the run: two rounds of the first network, one of the second."""
VISITS: Final = (VisitConfig(), VisitConfig(zooms=(0.5, 1.3), others=45, jittered=3))
"""Each photograph is searched as it is, and once more at another size."""
HARD_VISIT: Final = VisitConfig(zooms=(0.7, 1.1), per_face=4, jittered=2)
SECOND_VISITS: Final = (
    VisitConfig(per_face=3, others=45),
    VisitConfig(zooms=(0.5, 1.3), per_face=3, jittered=3, others=45, confirmed=5),
    VisitConfig(zooms=(0.6, 1.2), per_face=3, jittered=3, others=45, confirmed=5),
    VisitConfig(zooms=(0.4, 1.0), per_face=3, jittered=2, others=45, confirmed=4),
)
"""The first look leaves some thirty windows of a photograph: each is searched four times."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the trainings have in common.

    Attributes:
        photos: to learn from.
        doubting: manifest of the finder that says which boxes may be faces without a label.
        out: folder of the run.
        resume: go on with the run in ``out``; what it made already is not made again.
    """

    photos: Sequence[LabelledPhoto]
    doubting: Path
    out: Path
    resume: bool

    def doubtful(self) -> dict[Path, Boxes]:
        """Boxes that may be faces without a label, by picture; found once and kept in ``out``."""
        return cached_doubtful_boxes(self.out / "doubtful.json", self.photos, self.doubting)


def fit_first(run: Run, config: "VerifierConfig", proposers: Sequence[HaarProposer]) -> bytes:
    """Two rounds on proposals, the second with those that the first got wrong.

    Args:
        run: see there.
        config: of the first round; the second starts with its network and half of its rate.
        proposers: the trained proposals at several steps.

    Returns:
        The network in int8 LiteRT.
    """
    from train.verifier.network import fit_verifier, load_verifier, to_int8

    seed, out = config.seed, run.out
    doubtful = run.doubtful()
    samples = _kept_samples(
        out / "samples",
        VISITS,
        lambda number, visit: visit_all(run.photos, doubtful, proposers, seed + number, visit),
    )
    source = BatchSource(samples, config.batches, seed)
    first = fit_verifier(config, source, out / ROUNDS[0], resume=run.resume)
    calibration = _some(samples, seed)
    hard = out / "samples-hard.npz"
    if not hard.exists():
        so_far = VerifierNetwork(to_int8(load_verifier(first), calibration), config.input_px)
        visit_all(
            run.photos, doubtful, proposers, seed + 100, HARD_VISIT, HardWindows(so_far)
        ).save(hard)
    every = Samples.joined([samples, Samples.load(hard)])
    again = replace(config, learning_rate=config.learning_rate / 2, seed=seed + 1)
    source = BatchSource(every, config.batches, seed + 1)
    final = fit_verifier(again, source, out / ROUNDS[1], first, resume=run.resume)
    return to_int8(load_verifier(final), calibration)


def fit_second(
    run: Run,
    config: "VerifierConfig",
    finders: Sequence[CascadeFaceFinder],
    start: Path | None = None,
) -> bytes:
    """One round on what the first network leaves of the proposals.

    Args:
        run: see there.
        config: of the training.
        finders: with the first network alone, at several settings.
        start: a trained network to go on from, at half of the rate.

    Returns:
        The network in int8 LiteRT.
    """
    from train.verifier.network import fit_verifier, load_verifier, to_int8

    seed = config.seed
    doubtful = run.doubtful()
    samples = _kept_samples(
        run.out / "samples-second",
        SECOND_VISITS,
        lambda number, visit: visit_all_centred(
            run.photos, doubtful, finders, seed + number, visit
        ),
    )
    if start is not None:
        config = replace(config, learning_rate=config.learning_rate / 2, seed=seed + 1)
    source = BatchSource(samples, config.batches, config.seed)
    final = fit_verifier(config, source, run.out / ROUNDS[2], start, resume=run.resume)
    return to_int8(load_verifier(final), _some(samples, seed))


def _kept_samples(
    stem: Path, visits: Sequence[VisitConfig], make: Callable[[int, VisitConfig], Samples]
) -> Samples:
    """Samples of all visits, each made once and kept in a file of its own."""
    parts: list[Samples] = []
    for number, visit in enumerate(visits):
        file = stem.with_name(f"{stem.name}-{number}.npz")
        if not file.exists():
            make(number, visit).save(file)
        parts.append(Samples.load(file))
    return Samples.joined(parts)


def _some(samples: Samples, seed: int) -> NDArray[np.uint8]:
    """Crops whose activations set the ranges of int8."""
    order = np.random.default_rng(seed).permutation(len(samples))
    return plain(samples[order[:400]])
