"""The server around the pages: its ASGI app, what requests pass, the page's head, the log."""
