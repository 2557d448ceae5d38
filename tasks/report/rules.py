"""The choices of the config that decide what the figures mean, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.report.formats import Formats, clean


def company(manifest: Mapping[str, Any], formats: Formats) -> tuple[str, ...]:
    """The choices of the config that decide what the figures mean."""
    lines = []
    if kinds := manifest.get("activity_kinds"):
        names = formats.choice([formats.known("kind", kind) for kind in kinds])
        lines.append(formats.say("rule_activity", names=names))
    if inactive := manifest.get("inactive_after"):
        lines.append(formats.say("rule_inactive", duration=formats.duration(inactive)))
    if within := manifest.get("activation_within"):
        lines += _activation(manifest, formats.duration(within), formats)
    if basis := manifest.get("churn_basis"):
        lines.append(formats.known("rule_churn", basis))
    return tuple(lines)


def _activation(manifest: Mapping[str, Any], within: str, formats: Formats) -> Iterator[str]:
    """In general terms where the manifest is an older one and does not hold the rule."""
    if rule := manifest.get("activation_rule"):
        combined = formats.t[f"combined_{manifest.get('activation_combination', 'any')}"]
        conditions = combined.join(_condition(condition, formats) for condition in rule)
        yield formats.say("rule_activated", duration=within, conditions=conditions)
    else:
        yield formats.say("rule_activation", duration=within)
    if manifest.get("activation_since") == "first_event":
        yield formats.t["rule_first_event"]


def _condition(condition: Mapping[str, Any], formats: Formats) -> str:
    """`2 × purchase`, `use on 3 different days where item = 'report'`."""
    said = formats.known("kind", condition["kind"])
    count, days, where = condition.get("count") or 1, condition.get("distinct_days") or 1, condition.get("where")
    if count > 1:
        said = formats.say("condition_times", number=formats.number(count), kind=said)
    if days > 1:
        said = formats.say("condition_days", condition=said, number=formats.number(days))
    return formats.say("condition_where", condition=said, where=clean(where)) if where else said
