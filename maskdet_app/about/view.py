"""The about page's parts on the network, from its manifest alone, on the API and on the build."""

import re
from collections.abc import Collection
from typing import Final

import streamlit as st

from maskdet_app.ops.installation import build_info
from maskdet_app.ops.live_streams import alert_channels
from maskdet_app.ops.observability import operator_log
from maskdet_app.ops.settings import api_settings, camera_settings
from maskdet_app.ui.detection import two_classes
from maskdet_app.ui.json_values import count, objects
from maskdet_app.ui.layout import theme
from maskdet_app.ui.texts.i18n import t, verdict_label
from maskdet_app.ui.texts.numbers import number_text
from maskdet_core import ModelError, Verdict
from maskdet_core.masks.loading import default_model_path
from maskdet_core.masks.manifest import ModelManifest

_CHANNELS: Final = re.compile(r"(?P<network>.+) with (?P<channels>[\d, ]+) channels")
"""What training writes into a manifest, in English."""


def verdicts() -> tuple[Verdict, ...]:
    """The verdicts of the network in use; those of two classes where there is no manifest."""
    try:
        manifest = ModelManifest.load(default_model_path().with_suffix(".json"))
    except ModelError:
        return tuple(one for one in Verdict if one is not Verdict.WORN_WRONG)
    return two_classes.verdicts(manifest)


def limits(verdicts: Collection[Verdict]) -> str:
    """What a network that gives these verdicts cannot do, as Markdown."""
    knows_worn_wrong = Verdict.WORN_WRONG in verdicts
    own = t("about.limit_worn_wrong" if knows_worn_wrong else "about.limit_two_classes")
    return f"{own}\n{t('about.limits_text')}"


def privacy() -> str:
    """What happens to pictures, by this server's settings, as Markdown."""
    parts = [t("about.privacy_text")]
    settings = alert_channels.settings()
    if settings.of_cameras or settings.of_live:
        place = settings.place or t("alerts.operator")
        parts.append(t("about.privacy_alerts", place=theme.escape_markdown(place, 80)))
    if camera_settings.cameras():
        parts.append(t("about.privacy_cameras"))
    return "\n".join(part.strip() for part in parts)


def show_model() -> None:
    """Show a short table from the manifest, or the reason why there is none."""
    st.header(t("about.model"), anchor=False)
    path = default_model_path()
    if path.suffix != ".json":
        st.caption(t("about.model_none", file=theme.escape_markdown(path.name)))
        return
    try:
        manifest = ModelManifest.load(path)
    except ModelError as error:
        operator_log.log_once(str(error))
        st.warning(t("shared.no_model"), icon=":material/error:")
        return
    size = f"{manifest.input_size_px} × {manifest.input_size_px} px"
    rows = {
        t("about.model_name"): manifest.name,
        t("about.model_kind"): f"{_architecture(manifest)}, {manifest.quantization}, {size}",
        t("about.model_file"): t(
            "about.model_mb", mb=number_text(manifest.size_bytes / 1e6, ".1f")
        ),
        t("about.model_verdicts"): ", ".join(
            verdict_label(Verdict(name)) for name in manifest.mask_classes
        ),
        t("about.model_trained"): _datasets(manifest.training.get("datasets")),
        t("about.model_date"): manifest.training.get("date"),
    }
    head, *rest = [
        f"| {label} | {theme.escape_markdown(str(value), 200)} |"
        for label, value in rows.items()
        if value
    ]
    table = st.container(key="model-table")
    table.markdown("\n".join([head, "|---|---|", *rest]))


def _architecture(manifest: ModelManifest) -> str:
    """The manifest's words for its network, in the visitor's language as far as they are known."""
    found = _CHANNELS.fullmatch(manifest.architecture)
    if found is None:
        return manifest.architecture
    return t("about.model_channels", network=found["network"], channels=found["channels"])


def show_api() -> None:
    """Show where the HTTP API is described, on a server that has one."""
    url = api_settings.docs_url()
    if url is not None:
        st.header(t("about.api"), anchor=False)
        st.markdown(t("about.api_text", url=url))


def show_build() -> None:
    """Show one line with version, commit where it is known, and network."""
    version, commit = build_info.version(), build_info.commit()
    model = build_info.model() or t("about.status_no_model")
    if commit == build_info.UNKNOWN:
        st.caption(t("about.status_no_commit", version=version, model=model))
    else:
        st.caption(t("about.status", version=version, commit=commit, model=model))


def _datasets(value: object) -> str:
    return "; ".join(
        t("about.model_pictures", name=dataset.get("name"), n=_pictures(dataset.get("n_train")))
        for dataset in objects(value)
    )


def _pictures(value: object) -> str:
    n = count(value)
    return "?" if n is None else number_text(n, ",.0f")
