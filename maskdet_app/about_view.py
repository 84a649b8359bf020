"""What the manifest says of the network in use, without loading the network."""

import streamlit as st

from maskdet_app import texts, theme
from maskdet_core import ModelError, ModelManifest, default_model_path


def show_model() -> None:
    """A short table from the manifest, or the reason why there is none."""
    st.subheader(texts.ABOUT_MODEL, anchor=False)
    path = default_model_path()
    if path.suffix != ".json":
        st.caption(f"{theme.plain(path.name)} has no manifest.")
        return
    try:
        manifest = ModelManifest.load(path)
    except ModelError as error:
        st.warning(theme.plain(str(error), max_chars=300), icon=":material/error:")
        return
    size = f"{manifest.input_size_px} × {manifest.input_size_px} px"
    rows = {
        "Name": manifest.name,
        "Kind": f"{manifest.architecture}, {manifest.quantization}, {size}",
        "File": f"{manifest.size_bytes / 1e6:.1f} MB",
        "Trained on": _datasets(manifest.training.get("datasets")),
        "Date": manifest.training.get("date"),
    }
    lines = [f"| {key} | {theme.plain(str(value), 200)} |" for key, value in rows.items() if value]
    st.markdown("\n".join(["| | |", "|---|---|", *lines]))


def _datasets(found: object) -> str:
    items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    return "; ".join(f"{item.get('name')} ({item.get('n_train')} pictures)" for item in items)
