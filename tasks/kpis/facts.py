"""What the sources tell: from the kinds of events seen so far to the facts KPIs need."""

from collections.abc import Iterable

from config.models import Config


def provided_facts(kinds: Iterable[str], config: Config) -> frozenset[str]:
    """The facts a figure can rest on, given the kinds of events that occurred before the period's end."""
    seen = set(kinds)
    since_first_event = config.activation is not None and config.activation.since == "first_event"
    sign_up = bool(seen) if since_first_event else "signup" in seen
    facts = {
        "activity": bool(seen & set(config.activity.kinds)),
        "activation": sign_up and config.activation is not None,
        "base": bool(seen & ({"subscribe"} if config.churn.basis == "subscription" else set(config.activity.kinds))),
        "customer": bool(seen & {"purchase", "subscribe"}),
        "purchase": "purchase" in seen,
        "return": "return" in seen,
        "sign_up": sign_up,
        "subscribe": "subscribe" in seen,
        "use": "use" in seen,
        "visit": "visit" in seen,
    }
    return frozenset(fact for fact, told in facts.items() if told)
