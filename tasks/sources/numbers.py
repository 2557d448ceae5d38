"""Numbers in text as people write them → as computers do."""

import polars as pl

NUMBER = r"^\s*[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$"
"""Numbers in canonical form: '007' is an id."""

_BETWEEN_THOUSANDS = "[. '\N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]"
_WITH_COMMA = rf"^[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:{_BETWEEN_THOUSANDS}[0-9]{{3}})+)?(?:,[0-9]*)?(?:[eE][+-]?[0-9]+)?$"


def canonical(text: pl.Expr, decimal: str) -> pl.Expr:
    """The text with a point before the decimals; where `decimal` is a comma, null unless it is a number so written:
    1.234,50 and 49,9 are, 1.5 is not.
    """
    if decimal == ".":
        return text
    stripped = text.str.strip_chars()
    plain = stripped.str.replace_all(_BETWEEN_THOUSANDS, "").str.replace(",", ".", literal=True)
    return pl.when(stripped.str.contains(_WITH_COMMA)).then(plain)
