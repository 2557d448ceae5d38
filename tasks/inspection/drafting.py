"""Proposed sources → a whole config: what one source cannot say alone (currency, time zone, activation), each choice
with its reason, decided on what the sources yield when they are read as a run would read them.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from config import preset
from config.loading import shipped_benchmarks
from config.models import Config
from config.words import Kind
from schemas.events import KINDS
from tasks.inspection.looks import Group, named_after
from tasks.inspection.proposals import (
    TOLERATED,
    NothingToProposeError,
    Proposal,
    counted,
    needs_kinds,
    proposed,
    share,
)
from tasks.inspection.samples import Sample, sample
from tasks.inspection.words import DIMENSIONS, country_of
from tasks.intake import mapping_of

ACTIVE: tuple[Kind, ...] = ("visit", "signup", "use", "purchase")
NO_ACTIVITY = {"spend", "target", "cancel", "deactivate"}
MOST_DIMENSIONS = 2
MOST_FEATURES = 3
PLURALITY = 0.3
"""The share of one country among the rows above which it is taken for the business's."""
LEAST = 0.05
"""What fewer customers do, or all but these do, tells little of any."""
QUOTE = "'"
NO_NAME = "\u0000"
"""An event name that no file has: with it alone, every name of a file is left over, and counted."""
SHOP, PRODUCT = "90d", "14d"
"""How long a new customer has, where orders are all there is, and elsewhere."""


@dataclass(frozen=True)
class Choice:
    """A value and the reason for it."""

    value: str
    why: str


@dataclass(frozen=True)
class Candidate:
    """What could make a customer activated, as a condition of the config, and the share of the customers who did it."""

    condition: Mapping[str, Any]
    reached: float


@dataclass
class Draft:
    """A config about to be written. `skipped`: files that no source could be proposed for, and why.

    `rejected`: the greatest share of a file's rows that is quarantined. `kinds`, `months`: accepted rows that were
    looked at.
    """

    proposals: list[Proposal]
    skipped: list[str]
    zone: Choice
    currency: Choice
    store: str
    dimensions: tuple[str, ...] = ()
    other_dimensions: tuple[str, ...] = ()
    kinds: dict[str, int] = field(default_factory=dict)
    months: dict[str, int] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    rejected: float = 0.0

    @property
    def since(self) -> str:
        return "signup" if "signup" in self.kinds else "first_event"

    @property
    def within(self) -> str:
        return SHOP if "purchase" in self.kinds and not {"use", "visit", "signup"} & set(self.kinds) else PRODUCT

    @property
    def activity(self) -> tuple[str, ...]:
        active = tuple(kind for kind in ACTIVE if kind in self.kinds)
        return active or tuple(kind for kind in KINDS if kind in self.kinds and kind not in NO_ACTIVITY) or ACTIVE

    @property
    def basis(self) -> str:
        """Subscriptions are what is told of customers, where they do nothing else."""
        known = [one.document for one in self.proposals]
        has_amounts = any("preset" in one or "amount" in one.get("columns", {}) for one in known)
        acts = {"visit", "use", "purchase"} & set(self.kinds)
        return "subscription" if "subscribe" in self.kinds and not acts and has_amounts else "activity"

    @property
    def max_rejected(self) -> float | None:
        """A bound that the files as they are keep; None where the default will do."""
        return None if self.rejected <= 0.01 else min(1.0, round(self.rejected * 1.25 + 0.005, 2))

    def document(self) -> dict[str, Any]:
        """What the config says, as TOML would be read."""
        chosen = self.candidates[:1]
        return {
            "store": {"uri": self.store},
            "periods": {"timezone": self.zone.value},
            "sources": [one.document for one in self.proposals],
            "segments": {"dimensions": list(self.dimensions)},
            **(
                {"activation": {"since": self.since, "within": self.within, "any": [chosen[0].condition]}}
                if chosen
                else {}
            ),
            "activity": {"kinds": list(self.activity)},
            "churn": {"basis": self.basis},
            "validation": {"max_rejected": self.max_rejected or 0.01},
            "report": {"currency": self.currency.value},
        }

    def config(self, base: Path) -> Config:
        document = self.document()
        document["sources"] = [preset.filled(source) for source in document["sources"]]
        return Config.model_validate({**document, "benchmarks": shipped_benchmarks(), "base": str(base)})


def drafted(
    groups: Sequence[Group],
    unread: Sequence[str],
    chosen: str,
    base: Path,
    store: str,
    zone_here: str | None,
    rows: int,
    staging: Path,
) -> Draft:
    """The config for some files. `unread`: others, which cannot be read, and why; `chosen`: a preset's name, "auto" or
    "none"; `zone_here`: the machine's time zone.

    Raises:
        NothingToProposeError: no file has what a source needs.
        UserError: a file cannot be read as the chosen preset says.
    """
    proposals, skipped = _proposals(groups, chosen)
    if not proposals:
        raise NothingToProposeError("\n".join(skipped))
    draft = Draft(proposals, [*unread, *skipped], _zone(proposals, zone_here), _currency(proposals), store)
    _choose_dimensions(draft)
    for one in proposals:
        if needs_kinds(one):
            one.give_kinds(_names(one, draft, base, rows, staging))
    samples = _sampled(draft, base, rows, staging)
    if _learn_currency(draft, samples):
        samples = _sampled(draft, base, rows, staging)
    for one, seen in zip(proposals, samples, strict=True):
        one.yielded = _by_kind(_added(file.total("kinds") for file in seen))
        if _rejected(seen) > TOLERATED:
            rules = _added(file.total("rules") for file in seen)
            one.notes.append(f"Rows quarantined as it stands: {counted(dict(rules.most_common()))}.")
    _learn(draft, [file for seen in samples for file in seen])
    return draft


def _proposals(groups: Sequence[Group], chosen: str) -> tuple[list[Proposal], list[str]]:
    found: list[Proposal] = []
    skipped: list[str] = []
    for group in groups:
        try:
            found += proposed(group, named_after(group, [one.name for one in found]), chosen)
        except NothingToProposeError as error:
            skipped.append(str(error))
    return found, skipped


def _most(proposals: Sequence[Proposal], counted_by: str) -> tuple[str | None, float, int]:
    """The most frequent value, its share, and how many different ones there are."""
    sums: Counter[str] = Counter()
    for one in proposals:
        sums.update(getattr(one, counted_by))
    if not sums:
        return None, 0.0, 0
    value, number = min(sums.items(), key=lambda entry: (-entry[1], entry[0]))
    return value, number / sums.total(), len(sums)


def _zone(proposals: Sequence[Proposal], zone_here: str | None) -> Choice:
    country, part, _ = _most(proposals, "countries")
    told = country_of(country) if country else None
    if told and part >= PLURALITY:
        return Choice(told[0], f"{share(part)} of the rows that tell a country are of {country}")
    if zone_here:
        return Choice(zone_here, "this machine's, for want of a better reason: put your business's")
    return Choice("UTC", "nothing tells which: put your business's, such as Europe/Paris")


def _currency(proposals: Sequence[Proposal]) -> Choice:
    currency, part, _ = _most(proposals, "currencies")
    if currency and re.fullmatch("[A-Za-z]{3}", currency):
        return Choice(currency.upper(), f"the currency of {share(part)} of the amounts")
    country, part, _ = _most(proposals, "countries")
    told = country_of(country) if country else None
    if told and part >= PLURALITY:
        return Choice(told[1], f"no column tells it; {share(part)} of the rows that tell a country are of {country}")
    return Choice("EUR", "nothing tells which: correct it if there are amounts")


def _learn_currency(draft: Draft, samples: Sequence[Sequence[Sample]]) -> bool:
    """The report's currency, from what the mappings yield; rows in another are left out where they are more than a few.
    Tells whether the draft changed.
    """
    before, has_others = draft.currency.value, False
    for one, seen in zip(draft.proposals, samples, strict=True):
        one.currencies = dict(_added(file.currencies for file in seen)) or one.currencies
    draft.currency = _currency(draft.proposals)
    for one in draft.proposals:
        total = sum(one.currencies.values())
        other = total - one.currencies.get(draft.currency.value, 0)
        column = one.document.get("columns", {}).get("currency")
        if column and other > total * TOLERATED:
            has_others = True
            one.keep_only(
                f"coalesce({column}, '{draft.currency.value}') = '{draft.currency.value}'",
                f"{share(other / total)} of the amounts are in other currencies ({counted(one.currencies, 4)})",
            )
    return has_others or draft.currency.value != before


def _choose_dimensions(draft: Draft) -> None:
    """The most telling dimensions, and their columns in each source that has them."""
    order = list(dict.fromkeys(name for one in draft.proposals for name in one.dimensions))
    ranked = sorted(order, key=list(DIMENSIONS).index)
    draft.dimensions, draft.other_dimensions = tuple(ranked[:MOST_DIMENSIONS]), tuple(ranked[MOST_DIMENSIONS:])
    for one in draft.proposals:
        for name in draft.dimensions:
            if name in one.dimensions:
                one.map(name, one.dimensions[name])


def _names(one: Proposal, draft: Draft, base: Path, rows: int, staging: Path) -> dict[str, int]:
    """The event names that a preset's mapping gives, and how often."""
    alone = replace(draft, proposals=[replace(one, document={**one.document, "kinds": {"use": [NO_NAME]}})])
    alone.dimensions = ()
    alone.proposals[0].document["columns"] = {}
    found: Counter[str] = Counter()
    for seen in _samples(alone, 0, base, rows, staging):
        found.update(seen.found.counts["unmapped"])
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def _sampled(draft: Draft, base: Path, rows: int, staging: Path) -> list[list[Sample]]:
    """By source."""
    return [_samples(draft, position, base, rows, staging) for position in range(len(draft.proposals))]


def _samples(draft: Draft, position: int, base: Path, rows: int, staging: Path) -> list[Sample]:
    """The first rows of the files that were looked at, as the draft reads them."""
    mapping = mapping_of(draft.config(base), position)
    files = [one.file for one in draft.proposals[position].group.looks]
    return [sample(file, mapping, rows, Path(tempfile.mkdtemp(dir=staging))) for file in files]


def _learn(draft: Draft, samples: Sequence[Sample]) -> None:
    """Kinds, months, rejected rows and activation, from what the draft yields."""
    draft.kinds = _by_kind(_added(one.total("kinds") for one in samples))
    draft.months = dict(sorted(_added(one.found.counts["accepted"] for one in samples).items()))
    draft.rejected = _rejected(samples)
    told = [
        one.events().select("customer_id", "kind", "name", "item", "reference") for one in samples if one.found.parts
    ]
    events = pl.concat(told).filter(pl.col("customer_id").is_not_null()) if told else pl.DataFrame()
    if not events.is_empty():
        draft.candidates = _candidates(draft, events)


def _rejected(samples: Iterable[Sample]) -> float:
    """The greatest share of a file's rows that is quarantined."""
    return max((one.totals()["quarantined"] / one.read for one in samples if one.read), default=0.0)


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for one in counts:
        sums.update(one)
    return sums


def _by_kind(counts: Mapping[str, int]) -> dict[str, int]:
    return {kind: counts[kind] for kind in KINDS if kind in counts}


def _candidates(draft: Draft, events: pl.DataFrame) -> list[Candidate]:
    """What customers did, the likeliest meaning of "activated" first."""
    customers = events["customer_id"].n_unique()
    orders = 1 if draft.since == "signup" else 2
    wanted: list[dict[str, Any]] = [
        {"kind": "purchase", "count": orders} if orders > 1 else {"kind": "purchase"},
        {"kind": "subscribe"},
        {"kind": "use", "count": 3},
        {"kind": "use"},
        *_features(events),
        {"kind": "visit", "count": 3},
    ]
    if draft.since != "signup":
        wanted.append({"kind": "purchase", "count": 3})
    found = [Candidate(one, _reached(events, one) / customers) for one in wanted if one["kind"] in draft.kinds]
    return sorted(found, key=lambda one: (not LEAST <= one.reached <= 1 - LEAST, one.reached == 0))


def _features(events: pl.DataFrame) -> list[dict[str, Any]]:
    """The most frequent uses, by feature where one is told, else by the event's name."""
    used = events.filter(pl.col("kind") == "use")
    column = "item" if used["item"].n_unique() > 1 else "name"
    counts = used[column].drop_nulls().value_counts(sort=True).sort(["count", column], descending=[True, False])
    names = [name for name in counts[column].head(MOST_FEATURES) if "\\" not in name and name.isprintable()]
    return [{"kind": "use", "where": f"{column} = '{name.replace(QUOTE, QUOTE * 2)}'"} for name in names]


def _reached(events: pl.DataFrame, condition: Mapping[str, Any]) -> int:
    """How many customers did it."""
    chosen = events.filter(pl.col("kind") == condition["kind"])
    if "where" in condition:
        chosen = chosen.filter(pl.sql_expr(condition["where"]))
    # The lines of one order are one purchase, as in the activation rule.
    times = pl.col("reference").n_unique() if chosen["reference"].null_count() == 0 else pl.len()
    counts = chosen.group_by("customer_id").agg(times.alias("times"))
    return counts.filter(pl.col("times") >= condition.get("count", 1)).height
