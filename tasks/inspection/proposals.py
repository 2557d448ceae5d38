"""Files of one form → a proposed source, each choice with its reason. Rendering is in `draft`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from config import preset
from schemas.events import KINDS
from tasks.inspection.columns import Column, Roles, Times, columns_of, dimensions_of, other_levels, roles_of
from tasks.inspection.looks import Group
from tasks.inspection.words import NAMES, STEPS, kind_of, plain

COMPANIONS: Mapping[str, str] = {
    "shopify": "shopify-refunds",
    "shopify-json": "shopify-json-refunds",
    "stripe-invoices": "stripe-invoices-paid",
    "stripe-subscriptions": "stripe-subscriptions-ended",
}
"""Presets that read the same files for something else, as a second source."""
TOLERATED = 0.005
"""A share of rows that is rather a mistake in the files than a form of theirs."""
FEW = 0.99
MOST_STARS, BEST_SCORE, MOST_CODES = 5, 10, 2
UNDONE = r"cancel|annul|fail|void|pending|refus|reject|draft|test|attente"
TELLING = (
    ("target", r"\b(?:campaign|campagne|mailing|newsletter)\b", "every row names a campaign: whom it was sent to"),
    ("visit", r"\b(?:page|url|path|referrer|referer|landing)\b", "rows tell of pages"),
)
"""Columns that tell what all rows of a file are."""
MOST_SHOWN = 12


@dataclass
class Proposal:
    """A source as a document for `config.models.Source`, and the reason for each of its keys.

    `reasons`: by key, `columns.amount` or `kinds.use`. `notes`: what a person should know, below the mapping. `names`:
    its event names, and how often each occurs, where it has any. `yielded`: rows it gives of each kind. `dimensions`:
    columns figures could be split by; `levels`: further ones. `is_without_zone`: its times carry none. `currencies`,
    `countries`: how often each value occurs.
    """

    group: Group
    document: dict[str, Any]
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    yielded: dict[str, int] = field(default_factory=dict)
    dimensions: dict[str, str] = field(default_factory=dict)
    levels: list[str] = field(default_factory=list)
    is_without_zone: bool = False
    currencies: dict[str, int] = field(default_factory=dict)
    countries: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.document["name"])

    def put(self, key: str, value: Any, why: str = "") -> None:
        self.document[key] = value
        self._note(key, why)

    def map(self, column: str, sql: str, why: str = "") -> None:
        self.document.setdefault("columns", {})[column] = sql
        self._note(f"columns.{column}", why)

    def keep_only(self, condition: str, why: str) -> None:
        """Adds to the row filter."""
        before = self.document.get("where")
        self.document["where"] = f"{before} AND {condition}" if before else condition
        self.reasons["where"] = "; ".join(part for part in (self.reasons.get("where"), why) if part)

    def give_kinds(self, counts: Mapping[str, int]) -> None:
        """Sorts event names into kinds; those that tell nothing are left out, and named."""
        self.names = dict(counts)
        kinds = {name: kind_of(name) for name in counts}
        if not any(kinds.values()) and counts:
            kinds = dict.fromkeys(list(counts)[:MOST_SHOWN], "use")
            self.notes.append("No name tells its kind, so all are taken for use of the product. Sort them.")
        by_kind = {kind: [name for name, given in kinds.items() if given == kind] for kind in KINDS}
        self.document["kinds"] = {kind: names for kind, names in by_kind.items() if names}
        for kind, names in self.document["kinds"].items():
            self._note(f"kinds.{kind}", counted({name: counts[name] for name in names}))
        if len(orders := self.document["kinds"].get("purchase", [])) > 1:
            self.notes.append(
                f"If {' and '.join(orders[:3])} are steps of one order, keep one of them, or it counts twice."
            )
        if unknown := {name: counts[name] for name in counts if not kinds.get(name)}:
            self.notes.append(f"Not mapped, so ignored: {counted(unknown)}.")

    def _note(self, key: str, why: str) -> None:
        if why:
            self.reasons[key] = why


def counted(counts: Mapping[str, int], most: int = MOST_SHOWN) -> str:
    shown = [f"{name} {number:,}" for name, number in list(counts.items())[:most]]
    more = [f"and {len(counts) - most} more"] if len(counts) > most else []
    return ", ".join([*shown, *more])


def share(part: float) -> str:
    """A share in words a comment can bear: neither 0% nor 100% unless it is."""
    if 0.995 <= part < 1:
        return "over 99%"
    return f"{part:.1%}" if 0 < part < 0.1 else f"{part:.0%}"


class NothingToProposeError(Exception):
    """The files lack what every source needs. The text is for the reader."""


def of_preset(group: Group, name: str, preset_name: str) -> Proposal:
    """A source whose mapping is a preset's; what the preset leaves open is guessed later, from what it yields."""
    keys = {key: value for key, value in group.keys.items() if key != "envelope"}
    found = Proposal(group, {"name": name, "uri": group.uri, "preset": preset_name, **keys})
    found.reasons["preset"] = preset.shipped()[preset_name].title
    given = preset.shipped()[preset_name].source.get("columns", {})
    columns = columns_of(group.rows())
    roles = {role: column for role, column in roles_of(columns).items() if role in given}
    found.dimensions = {one: column.sql for one, column in dimensions_of(columns, roles).items() if one not in given}
    found.countries = _countries(dimensions_of(columns, roles))
    if "currency" in roles:
        found.currencies = roles["currency"].counts
    return found


def of_columns(group: Group, name: str) -> list[Proposal]:
    """Sources whose mapping is guessed from the columns: one, or one for each date of a table that has several.

    Raises:
        NothingToProposeError: no column tells when, or none tells who.
    """
    columns = columns_of(group.rows())
    roles = roles_of(columns)
    if sum(bool(re.fullmatch(r"[\d\s.,:/$€£-]*", column.name)) for column in columns) * 2 > len(columns):
        raise NothingToProposeError(
            f"{group.files[0].key}: its first line is data, and names no columns. Put a line with names before it."
        )
    if "occurred_at" not in roles:
        raise NothingToProposeError(_no_times(group, columns))
    if "name" in roles and not _tells_kinds(roles["name"]):
        del roles["name"]
    steps = _steps(columns, roles)
    if steps:
        return [_step(group, f"{name}-{kind}", kind, times, columns, roles) for kind, times in steps.items()]
    proposal = _started(group, name, columns, roles, roles["occurred_at"])
    _map_kind(proposal, columns, roles)
    _map_who(proposal, columns, roles)
    _map_rest(proposal, columns, roles)
    _note_states(proposal, columns)
    return [proposal]


def _note_states(found: Proposal, columns: Sequence[Column]) -> None:
    """A column that tells of orders that came to nothing: whether they count, a person must say."""
    for column in columns:
        if not re.fullmatch(r"(?:.* )?(?:status|statut|state|etat)", column.plain) or not column.is_text:
            continue
        undone = [value for value in column.counts if re.search(UNDONE, plain(value))]
        if undone and len(column.counts) <= MOST_SHOWN:
            values = ", ".join("'" + value.replace("'", "''") + "'" for value in undone)
            where = f"{column.sql} NOT IN ({values})"
            found.notes.append(f"{column.name}: {counted(column.counts)}. To leave some out, extend where: {where}.")


def _no_times(group: Group, columns: Sequence[Column]) -> str:
    held = ", ".join(column.name for column in columns[:MOST_SHOWN])
    return (
        f"{group.files[0].key}: no column tells when something happened. Looked for timestamps, dates, texts such as "
        f"2025-01-31 14:03 or 31/01/2025, and numbers that count from 1970; it has {held}."
    )


def _tells_kinds(column: Column) -> bool:
    """A column called "event" or the like does; one called "type" only if its values do."""
    if re.fullmatch(NAMES["name"][0], column.plain):
        return True
    told = {kind_of(value) for value in column.counts} | {value for value in column.counts if value in KINDS}
    return bool(told - {None, "use"}) or set(column.counts) <= set(KINDS)


def _started(group: Group, name: str, columns: Sequence[Column], roles: Roles, times: Column) -> Proposal:
    """A source with its files and its times."""
    found = Proposal(group, {"name": name, "uri": group.uri, **group.keys})
    json = [one.name for one in columns if one.is_text and len(one.path) == 1 and _holds_json(one)]
    if json:
        found.put("json_columns", json, "their texts hold JSON: properties.amount is a value in it")
    told_by = times.times or Times(times.sql)
    if told_by.epoch:
        found.put("epoch", told_by.epoch, f"the numbers in {times.name} count from 1970")
    told = f"or {told_by.or_else}, which fits as well" if told_by.or_else else ""
    others = [
        one.name for one in columns if one.times and one.name != times.name and one is not roles.get("received_at")
    ]
    told = told or (f"other times: {', '.join(others[:4])}" if others else "")
    found.map("occurred_at", told_by.sql, told)
    found.is_without_zone = not told_by.has_zone and told_by.epoch is None
    received = roles.get("received_at")
    if received is not None and received.times and received.times.epoch == told_by.epoch:
        found.map("received_at", received.times.sql)
    return found


def _holds_json(column: Column) -> bool:
    texts = column.filled.head(20)
    return len(texts) > 0 and bool(texts.cast(str).str.contains(r'^\{\s*(?:"|\})').all())


def _map_kind(found: Proposal, columns: Sequence[Column], roles: Roles) -> None:
    name = roles.get("name")
    if name is not None and set(name.counts) <= set(KINDS):
        found.map("kind", name.sql, f"lifecycle's own words: {counted(name.counts)}")
    elif name is not None:
        found.map("name", name.sql)
        found.give_kinds(name.counts)
    else:
        sql, why = _kind(columns, roles)
        found.map("kind", sql, why)


def _kind(columns: Sequence[Column], roles: Roles) -> tuple[str, str]:
    """The kind of rows that no column names, as SQL, and why."""
    who = roles.get("customer_id") or roles.get("anonymous_id")
    amounts = {"amount", "unit_price"} & set(roles)
    if "score" in roles and not amounts:
        score = roles["score"]
        is_nps = "nps" in score.plain or bool((score.filled.cast(float, strict=False) > MOST_STARS).any())
        return ("'nps'" if is_nps else "'csat'"), f"every row has a score, {score.name}"
    if amounts:
        return _kind_of_amounts(roles) if who else ("'spend'", "amounts, and nobody's: what marketing cost")
    for kind, pattern, why in TELLING:
        if any(re.search(pattern, column.plain) for column in columns):
            return f"'{kind}'", why
    if who is not None and who.distinct >= FEW * len(who.filled) and len(who.filled) > 1:
        return "'signup'", f"one row for each {who.name}"
    return "'use'", "nothing tells what a row is; correct this, or it is taken for use of the product"


def _kind_of_amounts(roles: Roles) -> tuple[str, str]:
    """Purchases; and where amounts have signs, returns."""
    signed = next((one for role in ("quantity", "amount") if (one := roles.get(role)) and one.negative > 0), None)
    if signed is None:
        return "'purchase'", "every row has an amount"
    sql = f"CASE WHEN {_number(signed)} < 0 THEN 'return' ELSE 'purchase' END"
    return sql, f"{share(signed.negative)} of the rows have a negative {signed.name}"


def _number(column: Column) -> str:
    return column.numbers.sql if column.numbers else column.sql


def _map_who(found: Proposal, columns: Sequence[Column], roles: Roles) -> None:
    """Who; and a filter of the rows that name nobody, where these are more than a few."""
    kind = found.document["columns"].get("kind")
    customer, anonymous = roles.get("customer_id"), roles.get("anonymous_id")
    if customer is None and anonymous is None:
        if kind != "'spend'":
            raise NothingToProposeError(_nobody(found.group, columns))
        return
    if anonymous is not None:
        found.map("anonymous_id", anonymous.sql)
    if customer is not None:
        found.map("customer_id", customer.sql, f"{customer.distinct:,} different ones in the rows looked at")
        if anonymous is None and customer.empty > TOLERATED:
            is_text = customer.is_text and "parquet" in found.group.files[0].key
            condition = f"{customer.sql} <> ''" if is_text else f"{customer.sql} IS NOT NULL"
            found.keep_only(
                condition, f"{share(customer.empty)} of the rows name no customer; they are counted as filtered"
            )


def _nobody(group: Group, columns: Sequence[Column]) -> str:
    held = ", ".join(column.name for column in columns[:MOST_SHOWN])
    return (
        f"{group.files[0].key}: no column tells whose event a row is. Looked for names such as customer_id, user, "
        f"client, account or email, with values that differ; it has {held}."
    )


def _map_rest(found: Proposal, columns: Sequence[Column], roles: Roles) -> None:
    mapped = found.document["columns"]
    if "event_id" in roles:
        found.map("event_id", roles["event_id"].sql, "differs from row to row")
    for role in ("reference", "item"):
        if role in roles and not (role == "reference" and roles[role] is roles.get("event_id")):
            found.map(role, roles[role].sql)
    _map_amounts(found, roles)
    if "score" in roles and ("'nps'" in mapped.get("kind", "") or "csat" in mapped.get("kind", "") or "name" in roles):
        found.map("score", *_score(roles["score"]))
    if "currency" in roles:
        column = roles["currency"]
        found.currencies = {name.upper(): number for name, number in column.counts.items()}
        found.map("currency", column.sql if all(name.isupper() for name in column.counts) else f"upper({column.sql})")
    dimensions = dimensions_of(columns, roles)
    found.dimensions = {name: column.sql for name, column in dimensions.items()}
    found.countries = _countries(dimensions)
    found.levels = [f"{one.name} ({one.distinct})" for one in other_levels(columns, roles, dimensions)]


def _score(column: Column) -> tuple[str, str]:
    """The expression, and why it leaves a value out: a code among scores of a scale up to 10, as for "don't know"."""
    sql = _number(column)
    scores = column.filled.cast(float, strict=False).drop_nulls()
    beyond = sorted(set(scores.filter(scores > BEST_SCORE)))
    if not 0 < len(beyond) <= MOST_CODES or len(scores.filter(scores > BEST_SCORE)) > len(scores) / 2:
        return sql, ""
    for code in beyond:
        sql = f"NULLIF({sql}, {code:g})"
    return sql, f'{" and ".join(f"{code:g}" for code in beyond)}: no score, taken for "don\'t know"'


def _map_amounts(found: Proposal, roles: Roles) -> None:
    numbers = [roles[role] for role in ("amount", "quantity", "unit_price") if role in roles]
    if any(one.numbers and one.numbers.decimal == "," for one in numbers):
        found.put("csv", {**found.document.get("csv", {}), "decimal": ","})
    for one in numbers:
        if one.numbers and one.numbers.currency:
            found.currencies.setdefault(one.numbers.currency, len(one.filled))
    quantity, amount, price = (roles.get(role) for role in ("quantity", "amount", "unit_price"))
    tolerated = TOLERATED if "name" in roles else 0.0
    if quantity is not None:
        found.map("quantity", _positive(_number(quantity), is_signed=quantity.negative > tolerated))
    if amount is not None:
        found.map("amount", _positive(_number(amount), is_signed=amount.negative > tolerated))
    elif price is not None:
        product = f"{_number(quantity)} * {_number(price)}" if quantity is not None else _number(price)
        is_signed = price.negative > 0 or (quantity is not None and quantity.negative > tolerated)
        why = "no column has the amount of the row itself" if quantity is not None else ""
        found.map("amount", _positive(product, is_signed=is_signed), why)


def _positive(sql: str, *, is_signed: bool) -> str:
    return f"abs({sql})" if is_signed else sql


def _countries(dimensions: Mapping[str, Column]) -> dict[str, int]:
    return dimensions["country"].counts if "country" in dimensions else {}


# ---- A date per step -------------------------------------------------------------------------------------------------


def _steps(columns: Sequence[Column], roles: Roles) -> dict[str, Column]:
    """Kind → its date, in a table with a column per step; empty where it is no such table."""
    if {"name", "quantity"} & set(roles) or "customer_id" not in roles:
        return {}
    found: dict[str, Column] = {}
    for column in columns:
        if column.times is not None and column is not roles.get("received_at"):
            kind = next((kind for kind, pattern in STEPS if re.search(pattern, column.plain)), None)
            if kind:
                found.setdefault(kind, column)
    is_table_of_steps = len(found) > 1 and bool({"subscribe", "signup"} & set(found))
    return {kind: found[kind] for kind in KINDS if kind in found} if is_table_of_steps else {}


def _step(
    group: Group, name: str, kind: str, times: Column, columns: Sequence[Column], roles: Mapping[str, Column]
) -> Proposal:
    found = _started(group, name, columns, {}, times)
    found.reasons.pop("columns.occurred_at", None)
    found.map("kind", f"'{kind}'", f"{times.name} is the date of a step of its own")
    _map_who(found, columns, roles)
    if times.empty > 0:
        blank = f"{times.sql} IS NOT NULL"
        found.keep_only(blank, f"{share(times.empty)} of the rows have no {times.name}: the step never happened")
    own = {role: column for role, column in roles.items() if role in {"reference", "currency"}}
    if kind == "subscribe":
        own |= {role: column for role, column in roles.items() if role in {"amount", "unit_price"}}
        found.notes.append("amount must be the amount per month: divide a yearly price by 12.")
    if kind in {"subscribe", "cancel"} and "reference" not in own:
        start = next((one for step, one in _steps(columns, roles).items() if step == "subscribe"), times)
        found.map(
            "reference", f"{roles['customer_id'].sql} || ' ' || {start.sql}", "tells one subscription from the next"
        )
    _map_rest(
        found, columns, own if kind == "subscribe" else {role: one for role, one in own.items() if role == "reference"}
    )
    return found


# ---- Event names of a preset -----------------------------------------------------------------------------------------


def needs_kinds(found: Proposal) -> bool:
    """Whether the preset leaves the event names to the user."""
    if "preset" not in found.document:
        return False
    given = preset.shipped()[found.document["preset"]].source
    return not given.get("kinds") and "kind" not in given.get("columns", {})


def proposed(group: Group, name: str, chosen: str) -> list[Proposal]:
    """The sources for files of one form. `chosen`: a preset's name, "auto" or "none"."""
    if chosen == "none" or (chosen == "auto" and not group.presets):
        return of_columns(group, name)
    first = chosen if chosen != "auto" else _main(group.presets)
    second = COMPANIONS.get(first)
    names = [first, second] if second in group.presets and second else [first]
    return [of_preset(group, f"{name}-{one.rsplit('-', 1)[-1]}" if one is second else name, one) for one in names]


def _main(presets: Sequence[str]) -> str:
    """The surest form that is no companion of another."""
    return next((name for name in presets if name not in COMPANIONS.values()), presets[0])
