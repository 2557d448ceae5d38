"""A draft → the text of a config file: TOML with the reason for each choice beside it."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.inspection.drafting import Candidate, Draft
from tasks.inspection.proposals import Proposal, share

WIDTH = 118
HEADER = """\
# Written by `lifecycle init` from a look at your files. Each choice has its reason beside it: read them, correct what
# is wrong, and let `lifecycle check` show what comes of it. Nothing is published before `lifecycle run`.
# config/lifecycle.toml of the project explains every key."""
KEYS = ("format", "preset", "epoch", "json_columns", "envelope", "sheet", "where")
COLUMNS = (
    "event_id", "kind", "name", "customer_id", "anonymous_id", "occurred_at", "received_at",
    "amount", "currency", "quantity", "item", "reference", "score",
)  # fmt: skip


def text(draft: Draft) -> str:
    """The whole file."""
    blocks = [HEADER, *_skipped(draft), *_blocks(draft)]
    return "\n\n".join(blocks) + "\n"


def _skipped(draft: Draft) -> Iterator[str]:
    if draft.skipped:
        yield "\n".join(_comment(f"Left out: {one}") for one in draft.skipped)


def _blocks(draft: Draft) -> Iterator[str]:
    yield _block("[store]", [_line("uri", draft.store, "a folder; relative paths start at this file")])
    yield _block(
        "[periods]",
        [
            _line("timezone", draft.zone.value, f"decides the day and the month of an event; {draft.zone.why}"),
            *_history(draft),
        ],
    )
    for one in draft.proposals:
        yield _source(one, draft)
    yield _segments(draft)
    yield _activation(draft)
    yield _block(
        "[activity]",
        [
            _line("kinds", list(draft.activity), "what counts as being active; of the kinds found here"),
            *_returns(draft),
            _line("inactive_after", "1mo", "a customer without activity for this long is lost"),
        ],
    )
    yield _block(
        "[churn]", [_line("basis", draft.basis, '"activity": is no longer active; "subscription": pays no longer')]
    )
    if draft.max_rejected is not None:
        why = f"as it stands, up to {share(draft.rejected)} of a file's rows are quarantined: see `lifecycle check`"
        yield _block("[validation]", [_line("max_rejected", draft.max_rejected, why)])
    yield _block(
        "[report]",
        [_line("languages", ["en", "fr"], ""), _line("currency", draft.currency.value, draft.currency.why)],
    )


def _history(draft: Draft) -> list[str]:
    if not draft.months:
        return []
    first = next(iter(draft.months))
    return [
        _comment(f"history_complete = true   if your first customer came in {first}, where the rows looked at begin")
    ]


def _returns(draft: Draft) -> list[str]:
    has_both = {"return", "purchase"} <= set(draft.kinds)
    return [_comment('add "return" if sending something back counts as being active, too')] if has_both else []


def _source(one: Proposal, draft: Draft) -> str:
    document, reasons = one.document, one.reasons
    lines = [_line("name", one.name, ""), _line("uri", document["uri"], _files(one))]
    lines += [_line(key, document[key], reasons.get(key, "")) for key in KEYS if key in document]
    if one.is_without_zone:
        lines.append(
            _line("timezone", draft.zone.value, "of its times, which carry no zone: correct it if they are of another")
        )
    if "csv" in document:
        lines += ["[sources.csv]", *(_line(key, value, "") for key, value in document["csv"].items())]
    if columns := document.get("columns"):
        order = [*(name for name in COLUMNS if name in columns), *(name for name in columns if name not in COLUMNS)]
        lines += ["[sources.columns]", *_aligned({name: columns[name] for name in order}, reasons, "columns")]
    if kinds := document.get("kinds"):
        lines += [
            "[sources.kinds]",
            *_aligned(kinds, reasons, "kinds"),
        ]
    lines += [_comment(note) for note in one.notes]
    return _block("[[sources]]", lines)


def _aligned(values: Mapping[str, Any], reasons: Mapping[str, str], within: str) -> list[str]:
    """The lines of a table, its '=' one below the other."""
    width = max(map(len, values))
    return [_line(f"{key:<{width}}", value, reasons.get(f"{within}.{key}", "")) for key, value in values.items()]


def _files(one: Proposal) -> str:
    files = one.group.files
    number = "" if len(files) == 1 else f"{len(files):,} files; "
    return number + ("all rows were looked at" if one.group.is_whole else "the first rows were looked at")


def _segments(draft: Draft) -> str:
    lines = [_line("dimensions", list(draft.dimensions), "columns mapped above, to split every figure by")]
    if draft.other_dimensions:
        found = {
            name: one.dimensions[name]
            for one in draft.proposals
            for name in draft.other_dimensions
            if name in one.dimensions
        }
        told = ", ".join(f"{name} = {toml(sql)}" for name, sql in found.items())
        lines.append(_comment(f"Others: {told}; map it under [sources.columns] and list it here."))
    levels = [level for one in draft.proposals for level in one.levels]
    if levels:
        lines.append(_comment(f"Further columns with few values: {', '.join(dict.fromkeys(levels))}."))
    return _block("[segments]", lines)


def _activation(draft: Draft) -> str:
    if not draft.candidates:
        return _comment(
            "No [activation]: nothing that customers do was found. Without it there are no activation figures."
        )
    chosen, *others = draft.candidates
    since = "sign-ups are recorded" if draft.since == "signup" else "nothing records sign-ups"
    lines = [
        _line("since", draft.since, f"what starts the clock; {since}"),
        _line("within", draft.within, "how long a customer has"),
        f"any = [{_condition(chosen.condition)}]   # {_reached(chosen)}",
    ]
    if others:
        lines.append(_comment("Others, which may tell better who has got what they came for:"))
        lines += [f"#   {_condition(one.condition)}   {_reached(one)}" for one in others]
    return _block('[activation] # what "activated" means here', lines)


def _reached(one: Candidate) -> str:
    return f"{share(one.reached)} of the customers looked at ever did"


def _condition(condition: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {toml(value)}" for key, value in condition.items()) + " }"


def _block(header: str, lines: Iterable[str]) -> str:
    return "\n".join([header, *lines])


def _line(key: str, value: Any, why: str) -> str:
    """The reason beside the value, or above it where the line would be too long."""
    written = f"{key} = {toml(value)}"
    if isinstance(value, list) and len(written) > WIDTH:
        written = f"{key} = [\n" + "".join(f"  {toml(one)},\n" for one in value) + "]"
    why = _clean(why)
    if not why:
        return written
    beside = f"{written:<38} # {why}"
    return beside if len(beside) <= WIDTH and "\n" not in written else f"{_comment(why)}\n{written}"


def _comment(sentence: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(_clean(sentence), WIDTH - 2, break_on_hyphens=False))


def _clean(sentence: str) -> str:
    """Names from files may hold anything; a comment no line ends and no control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in sentence).split())


def toml(value: Any) -> str:
    """A value as TOML; text in the kind of quotes that needs no escapes, where one does."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return _quoted(value)
        case list() | tuple():
            return "[" + ", ".join(toml(one) for one in value) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
        case _:
            return str(value)


def _quoted(value: str) -> str:
    if value.isprintable() and '"' in value and "\\" not in value:
        if "'" not in value:
            return f"'{value}'"
        if not value.endswith("'") and "'''" not in value:
            return f"'''{value}'''"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
