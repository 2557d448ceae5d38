"""View → Markdown in compact form: the page without its charts and segments.

Every value filled in is escaped, ours as well as names from outside, so that none can be markup.
"""

import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from tasks.report.view import View

_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")
_LINK = re.compile(r"(?<=[A-Za-z0-9]):(?=//)|(?<=www)\.|@", re.IGNORECASE)


def escape(text: object) -> str:
    """Text that Markdown shows as it is, in a paragraph and in a table's cell alike."""
    flat = " ".join(str(text).split("\n")).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    unlinked = _LINK.sub(lambda sign: f"&#{ord(sign[0])};", flat)
    return _SPECIAL.sub(r"\\\1", unlinked)


_PAGES = Environment(
    loader=PackageLoader("tasks.report"),
    autoescape=False,  # noqa: S701 -- `escape` is Markdown's own, applied to every value
    finalize=escape,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def markdown(view: View) -> bytes:
    return _PAGES.get_template("report.md.j2").render(view=view, t=view.t).encode()
