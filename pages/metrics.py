"""Training metrics: how the network was trained and how often it is right."""

import streamlit as st

from maskdet_app.metrics import ablations, finder, view, widths
from maskdet_app.ui import containers, entry
from maskdet_app.ui.i18n import t

entry.require()
heading, picker, shown_run, front, study, face_finder = containers.reserve(6)
with heading:
    st.title(t("metrics.title"))
    st.markdown(t("metrics.intro"))
with picker:
    folder = view.pick_run()
if folder is not None:
    with shown_run:
        view.show_run(folder)
with front:
    widths.show_widths()
with study:
    ablations.show_ablations()
with face_finder:
    finder.show_finder()
