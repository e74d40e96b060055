"""How words that people type are kept: one spelling, no marks that forge a line or show a name as another. Pure."""

from app.accounts.names import one_line


def line(text: str, where: str) -> str:
    """`text` as one line, which may be empty. Raises `InvalidInput` for `where` as `one_line` does.

    >>> line("  ", "relation"), line(" neighbour ", "relation")
    ('', 'neighbour')
    """
    return one_line(text, where) if text.strip() else ""


def lines(text: str, where: str) -> str:
    """`text` as any number of lines, each as `line`.

    >>> lines("hard of hearing \\r\\n\\r\\nlikes the river", "note")
    'hard of hearing\\n\\nlikes the river'
    """
    return "\n".join(line(part, where) for part in text.splitlines()).strip()
