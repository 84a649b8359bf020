"""What the parts that all pages share load."""

import subprocess
import sys
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[3]


def test_the_footer_loads_no_video_libraries() -> None:
    code = (
        "import maskdet_app.ui.footer, sys;"
        "print([m for m in ('aiortc', 'av', 'streamlit_webrtc') if m in sys.modules],"
        "sorted(m for m in sys.modules"
        " if m.startswith('maskdet_app.') and m.split('.')[1] not in ('ui', 'ops')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO_ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[] []"
