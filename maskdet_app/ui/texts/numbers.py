"""Numbers as the visitor's language writes them."""

from maskdet_app.ui.texts.i18n import t


def number_text(value: float, spec: str) -> str:
    """A number in the visitor's language.

    Args:
        value: the number.
        spec: Python's format specification for it, such as ",.1f".
    """
    return localised(format(value, spec))


def localised(text: str) -> str:
    """A number or a time as Python writes it, with the signs of the visitor's language."""
    return text.translate({ord(","): t("number.group"), ord("."): t("number.decimal")})


def percent_text(share: float, n_decimals: int = 1) -> str:
    """A share in percent, with the sign.

    Args:
        share: 0 to 1.
        n_decimals: digits behind the decimal sign.
    """
    return f"{number_text(100 * share, f'.{n_decimals}f')} %"
