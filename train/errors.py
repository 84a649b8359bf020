"""Errors of training; each message names what was expected and what was found."""


class TrainError(Exception):
    """Base of all errors that end a command of `python -m train` with one plain line."""


class DataError(TrainError):
    """A picture set that cannot be used as it is."""


class WeightsError(TrainError):
    """Start weights that cannot be read or do not fit."""


class RunError(TrainError):
    """A run folder that does not fit the command."""


class PortraitError(TrainError):
    """The portrait that the sample pictures are made from is missing."""
