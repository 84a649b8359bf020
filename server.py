"""The app with what a public server needs around it: ``streamlit run server.py``."""

import streamlit as st

from maskdet_app.server import asgi as around

app = st.App("streamlit_app.py", **around.options())
