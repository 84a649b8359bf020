"""A network camera on this machine that shows pictures over HTTP, as many cheap cameras do."""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_BOUNDARY: Final = "picture"
_FRAME_S: Final = 0.1


@contextmanager
def picture_camera(port: int, jpegs: Sequence[bytes]) -> Iterator[None]:
    """Show JPEGs in turn at ``http://127.0.0.1:PORT/``, ten a second, until `with` ends.

    Args:
        port: to listen on.
        jpegs: the pictures; at least one.
    """
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
            self.send_header("Content-Type", kind)
            self.end_headers()
            for jpeg in itertools.cycle(jpegs):
                if is_over.is_set():
                    return
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n"
                head += f"Content-Length: {len(jpeg)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                except ConnectionError:
                    return
                time.sleep(_FRAME_S)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            server.shutdown()
            thread.join()
