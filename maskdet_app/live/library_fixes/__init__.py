"""Fixes of aiortc and streamlit-webrtc, for the versions that need them."""
