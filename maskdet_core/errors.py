"""The library's own exceptions. Each message names what was expected and what was found."""

from maskdet_core.reasons import Problem, Reason


class MaskdetError(Exception):
    """Base of the library's exceptions. Wrong arguments raise ValueError instead."""


class MediaError(MaskdetError):
    """A picture or video that cannot be checked, with the reason as a code and values.

    Attributes:
        reason: see `Reason`; its message is the error's.
    """

    def __init__(self, message: str, problem: Problem = Problem.DAMAGED, **values: float) -> None:
        """Keep the reason.

        Args:
            message: in English.
            problem: its kind.
            **values: those of `maskdet_core.reasons.VALUES`.

        Raises:
            ValueError: other values.
        """
        super().__init__(message)
        self.reason = Reason(problem, message, values)


class ImageError(MediaError):
    """An image that cannot be decoded: unreadable, of an unsupported format, or too large."""


class TransientImageError(ImageError):
    """A file that cannot be read at the moment, or memory is short: another try may succeed."""


class VideoError(MediaError):
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


class UnwantedError(Exception):
    """The result is not wanted any more. No fault, so not a `MaskdetError`."""
