"""The library's own exceptions. Each message names what was expected and what was found."""


class MaskdetError(Exception):
    """Base of the library's exceptions. Wrong arguments raise ValueError instead."""


class ImageError(MaskdetError):
    """An image that cannot be decoded: unreadable, of an unsupported format, or too large."""


class TransientImageError(ImageError):
    """A file that cannot be read at the moment, or memory is short: another try may succeed."""


class VideoError(MaskdetError):
    """A video that cannot be read: damaged, of an unsupported format or codec, or too large."""


class TransientVideoError(VideoError):
    """A video file that cannot be read at the moment: another try may succeed."""


class ModelError(MaskdetError):
    """A network or its manifest is missing, damaged, modified, or does not fit the other."""


class CascadeError(MaskdetError):
    """A cascade file or its manifest is missing, damaged or modified; raised at load."""


class JournalError(MaskdetError):
    """A results folder cannot be continued: other settings, damaged, or in use."""


class AddressError(MaskdetError):
    """An address such as ``s3://bucket/photos`` cannot be used: its package, rights or form."""


class WorkerError(MaskdetError):
    """Worker processes cannot be set up, for example because memory is short."""


class StreamError(MaskdetError):
    """A stream that cannot be watched: an address or device of a kind that is not read."""


class AlertError(MaskdetError):
    """Alerts cannot be sent: a wrong address or secret, or a package that is not installed."""
