import io

import pytest
from PIL import Image

from maskdet_core import encode_jpeg, encode_png
from maskdet_core.pictures.decode import decode_image


@pytest.mark.parametrize("encode", [encode_jpeg, encode_png])
def test_encoded_image_has_no_metadata(encode: object) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif.get_ifd(0x8825)[1] = "N"
    stream = io.BytesIO()
    Image.new("RGB", (48, 32)).save(stream, "JPEG", exif=exif, comment=b"secret too")
    with_gps = stream.getvalue()
    data = encode(decode_image(with_gps))  # type: ignore[operator]
    assert b"secret" in with_gps
    assert b"secret" not in data
    with Image.open(io.BytesIO(data)) as picture:
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
