"""Shares and tables of the model card in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from maskdet_core.intervals import wilson_interval


def percent(value: float) -> str:
    """A share such as ``98.9 %``."""
    return f"{100 * value:.1f} %"


def share(n_good: int, n: int, ci95: Sequence[float] | None = None) -> str:
    """A counted share with its interval, Wilson's where none is given; a dash for 0 of 0."""
    if not n:
        return "–"
    low, high = ci95 or wilson_interval(n_good, n)
    return f"{percent(n_good / n)} ({percent(low)} to {percent(high)})"


def rate(record: Mapping[str, Any]) -> str:
    """A `ShareRecord` as text."""
    return share(record["n_hits"], record["n"], record["ci95"])


def words(name: str) -> str:
    """A class or verdict in words."""
    return name.replace("_", " ")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
