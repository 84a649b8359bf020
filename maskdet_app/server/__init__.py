"""The ASGI application around the pages: middleware, link preview, JSON logs."""
