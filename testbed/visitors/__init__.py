"""Visitors of the server: a browser, and without one a session, a stream or a client of the API."""
