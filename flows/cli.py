"""The command line: words for people around the flows. Nothing is computed here.

Mistakes in the config or the period are told before Prefect starts. Exit code 2 for a user's mistake, 1 for a failed
run; no traceback unless LIFECYCLE_DEBUG is set.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import config as configuration
from config.errors import LifecycleError, UnforeseenError, UserError
from config.models import Config
from flows import check, credentials, init, questions, runtime
from flows.progress import console, output
from flows.questions import DEFAULT, ConfigFile

runtime.configure()

app = typer.Typer(
    help="From raw customer events to published monthly activation, churn and retention figures.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
set_aside = typer.Typer(help="The rows that were set aside: list them, or put them back through.", no_args_is_help=True)
Only = Literal["missing", "stale", "all"]
DEMO = Path("demo")
DEMO_PERIODS = ("2024-01", "2025-06")


def main() -> None:
    """The console command. Shows errors as sentences."""
    asked = _signals()
    code = None
    try:
        code = app(standalone_mode=False)
    except UnforeseenError as error:
        _fail_unexpectedly(error.__cause__ or error)
    except LifecycleError as error:
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001  the last resort: a sentence instead of a traceback
        if not asked:
            _fail_unexpectedly(error)
    if asked or code == 128 + signal.SIGINT:
        console.print("Stopped. What was finished is kept; run the same command again to go on.")
        code = 128 + (asked or [signal.SIGINT])[0]
    if code:
        sys.exit(code)


def _signals() -> list[int]:
    """The signals to end that have come so far. They unwind, and so stop what was started; libraries may wrap what
    unwinds into an error of their own, so they are remembered too.
    """
    asked: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    return asked


def _fail_unexpectedly(error: BaseException) -> NoReturn:
    if os.environ.get("LIFECYCLE_DEBUG"):
        raise error
    if hasattr(error, "format_message"):  # a misspelt option or command
        _fail(error.format_message(), UserError.exit_code)
    _fail(
        f"The run failed unexpectedly: {type(error).__name__}: {error}\n"
        "Nothing half-finished was published; running again is safe. Set LIFECYCLE_DEBUG=1 to see the details.",
        LifecycleError.exit_code,
    )


def _fail(message: str, code: int) -> NoReturn:
    console.print(Text("Error: ", style="bold red") + Text(message, style="default"))
    sys.exit(code)


@app.command()
def demo(config: ConfigFile = DEFAULT) -> None:
    """Simulate a company, backfill its 18 months, say where the report is."""
    configuration.load(config)
    from tasks.demo import simulate

    with console.status("Simulating a company: 18 months of events"):
        truth = simulate(DEMO)
    console.print(f"Simulated {truth.events:,} events of {DEMO_PERIODS[0]} to {DEMO_PERIODS[1]} in {DEMO}/raw.")
    _backfill(config, *DEMO_PERIODS, "all")


@app.command()
def run(
    period: Annotated[str | None, typer.Argument(help="Such as 2025-01; default: the last complete one.")] = None,
    config: ConfigFile = DEFAULT,
    force: Annotated[bool, typer.Option(help="Build the period's tables again even if the store has them.")] = False,
) -> None:
    """Publish one period."""
    chosen = credentials.load(config)
    _look_before_start(chosen, [period] if period else [])
    with _prefect():
        from flows.monthly import monthly
        from flows.runs import said_of

        [published] = monthly(period, str(config), force)
    if published.is_new:
        console.print(said_of(published))
    else:
        console.print(f"{published.period} is up to date (revision {published.revision}). Nothing to do.")
    _show_report(chosen, published.period)


@app.command()
def backfill(
    first: Annotated[str, typer.Argument(help="The first period, such as 2024-01.")],
    last: Annotated[str, typer.Argument(help="The last period, such as 2025-06.")],
    config: ConfigFile = DEFAULT,
    only: Annotated[Only, typer.Option(help="missing, stale, or all: both of them.")] = "all",
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be computed, and why.")] = False,
) -> None:
    """Publish every period from FIRST to LAST that is missing or stale."""
    if plan:
        _look_ahead(config, first, last, only)
        return
    _backfill(config, first, last, only)


def _backfill(config: Path, first: str, last: str, only: Only) -> None:
    chosen = credentials.load(config)
    _look_before_start(chosen, [first, last])
    with _prefect():
        from flows.backfill import backfill as flow
        from flows.runs import said_of

        published = flow(first, last, only, str(config))
    new = [one for one in published if one.is_new]
    for one in new:
        console.print(said_of(one))
    if not new:
        nothing = f"All {len(published)} periods are up to date" if published else f"No period is {only}"
        console.print(f"{nothing}. Nothing to do.")
    if published:
        _show_report(chosen, published[-1].period)


def _look_ahead(config: Path, first: str, last: str, only: Only) -> None:
    from flows import outlook

    chosen = credentials.load(config)
    _look_before_start(chosen, [first, last])
    outlook.show(outlook.look_ahead(chosen, first, last, only))


def _look_before_start(chosen: Config, periods: list[str]) -> None:
    """Finds, in a moment, mistakes that would otherwise show up after Prefect's start."""
    from flows import plan
    from tasks.clock import Period
    from tasks.objects.addresses import is_remote
    from tasks.sources import files

    plan.refuse_bad_activation(chosen)
    plan.refuse_unknown_kpis(chosen)

    for period in periods:
        Period.parse(period, chosen.periods.grain)
    for source in chosen.sources:
        if not is_remote(source.uri):  # what lies in a bucket is listed once, by the run
            files.find(source, chosen.base)


@contextmanager
def _prefect() -> Iterator[None]:
    """A Prefect server to report to; says what takes the seconds before anything else happens."""
    console.print("Starting Prefect (a few seconds) ...", style="dim")
    from flows import server

    with server.available():
        yield


def _show_report(chosen: Config, period: str) -> None:
    from tasks.store import latest_folder

    folder = f"{chosen.store_uri}/{latest_folder(period)}"
    for language in chosen.report.languages:
        console.print("Report: ", Text(f"{folder}/report.{language}.html"), soft_wrap=True)


@app.command()
def serve(
    config: ConfigFile = DEFAULT,
    host: Annotated[
        str, typer.Option(help="Where to listen; other machines reach it only where you say so.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Of Prefect's pages and API.", min=1, max=65535)] = 4200,
) -> None:
    """Run Prefect with its pages, the schedule and all runs on this machine, until Ctrl-C."""
    chosen = configuration.load(config)
    console.print("Starting Prefect (a few seconds) ...", style="dim")
    from flows import serve as serving

    serving.serve(chosen, config, host, port)


@app.command()
def status(config: ConfigFile = DEFAULT) -> None:
    """A row per period: revision, published at, rejected rows, sudden changes of its data, whether it is stale."""
    from flows.status import other_periods, standings
    from tasks.report.causes import causes
    from tasks.report.formats import Formats

    in_words = Formats("en")
    chosen = credentials.load(config)
    found = standings(chosen)
    if not found:
        others = other_periods(chosen)
        said = f"Nothing is published by {chosen.periods.grain} yet" if others else "Nothing is published yet"
        there = f" (there is {others[0]} to {others[-1]}, of another periods.grain)" if others else ""
        output.print(f"{said}{there}. Start with `lifecycle run` or `lifecycle backfill FIRST LAST`.", soft_wrap=True)
        return
    zone = ZoneInfo(chosen.periods.timezone)
    table = Table(
        "Period", "Revision", "Published at", "Quarantined rows", "Sudden changes", "State", box=None, pad_edge=False
    )
    for one in found:
        why = "; ".join(causes(one.because, in_words))
        state = Text(f"{one.state}: {why}" if why else one.state)
        published_at = f"{datetime.fromisoformat(one.published_at).astimezone(zone):%Y-%m-%d %H:%M}"
        table.add_row(one.period, str(one.revision), published_at, f"{one.quarantined:,}", str(one.drift or "–"), state)
    output.print(table)


@set_aside.command("list")
def list_quarantined(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    config: ConfigFile = DEFAULT,
) -> None:
    """Show how many rows of which source and period broke which rule, and where the first of them is."""
    from flows import quarantine

    quarantine.show(credentials.load(config), source)


@set_aside.command("replay")
def replay_quarantined(config: ConfigFile = DEFAULT) -> None:
    """Put the quarantined rows back through the config as it is now, and restate the periods that change."""
    from flows import quarantine

    chosen = credentials.load(config)
    _look_before_start(chosen, [])
    quarantine.replay(chosen, config)


@app.command()
def kpis(
    config: ConfigFile = DEFAULT,
    language: Annotated[Literal["en", "fr"], typer.Option(help="Of labels and formulas.")] = "en",
    markdown: Annotated[bool, typer.Option("--markdown", help="As a page, as in docs/.")] = False,
) -> None:
    """The catalogue: what each figure means, its unit and where the definition comes from."""
    from tasks.kpis import CATALOGUE
    from tasks.report import catalogue

    # The catalogue stands without a config; one that is named must be there, and tells currency and thresholds.
    chosen = configuration.load(config) if config != DEFAULT or config.exists() else None
    benchmarks = chosen.benchmarks if chosen else configuration.shipped_benchmarks()
    if markdown:
        print(catalogue.markdown(CATALOGUE, benchmarks, language), end="")  # noqa: T201 -- a file, not a screen
        return
    for entry in catalogue.entries(CATALOGUE, benchmarks, language, chosen.report.currency if chosen else None):
        output.print(Text(entry.name, style="bold"), Text(entry.label), sep="  ")
        output.print(Padding(Text(entry.formula), (0, 0, 0, 4)))
        for name in catalogue.LABELLED:
            output.print(Padding(Text(catalogue.told(name, entry.facts[name], language), "dim"), (0, 0, 0, 4)))
        output.print()


app.command()(init.init)
app.command()(check.check)
app.command()(questions.explain)
app.command()(questions.diff)
app.command()(questions.prune)
app.add_typer(set_aside, name="quarantine")

if __name__ == "__main__":
    main()
