"""Which figures will be missing, and what the sources would have to tell for them."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.models import Config
from tasks.kpis import CATALOGUE
from tasks.kpis.facts import provided_facts
from tasks.kpis.record import Fact

TOLD_BY: dict[Fact, str] = {
    "activation": "an [activation] block, and sign-ups",
    "activity": "events of a kind listed in activity.kinds",
    "base": 'events of a kind in activity.kinds; with churn.basis = "subscription": subscribe',
    "base_revenue": 'amounts of purchases; with churn.basis = "subscription": of subscriptions',
    "conversion": "events of a kind listed in conversion.kinds",
    "csat": "events of kind csat, with score",
    "customer": "events of kind purchase or subscribe",
    "deactivate": "events of kind deactivate",
    "invoice": "events of kind invoice",
    "nps": "events of kind nps, with score",
    "purchase": "events of kind purchase",
    "recurring": "events of kind subscribe, with amount",
    "return": "events of kind return",
    "revenue": "events of kind purchase, with amount",
    "sign_up": 'events of kind signup, or activation.since = "first_event"',
    "spend": "events of kind spend, with amount",
    "subscribe": "events of kind subscribe",
    "target": "events of kind target",
    "use": "events of kind use",
    "visit": "events of kind visit",
}


@dataclass(frozen=True)
class Missing:
    """Figures that rest on what no source tells, each in the words for who should provide it."""

    facts: tuple[str, ...]
    kpis: tuple[str, ...]


def missing(config: Config, kinds: Iterable[str]) -> list[Missing]:
    """The figures that will have the status `missing_input` when only these kinds of events occur, by what they need;
    the needs of most figures first.
    """
    provided = provided_facts(kinds, config)
    by_need: dict[tuple[str, ...], list[str]] = {}
    for kpi in CATALOGUE:
        if lacking := tuple(TOLD_BY[fact] for fact in kpi.needs if fact not in provided):
            by_need.setdefault(lacking, []).append(kpi.name)
    found = [Missing(facts, tuple(kpis)) for facts, kpis in by_need.items()]
    return sorted(found, key=lambda one: (-len(one.kpis), one.facts))
