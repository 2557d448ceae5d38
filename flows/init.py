"""`lifecycle init`: from files nobody has described yet to a first config. Writes that alone; no store, no Prefect."""

import os
import tempfile
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

import config as configuration
from config import preset as presets
from config.errors import InputError, UserError, did_you_mean
from flows import check
from flows.progress import console, output
from flows.questions import DEFAULT
from tasks.inspection import written
from tasks.inspection.drafting import Draft, drafted
from tasks.inspection.looks import grouped
from tasks.inspection.proposals import NothingToProposeError, Proposal, counted

ROWS, HEADER_ROWS = 200_000, 50
CHOICES = ("auto", "none")


def init(
    files: Annotated[list[str], typer.Argument(help="Files, patterns or folders.", metavar="FILE…")],
    preset: Annotated[
        str, typer.Option(help="auto: recognise the system; none: look at columns only; or a preset's name.")
    ] = "auto",
    out: Annotated[Path, typer.Option(help="The config to write.")] = DEFAULT,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a config that is there.")] = False,
) -> None:
    """Look at files and write a first config for them, commented."""
    _refuse_unknown(preset)
    if out.exists() and not force:
        raise UserError(f"{out} is there already, and would be overwritten. Name another with --out, or say --force.")
    draft = _draft(files, preset, out)
    _write(written.text(draft), out)
    problems = check.checked(configuration.load(out, {}), check.ROWS).problems
    _show(draft, out, problems)


def _refuse_unknown(preset: str) -> None:
    known = [*CHOICES, *presets.shipped()]
    if preset not in known:
        raise UserError(f"There is no preset {preset!r}. {did_you_mean(preset, known)}")


def _draft(files: list[str], preset: str, out: Path) -> Draft:
    base = out.parent
    store = "../store" if base.name == "config" else "./store"
    with tempfile.TemporaryDirectory(prefix="lifecycle-init-") as folder, console.status("Looking at the files"):
        staging = Path(folder)
        try:
            groups, unread = grouped(files, base, ROWS, HEADER_ROWS, staging)
            return drafted(
                groups, [_of_a_file(one) for one in unread], preset, base.absolute(), store, _zone_here(), ROWS, staging
            )
        except NothingToProposeError as error:
            raise InputError(f"Nothing was written. {error}") from None
        except UserError as error:
            raise InputError(f"Nothing was written. {_of_a_file(str(error))}") from None


def _of_a_file(error: str) -> str:
    """What is wrong with a file that belongs to no source yet."""
    return error.replace("source 'files', ", "").replace("source 'files': ", "")


def _zone_here() -> str | None:
    """The IANA name of this machine's time zone, where it tells one that is of a place."""
    named = os.environ.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        return ZoneInfo(named).key if "/" in named and not named.startswith("Etc/") else None
    except (ValueError, OSError, KeyError):
        return None


def _write(text: str, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = out.with_name(f"{out.name}.partial")
    aside.write_text(text, encoding="utf-8")
    aside.replace(out)


def _show(draft: Draft, out: Path, problems: list[str]) -> None:
    output.print(Text(f"Wrote {out}.", style="bold"), "Each choice stands there with its reason; in short:")
    output.print()
    table = Table("Source", "Files", "Read by", "Kinds, in the rows looked at", box=None, pad_edge=False)
    for one in draft.proposals:
        table.add_row(one.name, one.document["uri"], _form(one), counted(one.yielded))
    output.print(Padding(table, (0, 0, 1, 2)))
    facts = Table(box=None, pad_edge=False, show_header=False)
    for label, said in _decided(draft):
        facts.add_row(Text(label, style="dim"), Text(said))
    output.print(Padding(facts, (0, 0, 1, 2)))
    notes = [*draft.skipped, *(f"{one.name}: {note}" for one in draft.proposals for note in one.notes), *problems]
    for note in notes:
        output.print(Padding(Text("Look at: ", style="yellow") + Text(note, style="default"), (0, 0, 0, 2)))
    named = "" if out == DEFAULT else f" --config {out}"
    output.print(
        f"\nNext: `lifecycle check{named}` shows what it makes of your files; `lifecycle run{named}` publishes."
    )


def _form(one: Proposal) -> str:
    return presets.shipped()[one.document["preset"]].title if "preset" in one.document else "its columns"


def _decided(draft: Draft) -> list[tuple[str, str]]:
    activated = _in_words(draft) if draft.candidates else "nothing that customers do was found"
    return [
        ("Time zone", f"{draft.zone.value}: {draft.zone.why}"),
        ("Currency", f"{draft.currency.value}: {draft.currency.why}"),
        ("Segments", ", ".join(draft.dimensions) or "none"),
        ("Activated", activated),
        ("Active", ", ".join(draft.activity)),
    ]


def _in_words(draft: Draft) -> str:
    first = draft.candidates[0].condition
    what = " where ".join(str(first[key]) for key in ("kind", "where") if key in first)
    often = f", {first['count']} times," if "count" in first else ""
    return f"{what}{often} within {draft.within} of the {draft.since.replace('_', ' ')}"
