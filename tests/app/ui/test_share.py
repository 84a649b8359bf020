"""Link, embedding HTML and QR code of the share panel."""

from maskdet_app.ui import share


def test_link_has_the_query_parameters_and_nothing_else() -> None:
    query = {"why": ["true"], "show": ["with_mask", "no face"]}
    url = share.link("https://a.example:8501/photo?old=1#part", query)
    assert url == "https://a.example:8501/photo?why=true&show=with_mask&show=no+face"


def test_frame_allows_the_camera_and_escapes_the_url() -> None:
    html = share.frame_html(share.link("https://a.example/", {"x": ['"><b>']}, embed="true"))
    assert html.startswith('<iframe src="https://a.example/?x=%22%3E%3Cb%3E&amp;embed=true"')
    assert 'allow="camera"' in html


def test_qr_code_is_dark_on_light() -> None:
    svg = share.qr_svg("https://a.example/photo")
    assert svg.startswith("<svg")
    assert "#000" in svg
    assert "#fff" in svg
