"""Vega-Lite specifications → inline SVG that is safe beside others on one page.

Whatever the renderer writes is parsed, reduced to elements and attributes known to be inert, and written anew:
a name from outside can be nothing but text.
"""

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import vl_convert
from markupsafe import Markup

ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "text", "tspan", "defs", "clipPath"})
ATTRIBUTES = frozenset(
    {
        "viewBox", "width", "height", "x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "d", "transform", "id", "clip-path",
        "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin",
        "stroke-dasharray", "stroke-miterlimit", "opacity", "font-size", "font-weight", "text-anchor", "display",
    }
)  # fmt: skip
"""`font-family` is left to the page. Nothing that refers elsewhere or runs: no href, style, class, on…"""

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_DECIMALS = re.compile(r"(-?\d+\.\d{3,})")


def to_svg(spec: Mapping[str, Any], name: str, description: str) -> Markup:
    """`name` is unique on the page: ids begin with it. `description` is read aloud in place of the picture."""
    root = ET.fromstring(vl_convert.vegalite_to_svg(dict(spec)))  # noqa: S314 -- made by us, read nowhere else
    ids = {value: f"{name}-{number}" for number, value in enumerate(_ids(root), start=1)}
    _reduce(root, ids)
    width = root.get("width", "0")
    root.attrib |= {"role": "img", "aria-label": description, "class": "chart", "style": f"max-width:{width}px"}
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 -- only inert elements are left


def _ids(root: ET.Element) -> list[str]:
    """In the order they are written. The renderer numbers them on from picture to picture; we begin anew."""
    return [value for element in root.iter() if (value := element.get("id"))]


def _reduce(element: ET.Element, ids: Mapping[str, str]) -> None:
    element.tag = element.tag.removeprefix(_NAMESPACE)
    element.attrib = {key: _inert(key, value, ids) for key, value in element.attrib.items() if key in ATTRIBUTES}
    for child in list(element):
        if child.tag.removeprefix(_NAMESPACE) not in ELEMENTS or _is_empty(child):
            element.remove(child)
        else:
            _reduce(child, ids)


def _is_empty(element: ET.Element) -> bool:
    """Vega draws backgrounds and foregrounds of no size."""
    return element.get("display") == "none" or element.get("d") in {"", "M0,0h0v0h0Z"}


def _inert(key: str, value: str, ids: Mapping[str, str]) -> str:
    if key == "id":
        return ids[value]
    if key == "clip-path":
        return f"url(#{ids.get(value.removeprefix('url(#').removesuffix(')'), '')})"
    return _DECIMALS.sub(lambda number: f"{float(number[1]):.2f}", value) if key in {"d", "transform"} else value
