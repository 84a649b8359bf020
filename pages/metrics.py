"""Training metrics: how the network was trained and how often it is right."""

import streamlit as st

from maskdet_app.metrics import ablations, finder, view
from maskdet_app.ui import entry
from maskdet_app.ui.i18n import t

entry.require()
st.title(t("metrics.title"))
st.markdown(t("metrics.intro"))
run = view.pick_run()
if run is not None:
    view.show_run(run)
ablations.show_ablations()
finder.show_finder()
