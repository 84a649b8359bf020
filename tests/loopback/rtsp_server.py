"""An RTSP server of GStreamer's, run by the system's Python, which has its bindings.

Arguments: the port, and a JPEG to show ten times a second at /camera to clients that send RTSP_USER
and RTSP_PASSWORD of the environment.
"""

import os
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

LAUNCH = (
    "( filesrc location={jpeg} ! jpegdec ! imagefreeze is-live=true "
    "! video/x-raw,framerate=10/1 ! jpegenc quality=95 ! rtpjpegpay name=pay0 )"
)


def main(port: str, jpeg: str) -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    auth = GstRtspServer.RTSPAuth.new()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "visitor")
    user, password = os.environ["RTSP_USER"], os.environ["RTSP_PASSWORD"]
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(LAUNCH.format(jpeg=jpeg))
    factory.set_shared(True)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("visitor", "media.factory.access", True)
    permissions.add_permission_for_role("visitor", "media.factory.construct", True)
    factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
