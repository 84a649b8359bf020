"""Encode pictures, without metadata."""

import io

from PIL import Image

from maskdet_core.types import RgbImage, validate_rgb


def encode_jpeg(image_rgb: RgbImage, quality: int = 92) -> bytes:
    """Encode as JPEG without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        quality: 1 to 95.

    Raises:
        ValueError: no uint8 RGB image.
    """
    validate_rgb(image_rgb)
    stream = io.BytesIO()
    Image.fromarray(image_rgb).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def encode_png(image_rgb: RgbImage) -> bytes:
    """Encode as PNG without metadata.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.

    Raises:
        ValueError: no uint8 RGB image.
    """
    validate_rgb(image_rgb)
    stream = io.BytesIO()
    Image.fromarray(image_rgb).save(stream, "PNG")
    return stream.getvalue()
