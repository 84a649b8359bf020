"""What a visitor may choose on the live page."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import streamlit as st

from maskdet_app.ui.browser import query_params
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.texts.i18n import t
from maskdet_core import LiveProcessor, MaskDetector, Verdict

Alert = Literal["off", "colour", "sound"]
FRONT: Final = "user"
REAR: Final = "environment"
"""Facing modes of the W3C's Media Capture API."""
_ALERTS: Final[tuple[Alert, ...]] = get_args(Alert)
_NO_ALERT: Final[Alert] = "off"


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """A visitor's choices.

    Attributes:
        facing: facing mode of the camera.
        alert: how to announce a person without a mask or with one worn wrong.
        two_classes: whether a mask worn wrong counts as no mask.
        verdicts: those that can be given.
    """

    facing: str
    alert: Alert
    two_classes: bool
    verdicts: tuple[Verdict, ...]


def ask(processor: LiveProcessor, detector: MaskDetector, *, is_sent: bool) -> LiveOptions:
    """Show the choices; the mirror is set on the processor at once.

    Args:
        processor: the session's.
        detector: gives the defaults.
        is_sent: whether events of this session leave the page.
    """
    facing = query_params.segmented_control(
        "facing",
        t("live.camera_label"),
        (FRONT, REAR),
        FRONT,
        format_func=lambda mode: t("live.camera_front" if mode == FRONT else "live.camera_rear"),
        help=t("live.camera_help"),
    )
    # people expect a mirror of a camera that faces them, and of no other
    mirrored = st.toggle(t("live.mirror_label"), value=facing == FRONT, key=f"mirror_{facing}")
    processor.set_mirrored(mirrored)
    two = two_classes.switch(detector)
    verdicts = two_classes.verdicts(detector.classifier.manifest, two_classes=two)
    has_worn_wrong = Verdict.WORN_WRONG in verdicts
    alert = query_params.segmented_control(
        "alert",
        t("live.alert_label_worn_wrong" if has_worn_wrong else "live.alert_label"),
        _ALERTS,
        _NO_ALERT,
        format_func=lambda kind: t(f"live.alert_{kind}"),
        help=t("live.alert_help_sent" if is_sent else "live.alert_help"),
    )
    return LiveOptions(facing, alert, two, verdicts)


def facing_from_url() -> str:
    """The camera that the page's URL asks for, where no choices are shown."""
    return query_params.read("facing", (FRONT, REAR), FRONT)
