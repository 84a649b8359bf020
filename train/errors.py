"""Errors of the workshop; each message says what was expected and what came."""


class TrainError(Exception):
    """Base of all errors that end a command of `python -m train` with one plain line."""


class DataError(TrainError):
    """A picture set that cannot be trained on as it lies."""


class WeightsError(TrainError):
    """Start weights that cannot be had or do not fit."""


class RunError(TrainError):
    """A run folder that does not fit what was asked of it."""


class PortraitError(TrainError):
    """The portrait that the sample pictures are made of is not at hand."""
