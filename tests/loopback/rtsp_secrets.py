"""Who may see the camera of the tests; characters that an address has to escape."""

RTSP_USER, RTSP_PASSWORD = "visitor", "s3cret@:/"
