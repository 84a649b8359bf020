"""The app with everything that a public server needs around it: ``streamlit run server.py``."""

import streamlit as st

from maskdet_app.server import asgi

app = st.App("streamlit_app.py", **asgi.app_options())
