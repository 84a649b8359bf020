"""What the share panel hands out."""

from maskdet_app.ui import share


def test_a_link_has_the_settings_and_nothing_else() -> None:
    query = {"why": ["true"], "show": ["with_mask", "no face"]}
    address = share.link("https://a.example:8501/photo?old=1#part", query)
    assert address == "https://a.example:8501/photo?why=true&show=with_mask&show=no+face"


def test_a_frame_asks_for_the_camera_and_cannot_be_broken_out_of() -> None:
    html = share.frame_html(share.link("https://a.example/", {"x": ['"><b>']}, embed="true"))
    assert html.startswith('<iframe src="https://a.example/?x=%22%3E%3Cb%3E&amp;embed=true"')
    assert 'allow="camera"' in html


def test_the_code_is_dark_on_light() -> None:
    svg = share.qr_svg("https://a.example/photo")
    assert svg.startswith("<svg")
    assert "#000" in svg
    assert "#fff" in svg
