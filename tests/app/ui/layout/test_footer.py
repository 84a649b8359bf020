"""What the parts that all pages share load."""

from testbed.processes.interpreter import run_python


def test_the_footer_loads_no_video_libraries() -> None:
    code = (
        "import maskdet_app.ui.layout.footer, sys;"
        "print([m for m in ('aiortc', 'av', 'streamlit_webrtc') if m in sys.modules],"
        "sorted(m for m in sys.modules"
        " if m.startswith('maskdet_app.') and m.split('.')[1] not in ('ui', 'ops')))"
    )
    assert run_python(code) == "[] []"
