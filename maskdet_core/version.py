"""The project's version, which pyproject.toml reads too."""

__version__ = "0.2.0"
"""Version of the package, after https://semver.org."""
