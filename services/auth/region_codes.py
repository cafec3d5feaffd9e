"""Region codes by GB/T 2260 and GB/T 10114, and what follows from them when nothing else is said."""

import re

from services.auth.validation import invalid

PREFIX_LENGTHS = (2, 4, 6, 9, 12)
"""Digits of a province, prefecture, county, town and village."""

_CODE = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}(?:[0-9A-Za-z-]{1,20})?", re.ASCII)


def check_code(code: str, field: str = "name") -> str:
    """`code`. Raises InvalidArgumentError unless it has 2, 4, 6, 9 or 12 digits, or a local code after 12."""
    if not _CODE.fullmatch(code):
        raise invalid(
            field, "must be regions/ and 2, 4, 6, 9 or 12 digits, below a village followed by a local code"
        )
    return code


def default_parents(code: str) -> list[str]:
    """Codes of the regions that `code` lies in by its prefix, nearest first.

    Not every one need exist: a city under a province directly has no prefecture.
    """
    return [code[:length] for length in reversed(PREFIX_LENGTHS) if length < len(code)]
