"""The HTTP API: pictures in, the command line's JSON out, in the same server as the pages."""
