"""The commands that ask about what is published: explain. They build nothing and start no Prefect."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import config as configuration
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

    chosen = configuration.load(config)
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
