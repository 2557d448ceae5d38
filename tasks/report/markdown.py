"""View → Markdown in compact form: the page without its segments, and without its charts unless sheets are given.

Every value filled in is escaped, ours as well as names from outside, so that none can be markup.
"""

import re
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from tasks.report.sheets import Sheet
from tasks.report.view import View

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LINK = re.compile(r"(?<=[A-Za-z0-9])(?=://)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"
"""Seen by nobody. Readers that make links of addresses do so after entities and escapes are resolved."""

_WIDE = str.maketrans("[]<>", "［］＜＞")


def escape(text: object) -> str:
    """Text that Markdown shows as it is, in a paragraph and in a table's cell alike."""
    flat = " ".join(str(text).split("\n")).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", _LINK.sub(_JOINER, flat))


def cell(text: object) -> str:
    """Text that is no markup, link or image where it is taken for Markdown, and reads the same where it is not."""
    inert = _LINK.sub(_JOINER, str(text)).translate(_WIDE)
    return inert if inert[:1].isalpha() else _JOINER + inert


_PAGES = Environment(
    loader=PackageLoader("tasks.report"),
    autoescape=False,  # noqa: S701 -- `escape` is Markdown's own, applied to every value
    finalize=escape,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def markdown(view: View, sheets: Mapping[str, Sheet] | None = None) -> bytes:
    return _PAGES.get_template("report.md.j2").render(view=view, t=view.t, sheets=sheets or {}).encode()


def changes(view: View) -> str:
    """What a revision changed, alone; empty for a first one."""
    return _PAGES.get_template("changes.md.j2").render(view=view, t=view.t) if view.revised else ""
