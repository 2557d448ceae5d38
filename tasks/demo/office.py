"""How the files look that Atelier's departments keep beside the product's own systems.

Here: the columns and texts of the surveys, the ledger, the campaigns and the marketing spend. Not here: the product's
systems and the writing of files (`files`), what is in them (`surveys`, `ledger`, `marketing`), and how much goes wrong
(`mess`): little, for people look after these files.
"""

import numpy as np
import polars as pl

from tasks.demo.ledger import LEDGER_TYPES
from tasks.demo.marketing import CHANNELS
from tasks.demo.mess import Flaw
from tasks.demo.simulation import Company
from tasks.demo.surveys import QUESTIONS
from tasks.demo.system import COUNTRY_NAMES, FIRST_USER_ID, System, as_csv, countries, ids, money, named, plans
from tasks.demo.timeline import ZONE, Ints, instants

ANSWER = "answer "
"""The blank is in the header of the survey tool's export."""
SURVEY_COLUMNS = ("answer_id", "customer", "answered_on", "question", ANSWER, "country", "plan")
LEDGER_COLUMNS = ("entry_id", "customer", "type", "booked_on", "amount", "currency", "invoice", "country", "plan")
CAMPAIGN_COLUMNS = ("id", "campaign", "user", "sent_at")
SPEND_COLUMNS = ("day", "channel", "country", "amount")


def _survey_rows(_: np.random.Generator, company: Company) -> pl.DataFrame:
    customer, wall, question = (company.answers[name].to_numpy() for name in ("customer", "wall", "question"))
    return pl.DataFrame(
        {
            "answer_id": ids("s", len(wall)),
            "customer": customer + FIRST_USER_ID,
            "answered_on": _days(wall, "%d/%m/%Y"),
            "question": named(tuple(each.name for each in QUESTIONS), question),
            ANSWER: company.answers["answer"].cast(pl.String),
            "country": countries(company, customer),
            "plan": plans(company, customer, wall),
            "wall": wall,
        }
    )


def _ledger_rows(_: np.random.Generator, company: Company) -> pl.DataFrame:
    customer, wall = (company.ledger[name].to_numpy() for name in ("customer", "wall"))
    return company.ledger.select(
        ids("l", len(wall)).alias("entry_id"),
        pl.col("customer") + FIRST_USER_ID,
        type=named(LEDGER_TYPES, company.ledger["type"].to_numpy()),
        booked_on=_days(wall, "%Y-%m-%d"),
        amount=money(pl.col("cents")),
        currency=pl.lit("EUR"),
        invoice=pl.format("I-{}", (pl.col("invoice") + 1).cast(pl.String).str.zfill(6)),
        country=countries(company, customer),
        plan=plans(company, customer, wall),
        wall="wall",
    )


def _campaign_rows(_: np.random.Generator, company: Company) -> pl.DataFrame:
    sent_at = instants(company.targets["wall"].to_numpy())
    campaigns = tuple(f"first-steps-{month}" for month in company.time.names)
    return company.targets.select(
        id=ids("c", len(sent_at)),
        campaign=named(campaigns, company.targets["month"].to_numpy()),
        user=pl.col("customer") + FIRST_USER_ID,
        sent_at=sent_at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        wall="wall",
    )


def _spend_rows(_: np.random.Generator, company: Company) -> pl.DataFrame:
    return company.spend.select(
        day=_days(company.spend["wall"].to_numpy(), "%Y-%m-%d"),
        channel=named(tuple(channel.name for channel in CHANNELS), company.spend["channel"].to_numpy()),
        country=named(COUNTRY_NAMES, company.spend["country"].to_numpy()),
        amount=money(pl.col("cents")),
        wall="wall",
    )


def _days(wall: Ints, form: str) -> pl.Series:
    return instants(wall).dt.convert_time_zone(ZONE).dt.strftime(form)


def _ndjson(rows: pl.DataFrame) -> bytes:
    return rows.write_ndjson().encode()


SURVEYS = System(
    name="surveys",
    key="answer_id",
    file_name="raw/surveys/surveys-{}.csv",
    columns=SURVEY_COLUMNS,
    good_rows=_survey_rows,
    flaws=(Flaw("quarantined", "answer not a number", {ANSWER: pl.lit("n/a")}),),
    encode=as_csv,
)
LEDGER = System(
    name="ledger",
    key="entry_id",
    file_name="raw/ledger/ledger-{}.csv",
    columns=LEDGER_COLUMNS,
    good_rows=_ledger_rows,
    flaws=(),
    encode=as_csv,
)
CAMPAIGNS = System(
    name="campaigns",
    key="id",
    file_name="raw/campaigns/campaigns-{}.ndjson",
    columns=CAMPAIGN_COLUMNS,
    good_rows=_campaign_rows,
    flaws=(),
    encode=_ndjson,
)
SPEND = System(
    name="spend",
    key=None,
    file_name="raw/spend/spend-{}.csv",
    columns=SPEND_COLUMNS,
    good_rows=_spend_rows,
    flaws=(),
    encode=as_csv,
)
