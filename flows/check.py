"""`lifecycle check`: a config and a sample of its sources, before anything runs. Reads only; no store, no Prefect."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.filesize import decimal
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from config.errors import InputError
from config.models import Config
from flows import credentials, plan
from flows.progress import console, output
from flows.questions import DEFAULT, ConfigFile
from tasks.inspection.checked import Broken, Sampled, SourceCheck, Yield
from tasks.inspection.checked import check as looked_at
from tasks.inspection.needs import Missing, missing

ROWS = 50_000
MOST_NAMES = 12
WITHIN = (0, 0, 0, 2)


@dataclass(frozen=True)
class Checked:
    """What a config makes of a sample of its sources."""

    config: Config
    sources: tuple[SourceCheck, ...]

    @property
    def is_whole(self) -> bool:
        return all(one.is_whole for one in self.sources)

    @property
    def kinds(self) -> set[str]:
        return {kind for one in self.sources for kind in one.kinds}

    @property
    def missing(self) -> list[Missing]:
        return missing(self.config, self.kinds)

    @property
    def problems(self) -> list[str]:
        """What would stop a run; each names its source."""
        named = ((one, problem) for one in self.sources for problem in one.problems)
        return [text if (begin := f"source {one.name!r}") in text else f"{begin}: {text}" for one, text in named]


def check(
    config: ConfigFile = DEFAULT,
    rows: Annotated[int, typer.Option(min=1, help="How many rows to read of a file.")] = ROWS,
) -> None:
    """Show what the config makes of a sample of each source, without running: nothing is written."""
    found = checked(credentials.load(config), rows)
    show(found)
    if found.problems:
        listed = "\n".join(f"  - {problem}" for problem in found.problems)
        raise InputError(f"A run would stop:\n{listed}")
    output.print(Text("Nothing that was looked at would stop a run.", style="green"))


def checked(chosen: Config, rows: int) -> Checked:
    """Looks at every source of a config.

    Raises:
        ConfigError: the config contradicts itself or the catalogue.
    """
    plan.refuse_bad_activation(chosen)
    plan.refuse_unknown_kpis(chosen)
    with tempfile.TemporaryDirectory(prefix="lifecycle-check-") as staging:
        return Checked(chosen, tuple(_look(chosen, position, rows, Path(staging)) for position in _positions(chosen)))


def _positions(chosen: Config) -> range:
    return range(len(chosen.sources))


def _look(chosen: Config, position: int, rows: int, staging: Path) -> SourceCheck:
    with console.status(f"Looking at {chosen.sources[position].name}"):
        return looked_at(chosen, position, rows, staging)


def show(found: Checked) -> None:
    for one in found.sources:
        _show_source(one)
        output.print()
    _show_missing(found)


def _show_source(one: SourceCheck) -> None:
    output.print(Text(one.name, style="bold"), Text(one.uri, style="dim"), sep="  ")
    facts = Table(box=None, pad_edge=False, show_header=False)
    for label, said in _facts(one):
        facts.add_row(Text(label, style="dim"), Text(said))
    output.print(Padding(facts, WITHIN))
    for table in (_yields(one.yields, one.outcomes.get("accepted", 0)), _broken(one.broken)):
        if table.row_count:
            output.print(Padding(table, (1, 0, 0, 2)))
    if one.hints or one.problems:
        output.print()
    for style, label, sentences in (("yellow", "Note", one.hints), ("bold red", "Stops a run", one.problems)):
        for sentence in sentences:
            output.print(Padding(Text(f"{label}: ", style=style) + Text(sentence, style="default"), WITHIN))


def _facts(one: SourceCheck) -> Iterator[tuple[str, str]]:
    if not one.files:
        return
    yield "Files", _files(one)
    if not one.sampled:
        return
    yield "Sample", "every row" if one.is_whole else ", ".join(_sampled(file) for file in one.sampled)
    yield "Rows", f"{one.read:,}: {_counted(one.outcomes)}"
    if one.duplicates:
        yield "Copies", f"{one.duplicates:,} of the accepted rows repeat an event_id; each event counts once"
    yield "Kinds", _counted(one.kinds) or "none"
    yield "Months", _counted(one.months) or "none"
    if one.unmapped:
        yield "Not mapped", f"{_counted(one.unmapped)} (ignored; [sources.kinds] does not list these event names)"


def _files(one: SourceCheck) -> str:
    size = decimal(sum(file.size for file in one.files))
    first, last = one.files[0].key, one.files[-1].key
    if len(one.files) == 1:
        return f"{first} ({size})"
    looked = "all" if one.looked_at == len(one.files) else f"{one.looked_at:,}"
    return f"{len(one.files):,} ({size}): {first} to {last}; columns of {looked} looked at"


def _sampled(file: Sampled) -> str:
    return f"{'all' if file.is_whole else 'the first'} {file.rows:,} rows of {file.file}"


def _counted(counts: Mapping[str, int]) -> str:
    shown = [f"{name} {number:,}" for name, number in list(counts.items())[:MOST_NAMES]]
    more = [f"and {len(counts) - MOST_NAMES} more"] if len(counts) > MOST_NAMES else []
    return ", ".join([*shown, *more])


def _yields(yields: Sequence[Yield], rows: int) -> Table:
    """Ids of customers are for the terminal they are asked on, not for a file or another program's log."""
    table = Table(Column("Column", no_wrap=True), "Expression", "First values", "Empty", box=None, pad_edge=False)
    for one in yields:
        hides = one.tells_who and not output.is_terminal
        values = "(ids: shown on a terminal only)" if hides else " · ".join(one.values)
        empty = f"{one.empty / rows:.1%}" if one.empty else ""
        table.add_row(one.column, Text(" ".join(one.sql.split())), Text(values), empty)
    return table


def _broken(broken: Sequence[Broken]) -> Table:
    table = Table(
        Column("Quarantined for", no_wrap=True), "Rows", "First", "Found", "Expected", box=None, pad_edge=False
    )
    for one in broken:
        place = f"{one.file}, row {one.row:,}"
        table.add_row(Text(one.rule, style="red"), f"{one.rows:,}", Text(place), Text(one.found), Text(one.expected))
    return table


def _show_missing(found: Checked) -> None:
    if not (lacking := found.missing):
        output.print("Every figure of the catalogue has a source.")
        return
    number = sum(len(one.kpis) for one in lacking)
    where = "the sources" if found.is_whole else "the sample"
    output.print(Text(f"{number} figures will be missing_input, for nothing in {where} tells:", style="bold"))
    table = Table("Needed", "By", box=None, pad_edge=False)
    for one in lacking:
        table.add_row(Text("; ".join(one.facts)), Text(", ".join(one.kpis), style="dim"))
    output.print(Padding(table, (0, 0, 1, 2)))
