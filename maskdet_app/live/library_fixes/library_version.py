"""Whether a library has the version that our changes to it were made for."""

from maskdet_app.ops.observability import operator_log


def is_made_for(library: str, version: str, made_for: str, change: str) -> bool:
    """Compare versions, and tell the operator once where a change is left out.

    Args:
        library: its name.
        version: the installed one.
        made_for: how the version begins that the change was made for.
        change: what is left out for another version, in words.
    """
    if version.startswith(made_for):
        return True
    operator_log.log_once(f"{library} {version} is used without {change}: made for {made_for}")
    return False
