"""Training metrics: how the network was trained and how often it is right."""

import streamlit as st

from maskdet_app import ablation_view, finder_view, metrics_view, texts

st.title(texts.METRICS_TITLE)
st.markdown(texts.METRICS_INTRO)
run = metrics_view.pick_run()
if run is not None:
    metrics_view.show_run(run)
ablation_view.show_ablations()
finder_view.show_finder()
