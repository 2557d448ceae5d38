"""What the sources tell: from the kinds of events seen so far to the facts KPIs need."""

from collections.abc import Iterable

from config.models import Config

PLAIN = ("csat", "deactivate", "invoice", "nps", "purchase", "return", "spend", "subscribe", "target", "use", "visit")
"""Facts that are told by the kind of the same name."""


def provided_facts(kinds: Iterable[str], config: Config) -> frozenset[str]:
    """The facts a figure can rest on, given the kinds of events that occurred before the period's end."""
    seen = set(kinds)
    since_first_event = config.activation is not None and config.activation.since == "first_event"
    sign_up = bool(seen) if since_first_event else "signup" in seen
    base = "subscribe" in seen if config.churn.basis == "subscription" else bool(seen & set(config.activity.kinds))
    has_amounts = any("amount" in source.columns for source in config.sources)
    recurring, revenue = (has_amounts and kind in seen for kind in ("subscribe", "purchase"))
    facts = {
        "activity": bool(seen & set(config.activity.kinds)),
        "activation": sign_up and config.activation is not None,
        "base": base,
        "base_revenue": recurring if config.churn.basis == "subscription" else revenue,
        "conversion": bool(seen & set(config.conversion.kinds)),
        "customer": bool(seen & {"purchase", "subscribe"}),
        "recurring": recurring,
        "revenue": revenue,
        "sign_up": sign_up,
        **{kind: kind in seen for kind in PLAIN},
    }
    return frozenset(fact for fact, told in facts.items() if told)
