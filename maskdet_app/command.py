"""The console script ``maskdet``: the library's commands, and ``app``, which starts the server."""

import argparse
import errno
import socket
import sys
from collections.abc import Sequence
from typing import Final

from maskdet_app.ops.installation.paths import site_folder
from maskdet_core.command_line import cli
from maskdet_core.command_line.command import EXIT_OK, EXIT_USAGE, Command, positive

DEFAULT_PORT: Final = 8501


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; see `maskdet_core.command_line.cli.main`."""
    return cli.main(arguments, commands=(*cli.COMMANDS, APP))


def streamlit_arguments(options: argparse.Namespace) -> list[str]:
    """The arguments with which Streamlit's own command line starts the server."""
    arguments = ["run", str(site_folder() / "server.py"), "--server.port", str(options.port)]
    arguments += ["--server.showEmailPrompt", "false"]
    if options.address:
        arguments += ["--server.address", options.address]
    return [*arguments, *options.streamlit]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port",
        type=positive,
        default=DEFAULT_PORT,
        metavar="N",
        help="port to listen on (default: %(default)s)",
    )
    parser.add_argument(
        "--address",
        metavar="A",
        help="address to listen on, such as 127.0.0.1 (default: Streamlit's, every interface)",
    )
    parser.add_argument(
        "streamlit",
        nargs="*",
        metavar="OPTION",
        help="after `--`: options of `streamlit run`, such as --server.headless true",
    )


def _run(options: argparse.Namespace) -> int:
    from maskdet_app.server.logs import log_format

    try:
        # Before Streamlit starts, so that what it reports by then has the format, too.
        log_format.apply()
    except ValueError as error:
        print(f"maskdet app: {error}", file=sys.stderr)
        return EXIT_USAGE
    if not options.streamlit and not _is_free(options.address, options.port):
        print(
            f"maskdet app: port {options.port} is in use, perhaps by a Maskdet that runs already. "
            f"Look at http://localhost:{options.port}, or take another port: --port "
            f"{options.port + 1} (make run PORT={options.port + 1}).",
            file=sys.stderr,
        )
        return EXIT_USAGE
    if not log_format.is_json():
        print("Starting Maskdet, which takes a few seconds …", flush=True)

    # it costs seconds, which the other commands need not pay
    from streamlit.web import cli as streamlit_cli

    streamlit_cli.main(streamlit_arguments(options), prog_name="streamlit")
    return EXIT_OK


def _is_free(address: str | None, port: int) -> bool:
    """Whether a server could listen; where the answer is not clear, Streamlit finds out."""
    family = socket.AF_INET6 if address and ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address or "", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


APP: Final = Command("app", "start the app in a local server", _add_arguments, _run)
