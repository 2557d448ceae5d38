"""What a run may choose, as frozen models. No formula lives here: config selects, sets windows and thresholds.

Reading files and environment is in `config.loading`. Nothing here imports the rest of the project.
"""

import codecs
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, FiniteFloat, Tag, model_validator

from config.errors import did_you_mean
from config.words import (
    CANONICAL_COLUMNS,
    RESERVED,
    RESERVED_FORMS,
    Duration,
    Grain,
    Kind,
    Name,
    NoteText,
    PeriodText,
    Strings,
    Zone,
)


class Model(BaseModel):
    """Frozen; unknown keys are errors; lists become tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


S3 = "s3://"
SCHEMES = (S3, "file://")
CREDENTIALS = "Name of a Prefect block (AWS Credentials) for this address; without it, the AWS environment tells."


def _refuse_bad_address(uri: str, credentials: str | None, schemes: tuple[str, ...]) -> None:
    """Raises ValueError for what is no address of ours. Never shows a value that may be a secret."""
    if "://" in uri and not uri.startswith(schemes):
        raise ValueError(f"uri begins with {uri.split('://', 1)[0]}://. Expected a path, or s3://bucket/prefix.")
    if uri.startswith(S3):
        bucket, *parts = uri.removeprefix(S3).split("/")
        if "@" in bucket or ":" in bucket:
            raise ValueError(
                "uri holds credentials or a port before the bucket. Expected s3://bucket/prefix; keys and the "
                "service's address are in the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL."
            )
        if not bucket or {".", ".."} & set(parts):
            raise ValueError("uri names no bucket, or has a part '.' or '..'. Expected s3://bucket/prefix.")
    if credentials is not None and not uri.startswith(S3):
        raise ValueError("credentials is given, but uri is no s3:// address. Remove one, or correct the other.")
    if credentials is not None and not re.fullmatch(r"[a-z0-9-]+", credentials):
        raise ValueError(
            "credentials is no name of a Prefect block. Expected lower-case letters, digits and '-'; the keys "
            "themselves never go into this file."
        )


class Store(Model):
    uri: str = Field(min_length=1, description="A folder, relative to the config file, or s3://bucket/prefix.")
    credentials: str | None = Field(None, description=CREDENTIALS)

    @model_validator(mode="after")
    def _is_a_place(self) -> "Store":
        _refuse_bad_address(self.uri, self.credentials, SCHEMES[:1])
        if self.uri.startswith(S3) and set("*?[") & set(self.uri):
            raise ValueError("uri is a pattern; a store is one place, such as s3://bucket/prefix.")
        return self


class Periods(Model):
    timezone: Zone = Field(description="Business time zone: decides the day and the period of an event.")
    grain: Grain = Field("month", description="Length of the published periods.")
    history_complete: bool = Field(False, description="True when the data begin with the first customer.")


class Csv(Model):
    """How delimited text is written, where the file itself does not tell."""

    delimiter: str | None = Field(None, min_length=1, max_length=1, description="Default: what the header tells.")
    quote: str = Field('"', max_length=1, description="Stands around cells that hold the delimiter; empty: none does.")
    decimal: Literal[".", ","] = Field(".", description="With a comma, 1.234,50 and 49,9 are numbers.")
    encoding: str = Field("utf-8", description="Such as latin-1, cp1252 or utf-16; a byte order mark may stand before.")
    header: Strings = Field((), description="Names of the columns, where the first line is data already.")

    @model_validator(mode="after")
    def _can_be_read(self) -> "Csv":
        if self.encoding_name is None:
            raise ValueError(f'{self.encoding!r} is no known encoding. Usual are "utf-8", "cp1252" and "utf-16".')
        if self.delimiter is not None and self.delimiter in {self.quote, "\n", "\r"}:
            raise ValueError(f"delimiter = {self.delimiter!r} cannot stand between cells: it ends a line or quotes.")
        return self

    @property
    def encoding_name(self) -> str | None:
        """The one name Python has for an encoding; None where it is none of text."""
        try:
            "".encode(self.encoding)
        except LookupError:
            return None
        return codecs.lookup(self.encoding).name


class FillDown(Model):
    """Cells that are blank because the row before has them already, as in an order's second line."""

    within: str = Field(min_length=1, description="The column whose value rows that belong together share.")
    columns: Strings = Field(min_length=1, description="Columns whose blank cells take the value of the row before.")


READING = {"csv", "sheet", "json_columns", "pairs", "envelope", "rows", "fill_down", "epoch"}
"""Keys of a source that say how its files are written; they count only where they are given."""


class Source(Model):
    name: Name = Field(description="Names the source in files, messages and reports.")
    uri: str = Field(min_length=1, description="Path, glob or s3:// URI of the files.")
    credentials: str | None = Field(None, description=CREDENTIALS)
    format: Literal["parquet", "csv", "ndjson", "excel"] | None = Field(
        None, description="Only where the file name hides it."
    )
    csv: Csv | None = Field(None, description="How delimited text is written.")
    sheet: str | None = Field(None, min_length=1, description="The Excel sheet; needed where several hold rows.")
    json_columns: Strings = Field((), description="Text columns that hold JSON; `properties.amount` is a value in it.")
    pairs: Strings = Field((), description="Lists of key and value; `event_params.page_title` is the value of a key.")
    envelope: str | None = Field(
        None, min_length=1, description="The list of rows, in files that are one JSON object around it."
    )
    rows: str | None = Field(None, min_length=1, description="A list column; each of its elements becomes a row.")
    fill_down: FillDown | None = Field(None, description="Cells left blank where they repeat those of the row before.")
    epoch: Literal["s", "ms", "us"] | None = Field(None, description="What numbers count since 1970 in instants.")
    optional: Strings = Field((), description="Columns, and what lies in them, that no file needs to have.")
    preset: str | None = Field(None, description="The system whose export it is: fills in the columns.")
    timezone: Zone | None = Field(None, description="Zone of timestamps that carry none; default: the business zone.")
    where: str | None = Field(None, description="Row filter (Polars SQL); what it leaves out is counted as filtered.")
    on_missing: Literal["keep", "withdraw"] = Field("keep", description="What becomes of events whose file is gone.")
    columns: dict[str, str] = Field(
        default_factory=dict, description="Canonical column → Polars SQL over the file's columns."
    )
    kinds: dict[Kind, Strings] = Field(default_factory=dict, description="Kind → the source's own event names.")

    @property
    def decimal(self) -> str:
        """The mark before the decimals of numbers in text."""
        return self.csv.decimal if self.csv else "."

    @property
    def reading(self) -> dict[str, Any]:
        """The keys that say how files are read, where given, ready for JSON."""
        given = self.model_dump(mode="json", include=READING, exclude_defaults=True)
        return {key: one for key, one in sorted(given.items()) if one}

    @model_validator(mode="after")
    def _is_a_place(self) -> "Source":
        _refuse_bad_address(self.uri, self.credentials, SCHEMES)
        return self

    @model_validator(mode="after")
    def _names_are_mapped_once(self) -> "Source":
        if not self.kinds and "kind" not in self.columns:
            left = f" The preset {self.preset!r} leaves that to you, under [sources.kinds]." if self.preset else ""
            raise ValueError(f"neither columns.kind nor kinds is given: say which kind of event a row is.{left}")
        if self.kinds and not {"name", "kind"} & set(self.columns):
            raise ValueError("kinds maps event names, so columns.name must say which column holds the event name.")
        if "occurred_at" not in self.columns:
            raise ValueError("columns.occurred_at is missing: say which column holds when the event happened.")
        is_spend = set(self.kinds) == {"spend"} or (not self.kinds and self.columns["kind"].strip() == "'spend'")
        if not {"customer_id", "anonymous_id"} & set(self.columns) and not is_spend:
            raise ValueError("neither columns.customer_id nor columns.anonymous_id is given: say whose event it is.")
        names = [name for group in self.kinds.values() for name in group]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"kinds maps {twice[0]!r} to two kinds.")
        return self


class Segments(Model):
    dimensions: Strings = Field((), description="Columns of the mapping to split every figure by.")
    max_levels: int = Field(50, ge=1, description="Levels kept per dimension; the rest is 'other'.")

    @model_validator(mode="after")
    def _dimensions_are_free_names(self) -> "Segments":
        for name in self.dimensions:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"dimension {name!r} must be a name of lower-case letters, digits and '_'.")
            if name in RESERVED or RESERVED_FORMS.search(name):
                raise ValueError(f"dimension {name!r} is a word lifecycle uses itself. Call it 'customer_{name}', say.")
        if len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError("a dimension is listed twice.")
        return self


class Condition(Model):
    """Events of one kind that must have happened: `count` of them, on at least `distinct_days` days."""

    kind: Kind
    where: str | None = Field(None, description="Polars SQL over the canonical columns.")
    count: int = Field(1, ge=1)
    distinct_days: int = Field(1, ge=1)


class Group(Model):
    """Conditions nested one level inside the activation rule."""

    any: tuple[Condition, ...] | None = None
    all: tuple[Condition, ...] | None = None
    sequence: tuple[Condition, ...] | None = None

    @model_validator(mode="after")
    def _one_combination(self) -> "Group":
        _exactly_one(self)
        return self


def _branch(value: object) -> str:
    """Tells a condition from a group, so that a mistake is reported for the one that was meant."""
    keys = value if isinstance(value, dict) else vars(value)
    return "Group" if any(keys.get(name) for name in ("any", "all", "sequence")) else "Condition"


Part = Annotated[
    Annotated[Condition, Tag("Condition")] | Annotated[Group, Tag("Group")],
    Discriminator(_branch),
]


class Activation(Model):
    since: Literal["signup", "first_event"] = Field("signup", description="What starts the clock.")
    within: Duration = Field(description="How long after it activation counts.")
    any: tuple[Part, ...] | None = None
    all: tuple[Part, ...] | None = None
    sequence: tuple[Part, ...] | None = None

    @model_validator(mode="after")
    def _one_combination(self) -> "Activation":
        _exactly_one(self)
        return self


def _exactly_one(rule: Group | Activation) -> None:
    given = [name for name in ("any", "all", "sequence") if getattr(rule, name)]
    if len(given) != 1:
        raise ValueError(
            f"give exactly one of any, all, sequence with at least one condition; found {given or 'none'}."
        )


class Activity(Model):
    kinds: tuple[Kind, ...] = Field(("visit", "signup", "use", "purchase"), min_length=1)
    inactive_after: Duration = Field("1mo", description="Calendar duration without activity after which one is lost.")


class Churn(Model):
    basis: Literal["activity", "subscription"] = "activity"


class Validation(Model):
    max_rejected: float = Field(0.01, ge=0, le=1, description="Share of a file's rows that may be quarantined.")


class Drift(Model):
    """What of a source's sudden changes, against the up to six periods before, is told, and what stops publication."""

    rows: float = Field(3.0, ge=1, description="Told: this many times more or fewer events than usual.")
    max_rows: float = Field(10.0, ge=1, description="Stops: this many times more or fewer, or none. inf: never.")
    nulls: float = Field(0.1, ge=0, le=1, description="Told: a share of empty values this much higher or lower.")
    max_nulls: float = Field(0.5, ge=0, le=1, description="Stops: a share of empty values this much higher. 1: never.")
    min_rows: int = Field(20, ge=0, description="Fewer events, now and before, are too few to judge.")
    stop_on: tuple[Literal["new_columns", "vanished_columns", "new_names"], ...] = Field(
        (), description="What stops publication, too; otherwise it is told."
    )
    accept: tuple[PeriodText, ...] = Field((), description="Periods that are right as they are.")


class Exclude(Model):
    customers: Strings = Field((), description="Ids of internal and test accounts; '*' stands for any characters.")


class Report(Model):
    languages: tuple[Literal["en", "fr"], ...] = Field(("en", "fr"), min_length=1)
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of all amounts.")


class Conversion(Model):
    kinds: tuple[Kind, ...] = Field(("purchase", "subscribe"), description="Events that count as a conversion.")

    @model_validator(mode="after")
    def _kinds_are_acts_of_customers(self) -> "Conversion":
        if not self.kinds:
            raise ValueError("kinds is empty: name at least one kind of event that counts as a conversion.")
        if "spend" in self.kinds:
            raise ValueError("kinds holds 'spend', which is the act of no customer and cannot be a conversion.")
        return self


class Loyalty(Model):
    orders: int = Field(2, ge=1)


class Clv(Model):
    gross_margin: float = Field(1.0, ge=0, le=1)


class Surveys(Model):
    nps_bands: tuple[tuple[int, int], tuple[int, int]] = Field(
        ((0, 6), (9, 10)), description="Scores of detractors and of promoters, both ends included, within 0 to 10."
    )
    csat_scale: tuple[int, int] = Field((1, 5), description="Lowest and highest satisfaction score.")
    csat_satisfied_from: int = Field(4, description="The lowest score that counts as satisfied.")

    @model_validator(mode="after")
    def _bands_lie_on_their_scale(self) -> "Surveys":
        for low, high in self.nps_bands:
            if not 0 <= low <= high <= 10:
                raise ValueError(f"nps_bands holds [{low}, {high}]; expected [lowest, highest] within 0 to 10.")
        (_, detractors), (promoters, _) = self.nps_bands
        if detractors >= promoters:
            raise ValueError(
                f"nps_bands: detractors end at {detractors} and promoters begin at {promoters}; "
                "the detractors come first, and the bands must not overlap."
            )
        lowest, highest = self.csat_scale
        if lowest >= highest:
            raise ValueError(f"csat_scale is [{lowest}, {highest}]; expected [lowest, highest].")
        if not lowest <= self.csat_satisfied_from <= highest:
            raise ValueError(
                f"csat_satisfied_from is {self.csat_satisfied_from}, outside the csat_scale {lowest} to {highest}."
            )
        return self


class Identity(Model):
    lookback: Duration = "90d"


class Schedule(Model):
    cron: str = "0 6 1 * *"


NoticeKind = Literal["failure", "publication", "restatement", "alert"]


class Notify(Model):
    """What people are told. Whom is in the environment alone, for an address holds its password."""

    on: tuple[NoticeKind, ...] = Field(
        ("failure", "publication", "restatement", "alert"), description="What is worth a message."
    )
    urls_from: str = Field("LIFECYCLE_NOTIFY_URLS", description="The environment variable with the addresses.")

    @model_validator(mode="before")
    @classmethod
    def _holds_no_addresses(cls, given: object) -> object:
        if isinstance(given, dict) and (wrong := sorted({"url", "urls"} & given.keys())):
            raise ValueError(
                f"{wrong[0]} is no key: addresses hold passwords, which never go into this file. Put them into the "
                "environment variable LIFECYCLE_NOTIFY_URLS, or into another one and name it in urls_from."
            )
        return given

    @model_validator(mode="after")
    def _names_a_variable(self) -> "Notify":
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.urls_from):
            raise ValueError(
                "urls_from does not name an environment variable. Expected a name such as LIFECYCLE_NOTIFY_URLS; the "
                "addresses hold passwords, so they stand in that variable and never in this file."
            )
        return self


class Run(Model):
    shards: int = Field(1, ge=1, le=64, description="Parts a month's people are split into, so that each fits memory.")


class Benchmark(Model):
    """Thresholds a figure is judged by: better than `healthy` is well, worse than `alert` is not.

    In the figure's own unit: a share is written 0.05. Shares with a period basis compound; see `tasks.kpis.verdicts`.
    """

    healthy: FiniteFloat | None = Field(None, description="The figure is well on the better side of it.")
    alert: FiniteFloat | None = Field(None, description="The figure raises an alert on the worse side of it.")
    better: Literal["up", "down"] = Field(description="Whether more or less of the figure is better.")
    basis: Literal["month", "quarter", "year", "any"] = Field(
        "any", description="Length of period the thresholds are for; other lengths are converted. any: no conversion."
    )
    source: str = Field("your own", min_length=1, max_length=200, description="Where the thresholds come from.")

    @model_validator(mode="after")
    def _thresholds_agree(self) -> "Benchmark":
        if self.healthy is None and self.alert is None:
            raise ValueError("neither healthy nor alert is given: at least one threshold is needed.")
        if self.healthy is not None and self.alert is not None:
            self._refuse_wrong_order(self.healthy, self.alert)
        for name in ("healthy", "alert"):
            threshold = getattr(self, name)
            if self.basis != "any" and threshold is not None and not 0 <= threshold <= 1:
                raise ValueError(
                    f"{name} = {threshold:g} is not between 0 and 1. Thresholds for a {self.basis} are shares: 5 % is "
                    '0.05. For other figures give basis = "any".'
                )
        return self

    def _refuse_wrong_order(self, healthy: float, alert: float) -> None:
        side = "above" if self.better == "down" else "below"
        if healthy != alert and (healthy > alert) == (self.better == "down"):
            raise ValueError(
                f'healthy = {healthy:g} lies {side} alert = {alert:g}, but better is "{self.better}". Where a key is '
                "left out, the one of config/benchmarks.toml stands."
            )


class Note(Model):
    """What happened in a period, shown on the trend charts."""

    period: PeriodText = Field(description="A month, quarter or year: 2025-01, 2025-Q1 or 2025.")
    text: NoteText = Field(description="One sentence for the reader, at most 200 characters.")


NOT_IN_FIGURES = {
    *("base", "store", "schedule", "run", "validation", "drift", "report.languages"),
    *("benchmarks", "targets", "notes", "notify"),
}
"""Keys no figure depends on: where and when a run happens, whom it tells, what figures are compared with."""


def _flat(prefix: str, value: object, skipped: set[str]) -> Iterator[tuple[str, str]]:
    """Each value as a short hash: SQL may name customers, and manifests are published."""
    if prefix in skipped or prefix.endswith((".uri", ".credentials", ".on_missing")):
        return
    if prefix == "exclude.customers" and isinstance(value, list):
        yield prefix, str(len(value))  # a hash of a short list could be guessed
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, below, skipped)
    elif prefix == "sources" and isinstance(value, list):
        for source in value:
            told = {key: one for key, one in source.items() if key != "optional" and (one or key not in READING)}
            yield from _flat(f"sources.{source['name']}", told, skipped)
    else:
        yield prefix, sha256(repr(value).encode()).hexdigest()[:16]


class Config(Model):
    """The whole config. `base` is the folder relative paths start from; it is no key of the file."""

    base: str = Field(exclude=True)
    store: Store
    periods: Periods
    sources: tuple[Source, ...] = Field(min_length=1)
    segments: Segments = Segments()
    activation: Activation | None = None
    activity: Activity = Activity()
    churn: Churn = Churn()
    validation: Validation = Validation()
    drift: Drift = Drift()
    exclude: Exclude = Exclude()
    report: Report = Report()
    conversion: Conversion = Conversion()
    loyalty: Loyalty = Loyalty()
    clv: Clv = Clv()
    surveys: Surveys = Surveys()
    identity: Identity = Identity()
    schedule: Schedule = Schedule()
    notify: Notify = Notify()
    run: Run = Run()
    benchmarks: dict[str, Benchmark] = Field(default_factory=dict, description="KPI → thresholds, over the shipped.")
    targets: dict[str, FiniteFloat] = Field(default_factory=dict, description="KPI → the value aimed at.")
    notes: tuple[Note, ...] = Field((), description="What happened when, for the trend charts.")

    @property
    def store_uri(self) -> str:
        """Where the store is; relative paths start at the config file."""
        if self.store.uri.startswith(S3):
            return self.store.uri.rstrip("/")
        return str(Path(self.base, self.store.uri).resolve())

    def flat(self) -> dict[str, str]:
        """A hash of every value that figures depend on, by its key: to tell which keys changed."""
        return dict(sorted(_flat("", self.model_dump(mode="json"), NOT_IN_FIGURES)))

    @model_validator(mode="after")
    def _sources_fit_together(self) -> "Config":
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are named {twice[0]!r}; names must differ.")
        known = {*CANONICAL_COLUMNS, *self.segments.dimensions}
        for source in self.sources:
            for column in source.columns:
                if column not in known:
                    hint = did_you_mean(column, known)
                    raise ValueError(
                        f"source {source.name!r}: columns.{column} is no canonical column. {hint} "
                        "To split figures by it, list it in segments.dimensions."
                    )
        return self

    @model_validator(mode="after")
    def _subscriptions_have_amounts(self) -> "Config":
        mapped = any("amount" in source.columns for source in self.sources)
        if self.churn.basis == "subscription" and not mapped:
            raise ValueError(
                'churn.basis is "subscription", and one lasts while its amount is above 0, but no source maps '
                'columns.amount. Map it; amount = "1" counts subscriptions where the amounts are not known.'
            )
        return self
