"""Pictures as files: limits before decoding, formats, decoding within them, encoding.

Entry points:

- `maskdet_core.pictures.decode.read_image`: a file or its bytes as an RGB image
- `maskdet_core.pictures.decoder_process.DecoderProcess`: the same in a process that can be killed
- `maskdet_core.pictures.picture_format.picture_format`: the format by the first bytes
- `maskdet_core.pictures.image_limits`: limits on bytes, pixels, scans, markers and chunks
"""
