"""Numbers, dates and names as the reader writes them, by Babel. What is said with them is elsewhere.

Null is an en dash. Minus is U+2212. Units are those of `kpis.parquet`: share, ratio, growth, number, points, days,
customers, orders, visitors or the code of a currency.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from math import inf, log10
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_currency_symbol,
)
from babel.units import format_unit

from tasks.clock import Period, split_duration
from tasks.kpis.record import Text
from tasks.report.texts import Language, typeset, words

NOTHING = "–"
MOST_DIGITS = 6
COUNTS = frozenset({"customers", "orders", "visitors"})
SIGNED = frozenset({"growth", "points"})
"""Units whose values may be below zero."""
_BIDIRECTIONAL = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNITS = {"h": ("duration-hour", 1), "d": ("duration-day", 1), "w": ("duration-week", 1)}
_UNITS |= {"mo": ("duration-month", 1), "q": ("duration-month", 3), "y": ("duration-year", 1)}


def in_percent(unit: str) -> bool:
    """Shown in per cent, its changes in points."""
    return unit in {"share", "ratio", "growth"}


def is_money(unit: str) -> bool:
    return len(unit) == 3 and unit.isupper()


def clean(name: object) -> str:
    """A name from outside on one line: no control or direction-changing characters."""
    kept = ("�" if unicodedata.category(sign) in {"Cc", "Cs"} or sign in _BIDIRECTIONAL else sign for sign in str(name))
    return "".join(kept)


def shorten(name: object, length: int) -> str:
    text = clean(name)
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class Formats:
    """One language's way of writing. `t` holds its texts."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.t = words(language)

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.t["locale"])

    def text(self, text: Text) -> str:
        """A record's text in this language."""
        return typeset(getattr(text, self.language), self.language)

    def say(self, name: str, /, **values: str) -> str:
        return self.t[name].format(**values)

    def known(self, prefix: str, name: str) -> str:
        """The word for a name, or the name itself where there is none."""
        return self.t.get(f"{prefix}_{name}", clean(name))

    def listing(self, items: Sequence[str]) -> str:
        return str(format_list(list(items), locale=self.locale)) if items else ""

    def choice(self, items: Sequence[str]) -> str:
        """One or other of them."""
        return str(format_list(list(items), style="or", locale=self.locale)) if items else ""

    # numbers

    def value(self, value: float | None, unit: str, digits: int | None = None) -> str:
        """In full, with its unit; shares in per cent with one decimal, large amounts without cents."""
        if value is None:
            return NOTHING
        if in_percent(unit):
            return self.percent(value, 1 if digits is None else digits, sign=unit == "growth")
        if unit in {"points", "number"}:
            return self.number(value, (1 if unit == "points" else 2) if digits is None else digits)
        if unit == "days":
            places = 1 if digits is None else digits
            written = format_unit(_rounded(value, places), "duration-day", format=_pattern(places), locale=self.locale)
            return _signed(written)
        if is_money(unit):
            return self._money(value, unit, digits)
        return self.number(value, digits)

    def apart(self, old: float | None, new: float | None, unit: str) -> tuple[str, str]:
        """Two values with as many digits as it takes to tell them apart, six at most."""
        written = self.value(old, unit), self.value(new, unit)
        if old is None or new is None or old == new:
            return written
        alike = written[0] == written[1] or (unit in COUNTS and _rounded(old, 1) == _rounded(new, 1))
        for digits in range(1, MOST_DIGITS + 1) if alike else ():
            written = self.value(old, unit, digits), self.value(new, unit, digits)
            if written[0] != written[1]:
                break
        return written

    def headline(self, value: float | None, unit: str) -> str:
        """As `value`, but from a million on in millions: tiles are narrow."""
        if value is None or abs(value) < 1_000_000 or in_percent(unit) or unit in {"days", "points", "number"}:
            return self.value(value, unit)
        if is_money(unit):
            return self._narrow(format_compact_currency(value, unit, locale=self.locale, fraction_digits=2), unit)
        return _signed(format_compact_decimal(value, locale=self.locale, fraction_digits=2))

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Counts; averages below a hundred keep one decimal."""
        if value is None:
            return NOTHING
        if digits is None:
            digits = 0 if float(value).is_integer() or abs(value) >= 100 else 1
        return _signed(format_decimal(_rounded(value, digits), format=_pattern(digits), locale=self.locale))

    def percent(self, value: float, digits: int = 1, *, sign: bool = False) -> str:
        """0.123 → 12.3 %."""
        pattern = self.say("pattern_percent", number=_pattern(digits))
        return _signed(
            format_percent(_rounded(value, digits + 2), format=pattern, locale=self.locale), plus=sign and value > 0
        )

    def part(self, value: float) -> str:
        """Per cent, with as many digits as it takes to show that there is something."""
        return self.apart(0.0, value, "share")[1]

    def cell(self, share: float) -> str:
        """Per cent without the sign, for a grid of them."""
        return _signed(format_decimal(_rounded(share * 100, 0), format=_pattern(0), locale=self.locale))

    def short_number(self, amount: float) -> str:
        """An amount without its currency, for a grid of them: 84, 840, 8.4K."""
        if abs(amount) < 1000:
            return _signed(format_decimal(_rounded(amount, 0), format=_pattern(0), locale=self.locale))
        return _signed(format_compact_decimal(amount, locale=self.locale, fraction_digits=1))

    def points(self, value: float, digits: int = 1) -> str:
        """0.012 → +1.2 pt: a difference of two shares."""
        return self.say("points", number=self.in_points(value, digits))

    def in_points(self, value: float, digits: int = 1) -> str:
        """The same without the unit; what rounds to nothing has no sign."""
        rounded = _rounded(value * 100, digits)
        written = format_decimal(rounded, format=_pattern(digits), locale=self.locale)
        return _signed(written, plus=rounded > 0)

    def relative(self, value: float) -> str:
        """0.042 → +4.2 %; from 1,000 % on without decimals."""
        return self.percent(value, 1 if abs(value) < 10 else 0, sign=True)

    def interval(self, low: float | None, high: float | None, unit: str) -> str:
        """`29.8–32.6%`; the unit stands once where it follows the number. Only growth and points reach below zero."""
        if low is None or high is None:
            return NOTHING
        if unit in SIGNED:
            return self._signed_interval(low, high, unit)
        low, high = max(low, 0.0), max(high, 0.0)
        first = self.value(low, unit)
        if in_percent(unit) or unit == "days":
            scale = 100 if in_percent(unit) else 1
            first = _signed(format_decimal(_rounded(low * scale, 1), format=_pattern(1), locale=self.locale))
        return f"{first}–{self.value(high, unit)}"

    def _signed_interval(self, low: float, high: float, unit: str) -> str:
        """`−2.1 to +3.4%`: a dash beside a minus would be read as another."""
        scale = 1 if unit == "points" else 100
        bound = 100.0 if unit == "points" else inf
        low, high = max(low, -bound), min(high, bound)
        first = format_decimal(_rounded(low * scale, 1), format=_pattern(1), locale=self.locale)
        plus = unit == "growth" and low > 0
        return self.say("interval_signed", low=_signed(first, plus=plus), high=self.value(high, unit))

    def tick(self, value: float, unit: str, step: float) -> str:
        """The label of an axis: as short as the step between two allows, with as many decimals as it takes."""
        if in_percent(unit):
            return self.percent(value, _digits(step * 100))
        if unit == "number":
            return self.number(value, _digits(step))
        if unit in {"days", "points"} or step < 5000:
            digits = _digits(step)
            return _signed(format_decimal(_rounded(value, digits), format=_pattern(digits), locale=self.locale))
        thousands = 1000.0 ** max(int(log10(abs(value) or 1.0) / 3), 1)
        digits = max(_digits(step / thousands), 1)
        return _signed(format_compact_decimal(value, locale=self.locale, fraction_digits=digits))

    def _money(self, value: float, currency: str, digits: int | None = None) -> str:
        if digits is None:
            digits = 0 if abs(value) >= 1000 or value == 0 else get_currency_precision(currency)
        pattern = str(self.locale.currency_formats["standard"].pattern).replace("0.00", _pattern(digits)[4:])
        amount = _rounded(value, digits)
        written = format_currency(amount, currency, pattern, locale=self.locale, currency_digits=False)
        return self._narrow(written, currency)

    def _narrow(self, written: str, currency: str) -> str:
        """The currency's own symbol: a report has one currency, so `£GB` and `US$` say no more than `£` and `$`."""
        return _signed(written.replace(get_currency_symbol(currency, self.locale), get_currency_symbol(currency, "en")))

    # dates and periods

    def moment(self, instant: str | None, zone: str) -> str:
        """An ISO instant in the business time zone; null where the manifest does not say."""
        if not instant:
            return NOTHING
        local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
        return self.say("published_at", date=self.day(local.date()), time=self._time(local))

    def day(self, day: date) -> str:
        pattern = self.t["pattern_date_first" if day.day == 1 else "pattern_date"]
        return str(format_date(day, pattern, locale=self.locale))

    def _time(self, local: datetime) -> str:
        written = format_time(local.time(), self.t["pattern_time"], locale=self.locale)
        return str(written).replace(" ", "\xa0")

    def period(self, period: Period) -> str:
        """In words: January 2025, 1st quarter of 2025, 2025."""
        return self._period(period, "")

    def short(self, period: Period) -> str:
        """Jan 2025, Q1 2025, 2025; not broken over two lines."""
        return self._period(period, "_short").replace(" ", "\xa0")

    def _period(self, period: Period, length: str) -> str:
        if period.grain == "year":
            return f"{period.first.year}"
        return str(format_date(period.first, self.t[f"pattern_{period.grain}{length}"], locale=self.locale))

    def phrase(self, name: str, period: Period) -> str:
        """`in`, `than` or `with` a period, with the preposition its grain takes."""
        return self.say(f"{name}_{period.grain}", name=self.period(period))

    def duration(self, duration: str) -> str:
        """`14d` → 14 days."""
        number, unit = split_duration(duration)
        name, factor = _UNITS[unit]
        return str(format_unit(number * factor, name, locale=self.locale))


def _pattern(digits: int) -> str:
    return "#,##0." + "0" * digits if digits else "#,##0"


def _digits(step: float) -> int:
    """Decimals with which all multiples of the step are written in full, eight at most."""
    scaled = (round(float(step) * 10**digits, 4) for digits in range(8))
    return next((digits for digits, part in enumerate(scaled) if part >= 1 and part.is_integer()), 8)


def _rounded(value: float, digits: int) -> Decimal:
    """Half away from zero on the written number, as readers round; and never a negative zero."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return rounded or abs(rounded)


def _signed(written: str, *, plus: bool = False) -> str:
    return ("+" if plus else "") + str(written).replace("-", "−")
