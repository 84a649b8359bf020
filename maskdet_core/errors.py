"""The library's own exceptions. Each message says what was expected and what came."""


class MaskdetError(Exception):
    """Base of every error that this library raises on purpose."""


class ImageError(MaskdetError):
    """A picture that cannot be used: unreadable, of a refused format, or too large."""


class ModelError(MaskdetError):
    """A network or its manifest that is missing, damaged, altered, or of other classes."""


class CascadeError(MaskdetError):
    """A cascade file that is missing, empty or not a cascade, found out at load."""


class JournalError(MaskdetError):
    """A results folder that cannot go on: of other settings, damaged, or in use."""


class WorkerError(MaskdetError):
    """A worker process that ended unasked, for example for want of memory."""
