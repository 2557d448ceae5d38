"""`lifecycle check` and `lifecycle init`, as they are typed."""

import sys
from pathlib import Path

import polars as pl
import pytest

from flows import cli, progress
from tests.conftest import ROOT
from tests.flows.company import Company, Row, Said
from tests.sources import test_examples

ROWS: list[Row] = [
    ("e1", "ann", "joined", "2025-01-05 10:00:00", None, "FR"),
    ("e2", "ann", "bought", "2025-01-06 10:00:00", "12.50", "FR"),
    ("e2", "ann", "bought", "2025-01-06 10:00:00", "12.50", "FR"),
    ("e3", "bob", "joined", "2025-02-01 00:30:00", None, None),
    ("e4", "bob", "pinged", "2025-02-02 10:00:00", None, None),
]
BROKEN: Row = ("e5", "cid-secret", "bought", "2025-02-03 10:00:00", "12,50", "FR")


@pytest.fixture
def company(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Company:
    return Company(tmp_path, capsys, monkeypatch)


def typed(company: Company, *words: str) -> Said:
    """Runs `lifecycle WORDS` in the company's folder, without its config."""
    company.monkeypatch.chdir(company.folder)
    company.monkeypatch.setattr(sys, "argv", ["lifecycle", *words])
    company.monkeypatch.setattr(progress.console, "width", 10_000)
    company.monkeypatch.setattr(progress.output, "width", 10_000)
    company.capture.readouterr()
    try:
        cli.main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = company.capture.readouterr()
    return Said(code, said.out, said.err)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_check_shows_what_the_config_makes_of_the_files_and_writes_nothing(company: Company) -> None:
    company.write("a.csv", ROWS)
    company.configured()
    before = contents(company.folder)
    said = company.call("check")
    assert said.code == 0, said
    assert contents(company.folder) == before
    assert not company.store.exists()
    lines = squeezed(said.out)
    assert "Rows 5: accepted 4, ignored 1" in lines
    assert "Copies 1 of the accepted rows repeat an event_id; each event counts once" in lines
    assert "Kinds purchase 2, signup 2" in lines
    assert "Months 2025-01 3, 2025-02 1" in lines
    assert "amount amount 12.5 50.0%" in lines
    assert "country country FR 25.0%" in lines
    assert any(line.startswith("Not mapped pinged 1") for line in lines)
    assert any("are taken for Europe/Paris" in line for line in lines)
    assert any(line.startswith("events of kind nps, with score nps") for line in lines)
    assert not any("mau" in line.split() for line in lines)


def test_ids_of_customers_are_for_the_terminal_alone(company: Company) -> None:
    company.write("a.csv", ROWS)
    company.source["columns"]["reference"] = "\"user\" || '-1'"
    piped = company.call("check")
    assert piped.out.count("shown on a terminal only") == 2
    assert "ann" not in piped.out + piped.err
    company.monkeypatch.setattr(progress.output, "_force_terminal", True)
    assert "ann · bob" in company.call("check").out


def test_check_says_what_would_stop_a_run(company: Company) -> None:
    company.write("a.csv", [*ROWS, BROKEN])
    said = company.call("check")
    said.is_refusal("A run would stop", "1 of 6 rows would be quarantined (16.67%, allowed 1.00%)")
    assert any(line.startswith("amount_unreadable 1 a.csv, row 6 '12,50'") for line in squeezed(said.out))
    assert "cid-secret" not in said.out + said.err
    company.config["validation"] = {"max_rejected": 0.5}
    assert company.call("check").code == 0


def test_a_missing_column_and_a_missing_file_are_told_together(company: Company) -> None:
    company.write("a.csv", ROWS)
    company.source["columns"]["item"] = "product"
    company.config["sources"].append({**company.source, "name": "other", "uri": "nowhere/*.csv"})
    company.call("check").is_refusal("source 'app', file 'a.csv'", "product", "source 'other'", "nowhere")


def test_a_later_file_that_does_not_fit_is_found_by_its_header(company: Company) -> None:
    for number in range(5):
        company.write(f"{number}.csv", ROWS)
    company.text("1.csv", "id,user,happened,at,amount,country\n1,ann,joined,2025-01-05,,FR\n")
    company.call("check").is_refusal("file '1.csv'", "event")


def test_a_sample_is_called_one(company: Company) -> None:
    company.write("a.csv", ROWS)
    lines = squeezed(company.call("check", "--rows", "2").out)
    assert "Sample the first 2 rows of a.csv" in lines
    assert "Rows 2: accepted 2" in lines


def test_a_config_that_contradicts_itself_is_refused(company: Company) -> None:
    company.write("a.csv", ROWS)
    company.config["targets"] = {"churn_rat": 0.1}
    company.call("check").is_refusal("targets.churn_rat", "churn_rate")


EXAMPLES = {
    "sign-ups": {"sign_ups.csv": (test_examples.SIGN_UPS, 3)},
    "subscription-ledger": {"subscriptions.csv": (test_examples.LEDGER, 5)},
    "surveys-and-invoices": {
        "surveys.csv": (test_examples.SURVEYS, 3),
        "receivables.csv": (test_examples.RECEIVABLES, 3),
    },
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_configs_pass_on_the_good_rows_of_their_files(company: Company, name: str) -> None:
    company.monkeypatch.chdir(company.folder)
    for folder in ("config/examples", "data"):
        (company.folder / folder).mkdir(parents=True)
    text = (ROOT / "config/examples" / f"{name}.toml").read_text(encoding="utf-8")
    (company.folder / "config/examples/it.toml").write_text(text, encoding="utf-8")
    for file, (content, lines) in EXAMPLES[name].items():
        (company.folder / "data" / file).write_text("\n".join(content.splitlines()[:lines]) + "\n", encoding="utf-8")
    said = typed(company, "check", "--config", "config/examples/it.toml")
    assert said.code == 0, said


def test_init_writes_a_config_that_check_accepts(company: Company) -> None:
    company.write("app-2025-01.csv", ROWS)
    said = typed(company, "init", "raw/app-2025-01.csv")
    assert said.code == 0, said
    config = company.folder / "config/lifecycle.toml"
    assert sorted(contents(company.folder)) == ["config/lifecycle.toml", "raw/app-2025-01.csv"]
    assert 'uri = "../raw/app-2025-01.csv"' in config.read_text(encoding="utf-8")
    assert "Not mapped, so ignored: pinged 1" in said.out
    assert "lifecycle check" in said.out
    assert typed(company, "check").code == 0


def test_init_overwrites_nothing_unless_told(company: Company) -> None:
    company.write("a.csv", ROWS)
    file = company.configured()
    before = file.read_bytes()
    typed(company, "init", "raw/a.csv", "--out", file.name).is_refusal("is there already", "--out", "--force")
    assert file.read_bytes() == before
    assert typed(company, "init", "raw/a.csv", "--out", file.name, "--force").code == 0
    assert file.read_bytes() != before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("raw/none.csv",), ("there is no file", "none.csv")),
        (("raw/a.csv", "--preset", "segmnt"), ("There is no preset 'segmnt'", "'segment'")),
        (("raw/a.csv", "--preset", "segment"), ("Nothing was written", "messageId")),
        (("raw/sizes.csv",), ("Nothing was written", "no column tells when", "it has size, colour")),
        (("raw/broken.parquet",), ("Nothing was written", "broken.parquet", "is not a readable Parquet file")),
    ],
)
def test_init_refuses_in_a_sentence_and_writes_nothing(
    company: Company, words: tuple[str, ...], told: tuple[str, ...]
) -> None:
    company.write("a.csv", ROWS)
    company.text("sizes.csv", "size,colour\nL,red\n")
    company.text("broken.parquet", "no Parquet")
    before = contents(company.folder)
    typed(company, "init", *words).is_refusal(*told)
    assert contents(company.folder) == before


def test_init_of_a_sheet(company: Company) -> None:
    file = company.folder / "sales.xlsx"
    rows = {"Client": ["a", "b", "a"], "Date": ["2024-01-01"] * 3, "Montant": [1.5, 2.5, 3.0]}
    pl.DataFrame(rows).write_excel(file, worksheet="Ventes")
    assert typed(company, "init", "sales.xlsx", "--out", "it.toml").code == 0
    assert typed(company, "check", "--config", "it.toml").code == 0
