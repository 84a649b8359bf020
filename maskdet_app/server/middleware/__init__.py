"""What every request passes before Streamlit sees it: who sends it, how fast, how much.

Each is an ASGI middleware but the guard of connections, which sits below them in uvicorn. Paths are
taken without the base path, and addresses as the trusted proxy gives them.
"""
