"""The public server on which a visitor's file can take any time to decode.

So can a picture of the API: see `testbed.pictures.failing_decoders`. The process ends soon after
each photo: where there is one, a photo is being decoded.
"""

from functools import partial
from typing import Any, Final

import streamlit as st

from maskdet_app.api import workers
from maskdet_app.photo import decoding
from maskdet_app.server import asgi
from maskdet_core.batch.photos.judge_process import JudgeProcess
from maskdet_core.pictures.decoder_process import DecoderProcess
from testbed.pictures import failing_decoders
from testbed.repository import REPO_ROOT

SCRIPT: Final = "testbed/servers/slow_decoder_server.py"
"""This file, for `testbed.servers.server.serve`."""

_SLOW: Final[dict[str, Any]] = {"idle_s": 0.05, "decode": failing_decoders.DECODE}
vars(decoding)["DECODER"] = DecoderProcess(**_SLOW)
vars(workers)["JudgeProcess"] = partial(JudgeProcess, **_SLOW)
app = st.App(str(REPO_ROOT / "streamlit_app.py"), **asgi.app_options())
