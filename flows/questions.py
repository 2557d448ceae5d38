"""The commands about what is there already: explain, diff, prune. They build nothing and start no Prefect."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from config.errors import UserError
from flows import credentials
from flows.progress import console, output

if TYPE_CHECKING:
    from tasks.report.explained import Explained

DEFAULT = Path("config/lifecycle.toml")
ConfigFile = Annotated[Path, typer.Option("--config", help="The config file.")]
PeriodName = Annotated[str, typer.Argument(help="The period, such as 2025-01.")]


def explain(
    kpi: Annotated[str, typer.Argument(help="The figure's name, as `lifecycle kpis` lists them.")],
    period: PeriodName,
    segment: Annotated[str | None, typer.Option(help="One level of a dimension, such as country=FR.")] = None,
    customers: Annotated[
        Path | None, typer.Option(help="A .csv or .parquet file to write the customers behind the figure to.")
    ] = None,
    config: ConfigFile = DEFAULT,
) -> None:
    """Say where a figure comes from: meaning, parts, interval, files, why it moved; and list its customers."""
    from flows import explain as explaining

    chosen = credentials.load(config)
    found = explaining.explain(chosen, kpi, period, segment)
    listed = explaining.list_customers(chosen, kpi, period, segment, customers) if customers else None
    _show(found, kpi)
    if listed:
        said = f"{customers}: {listed.rows:,} rows, which add up to the published {listed.sums}."
        console.print(Text(said), soft_wrap=True)


def _show(found: "Explained", kpi: str) -> None:
    output.print(Text(found.title, style="bold"), Text(kpi, style="dim"), sep="  ")
    output.print(Padding(Text(found.formula), (0, 0, 1, 0)))
    facts = Table(box=None, pad_edge=False, show_header=False)
    before = ""
    for label, said in found.facts:
        facts.add_row(Text("" if label == before else label, style="dim"), Text(said))
        before = label
    output.print(facts)
    for one in found.tables:
        output.print()
        output.print(Text(one.title, style="bold"), Text(one.sentence), sep=": ")
        split = Table("Group", "Part of base", "Its rate", "Own rate", "Mix", "Both", box=None, pad_edge=False)
        for row in (*one.rows, one.total):
            split.add_row(*(Text(cell) for cell in (row.level, row.share, row.value, row.rate, row.mix, row.total)))
        output.print(split)


def diff(
    period: PeriodName,
    old: Annotated[int | None, typer.Option("--from", help="A revision; default: the one before.")] = None,
    new: Annotated[int | None, typer.Option("--to", help="A later revision; default: the newest.")] = None,
    config: ConfigFile = DEFAULT,
) -> None:
    """Show the figures that differ between two revisions of a period, and why."""
    from flows.diff import diff as compare

    first, last, found = compare(credentials.load(config), period, old, new)
    output.print(Text(f"{period}: revision {first} → {last}", style="bold"))
    for step in found.steps:
        why = "; ".join(step.because) or "no reason is recorded"
        output.print(Text(f"Revision {step.revision}, published {step.published}: {why}"))
    output.print()
    if found.figures:
        names = Column("Figure", no_wrap=True)  # what one may ask `explain` for
        table = Table(names, "Segment", "Value", "Numerator", "Denominator", box=None, pad_edge=False)
        for one in found.figures:
            table.add_row(*(Text(cell) for cell in (one.kpi, one.place, one.value, one.numerator, one.denominator)))
        output.print(table)
    else:
        output.print("No value, numerator or denominator differs.")
    if found.others:
        output.print(f"Other content differs in: {', '.join(found.others)}.")


def prune(
    keep: Annotated[int, typer.Option(min=1, help="How many revisions of each period keep what they were made from.")],
    revisions: Annotated[bool, typer.Option("--revisions", help="Remove the revisions before those, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Remove what nothing in the store refers to any more and is older than a day."""
    from flows import prune as pruning

    chosen = credentials.load(config)
    found = pruning.unneeded(chosen, keep, revisions=revisions)
    if not found.entries:
        output.print("Everything in the store is needed, or less than a day old. Nothing to remove.")
        return
    for place, number, size in found.by_place():
        output.print(f"{place}: {number:,} files, {decimal(size)}")
    said = f"{len(found.entries):,} files, {decimal(found.size)}"
    if not yes and not sys.stdin.isatty():
        raise UserError(f"Nobody is there to confirm that {said} may be removed. Say so with --yes.")
    if yes or typer.confirm(f"Remove {said}?", err=True):
        pruning.remove(chosen, found)
        output.print(f"Removed {said}.")
