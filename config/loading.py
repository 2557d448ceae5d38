"""Reading the config: TOML, then the environment over it, then the models. The only place that does.

The shipped benchmarks lie below: [benchmarks] of the file changes them key by key. So do presets below their sources.

`LIFECYCLE__STORE__URI=/data/store` overrides `[store] uri`; list items by number or, for sources, by name:
`LIFECYCLE__SOURCES__ORDERS__URI=...`. Values are TOML (`3`, `true`, `["a", "b"]`); anything else is text.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import ConfigError, closest, did_you_mean
from config.models import Benchmark, Config
from config.preset import filled

PREFIX = "LIFECYCLE__"
EXPECTED = {
    "tuple_type": 'expected a list, such as ["..."]',
    "dict_type": "expected a table of keys",
    "model_type": "expected a table of keys",
    "string_type": "expected text, in quotes",
    "string_pattern_mismatch": "expected an ISO 4217 code of three capitals, such as 'EUR'",
}
"""What pydantic says in its own words, in ours."""


def load(path: str | Path, environment: Mapping[str, str] | None = None) -> Config:
    """The config in `path` with the overrides of the environment.

    Raises:
        ConfigError: the file is missing, is no TOML, or holds a key or value that does not fit.
    """
    file = Path(path)
    document = _read(file)
    for name, value in sorted((os.environ if environment is None else environment).items()):
        if name.upper().startswith(PREFIX):
            _override(document, name, value)
    if "base" in document:
        raise ConfigError(f"{file}: unknown key 'base'.")
    document["benchmarks"] = _over_shipped(document.get("benchmarks", {}))
    if isinstance(sources := document.get("sources"), list):
        document["sources"] = [_over_preset(source, place, file) for place, source in enumerate(sources)]
    try:
        return Config.model_validate({**document, "base": str(file.resolve().parent)})
    except ValidationError as error:
        details = [detail for detail in error.errors() if not (detail["type"] == "too_short" and detail["input"])]
        problems = "\n".join(f"  - {_problem(detail, document)}" for detail in details)
        raise ConfigError(f"{file} does not fit:\n{problems}") from None


def shipped_benchmarks() -> dict[str, Benchmark]:
    """The thresholds of config/benchmarks.toml, by KPI."""
    return {kpi: Benchmark.model_validate(one) for kpi, one in _shipped().items()}


def _shipped() -> dict[str, Any]:
    return tomllib.loads(files("config").joinpath("benchmarks.toml").read_text(encoding="utf-8"))


def _over_shipped(chosen: Any) -> Any:
    """The shipped benchmarks with the user's keys over them; what is no table is left for the models to refuse."""
    if not isinstance(chosen, dict):
        return chosen
    shipped = _shipped()
    merged = {kpi: {**shipped.get(kpi, {}), **own} if isinstance(own, dict) else own for kpi, own in chosen.items()}
    return {**shipped, **merged}


def _over_preset(source: Any, place: int, file: Path) -> Any:
    """A source with what its preset fills in; what is no table is left for the models to refuse."""
    if not isinstance(source, dict):
        return source
    try:
        return filled(source)
    except ValueError as error:
        raise ConfigError(f"{file} does not fit:\n  - sources[{source.get('name', place)}].preset: {error}") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"No config file at {file.resolve()}. Give one with --config FILE, or start from config/lifecycle.toml."
        ) from None
    except IsADirectoryError:
        raise ConfigError(f"{file} is a folder. Give the config file in it with --config FILE.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}. Mend that line and run again.") from None


def _override(document: dict[str, Any], name: str, text: str) -> None:
    *folders, last = name[len(PREFIX) :].lower().split("__")
    node: Any = document
    for key in folders:
        node = _child(node, key, name)
    if isinstance(node, list):
        node[_position(node, last, name)] = _value(text)
    elif isinstance(node, dict):
        node[last] = _value(text)
    else:
        raise ConfigError(f"Environment variable {name} goes below a plain value.")


def _child(node: Any, key: str, name: str) -> Any:
    if isinstance(node, list):
        return node[_position(node, key, name)]
    if not isinstance(node, dict):
        raise ConfigError(f"Environment variable {name} goes below a plain value.")
    return node.setdefault(key, {})


def _position(items: list[Any], key: str, name: str) -> int:
    """Of a list item named by number or by its `name`; variables cannot spell '-', so '_' stands for it too."""
    labels = [str(item.get("name", "")).replace("-", "_").lower() if isinstance(item, dict) else "" for item in items]
    if key in labels:
        return labels.index(key)
    if key.isdigit() and int(key) < len(items):
        return int(key)
    raise ConfigError(f"Environment variable {name} names no item of the list: {key!r}. {did_you_mean(key, labels)}")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _problem(detail: ErrorDetails, document: Mapping[str, Any]) -> str:
    where = _where(detail["loc"], document)
    match detail["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key. {did_you_mean(str(detail['loc'][-1]), _siblings(detail['loc']))}"
        case "missing":
            return f"{where}: required, but missing.{_misspelt_benchmark(detail['loc'])}"
        case "value_error":
            return f"{where}: {detail['ctx']['error']}" if where else str(detail["ctx"]["error"])
        case "literal_error":
            expected = re.findall(r"'([^']*)'", str(detail["ctx"]["expected"]))
            hint = did_you_mean(str(detail["input"]), expected) if isinstance(detail["input"], str) else ""
            return f"{where}: {detail['input']!r} is not one of {detail['ctx']['expected']}. {hint}".rstrip()
        case _:
            words = EXPECTED.get(detail["type"], detail["msg"])
            return f"{where}: {words} (found {_shown(detail['input'])})."


def _misspelt_benchmark(location: tuple[int | str, ...]) -> str:
    """A benchmark without `better` is most often meant for one that is shipped, and its name misspelt."""
    match location:
        case ("benchmarks", str(name), "better"):
            shipped = sorted(_shipped())
            guess = did_you_mean(name, shipped) if closest(name, shipped) else f"Shipped are {', '.join(shipped)}."
            return (
                f" lifecycle ships no thresholds for {name!r}. {guess} `lifecycle kpis` lists the names; for "
                'thresholds of your own say better = "up" or "down".'
            )
        case _:
            return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _where(location: tuple[int | str, ...], document: Mapping[str, Any]) -> str:
    """`sources[orders].columns.kind` rather than `sources.0.columns.kind`; union branches are left out."""
    parts: list[str] = []
    node: Any = document
    for step in location:
        if isinstance(step, int):
            node = node[step] if isinstance(node, list) and step < len(node) else None
            label = node.get("name", step) if isinstance(node, dict) else step
            parts[-1] += f"[{label}]"
        elif step not in {"Condition", "Group", "[key]"}:
            node = node.get(step) if isinstance(node, dict) else None
            parts.append(step)
    return ".".join(parts)


def _siblings(location: tuple[int | str, ...]) -> list[str]:
    """The keys that were possible where an unknown one stood."""
    model: Any = Config
    steps = iter(location[:-1])
    for step in steps:
        if isinstance(step, str):
            if _is_mapping(model, step):
                next(steps, None)  # the key, which is the user's own
            model = _model_below(model, step)
    return [name for name in getattr(model, "model_fields", {}) if name != "base"]


def _is_mapping(model: type[BaseModel] | None, step: str) -> bool:
    field = model.model_fields.get(step) if model else None
    return field is not None and get_origin(field.annotation) is dict


def _model_below(model: type[BaseModel] | None, step: str) -> type[BaseModel] | None:
    """The model a key holds, looking through tuples, unions and optionals."""
    if model is None or step in {"Condition", "Group"}:
        return next((found for found in _models(Config) if found.__name__ == step), None)
    field = model.model_fields.get(step)
    found = list(_models_in(field.annotation)) if field else []
    return found[0] if found else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def _models(root: type[BaseModel]) -> list[type[BaseModel]]:
    below = [model for field in root.model_fields.values() for model in _models_in(field.annotation)]
    return below + [deeper for model in below if model is not root for deeper in _models(model)]
