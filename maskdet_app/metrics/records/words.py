"""English words of records, such as names of tests, in the visitor's language."""

from maskdet_app.ui.texts.i18n import catalogue, current_language

TABLE = "recorded"
"""Of the catalogue: the words of the records that ship, each under itself."""


def translated(text: str) -> str:
    """A record's text in the visitor's language, as far as it is known.

    A text that is not known as a whole is taken apart at its commas: names of tests are made of
    parts, such as "Leak-free, dark". Names of picture sets and networks stay as they are.
    """
    words = catalogue(current_language()).get(TABLE, {})
    whole = words.get(text)
    if whole is not None:
        return str(whole)
    return ", ".join(words.get(part, part) for part in text.split(", "))
