"""Training metrics: how the network was trained and how often it is right."""

import streamlit as st

from maskdet_app.metrics import ablations as ablation_view
from maskdet_app.metrics import finder as finder_view
from maskdet_app.metrics import view as metrics_view
from maskdet_app.ui import entry
from maskdet_app.ui.i18n import t

entry.require()
st.title(t("metrics.title"))
st.markdown(t("metrics.intro"))
run = metrics_view.pick_run()
if run is not None:
    metrics_view.show_run(run)
ablation_view.show_ablations()
finder_view.show_finder()
