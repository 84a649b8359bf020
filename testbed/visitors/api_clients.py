"""Clients of the HTTP API: batches of photos, and several programs that each send one at a time.

``python -m testbed.visitors.api_clients PORT SECONDS N DIR`` runs N of them in a process of their
own and prints what they got, as JSON.
"""

import http.client
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

_BOUNDARY: Final = "maskdet-testbed"
_TIMEOUT_S: Final = 120.0
_OK: Final = 200


def multipart_form(photos: Iterable[tuple[str, bytes]]) -> tuple[bytes, dict[str, str]]:
    """The body and the headers of a form with these files.

    Args:
        photos: name and content of each.
    """
    body = bytearray()
    for name, data in photos:
        body += (
            f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="{name}"\r\n\r\n'
        ).encode()
        body += data + b"\r\n"
    body += f"--{_BOUNDARY}--\r\n".encode()
    return bytes(body), {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}


def check_batch(port: int, photos: Sequence[Path]) -> list[dict[str, Any]]:
    """Check photos in one form; the rows.

    Raises:
        RuntimeError: the server does not answer with 200.
    """
    body, headers = multipart_form((photo.name, photo.read_bytes()) for photo in photos)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", "/api/v1/check", body, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != _OK:
        raise RuntimeError(f"expected status {_OK}, got {answer.status}: {text.decode()}")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def _send_until(port: int, pictures: Sequence[bytes], end_s: float, took_s: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    headers = {"Content-Type": "application/octet-stream"}
    for picture in itertools.cycle(pictures):
        began_s = time.monotonic()
        if began_s >= end_s:
            break
        connection.request("POST", "/api/v1/check", picture, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == _OK:
            took_s.append(time.monotonic() - began_s)
    connection.close()


def main(port: int, seconds: float, n_clients: int, folder: Path) -> None:
    """Let clients send photos of a folder for some time; print how long each photo took."""
    pictures = [path.read_bytes() for path in sorted(folder.iterdir())]
    took_s: list[float] = []
    end_s = time.monotonic() + seconds
    clients = [
        threading.Thread(
            target=_send_until, args=(port, pictures[i:] + pictures[:i], end_s, took_s)
        )
        for i in range(n_clients)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    print(json.dumps(took_s))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
