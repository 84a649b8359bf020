"""Named configurations: one module each, with a `CONFIG` and a one-line summary."""

import importlib
import pkgutil

from train.errors import RunError
from train.network.config import FitConfig

DEFAULT = "maskdet"


def names() -> list[str]:
    """All of them, the default first."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return sorted(found, key=lambda name: name != DEFAULT)


def load(name: str) -> tuple[FitConfig, str]:
    """The configuration of that name and its one-line summary.

    Raises:
        RunError: there is none of that name.
    """
    if name not in names():
        raise RunError(f"expected a configuration out of {', '.join(names())}, got {name}")
    module = importlib.import_module(f"{__name__}.{name}")
    config: FitConfig = module.CONFIG
    return config, (module.__doc__ or name).strip().splitlines()[0].rstrip(".")
