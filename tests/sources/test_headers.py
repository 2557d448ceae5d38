"""Column names as files have them: with blanks, twice, after a byte order mark."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.errors import InputError
from tests.sources.helpers import COLUMNS, accepted, mapping, quarantined, run, run_text

NAMES = ["answer", '"answer"', "answer ", '"answer "', "answer || ''", "\"answer \" || ''"]


def with_header(folder: Path, header: str, ending: str) -> Path:
    raw = folder / f"raw.{ending}"
    frame = pl.DataFrame({"kind": ["nps"], "id": ["ann"], "at": ["2025-01-05"], header: ["ten"]})
    getattr(frame, f"write_{ending}")(raw)
    return raw


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize("header", ["answer", "answer ", " answer", "answer\N{NO-BREAK SPACE}", "\ufeffanswer"])
@pytest.mark.parametrize("name", NAMES)
def test_blanks_around_a_name_do_not_hide_it(tmp_path: Path, header: str, name: str, ending: str) -> None:
    events = accepted(run(with_header(tmp_path, header, ending), mapping(columns={**COLUMNS, "item": name})))
    assert events["item"].to_list() == ["ten"]


def test_a_question_may_be_a_name(tmp_path: Path) -> None:
    question = "How likely are you to\nrecommend us?"
    raw = with_header(tmp_path, question + " ", "csv")
    for name in ("How likely are you to recommend us?", "\"How likely are you to recommend us?\" || ''"):
        assert accepted(run(raw, mapping(columns={**COLUMNS, "item": name})))["item"].to_list() == ["ten"]


def test_the_exact_name_comes_first_and_no_name_means_two_columns(tmp_path: Path) -> None:
    text = "kind,id,at,answer,answer ,score ,score\N{NO-BREAK SPACE}\nvisit,ann,2025-01-05,1,2,3,4\n"
    for name, value in (("answer", "1"), ('"answer"', "1"), ('"answer "', "2"), ('"score "', "3")):
        events = accepted(run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "item": name})))
        assert events["item"].to_list() == [value]
    with pytest.raises(InputError, match=r"'score', which the file lacks\. Say which one you mean, .*\"score \""):
        run_text(tmp_path, "a.csv", text, mapping(columns={**COLUMNS, "item": "score"}))


TWICE = "\ufeffkind,id,at,at,,\n?,ann,2025-01-05,2025-02-05,,\nvisit,ann,2025-01-05,2025-02-05,,\n"


@pytest.mark.parametrize(("name", "month"), [("at (1)", 1), ('"at (2)"', 2), ('CAST("at (2)" AS DATE)', 2)])
def test_columns_of_one_name_are_told_apart_by_their_order(tmp_path: Path, name: str, month: int) -> None:
    result = run_text(tmp_path, "a.csv", TWICE, mapping(columns={**COLUMNS, "occurred_at": name}))
    assert [at.month for at in accepted(result)["occurred_at"]] == [month]
    assert list(quarantined(result)[0]["original"]) == ["kind", "id", "at (1)", "at (2)", "(1)", "(2)"]


def test_a_name_that_stands_twice_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        run_text(tmp_path, "a.csv", TWICE, mapping())
    assert "columns.occurred_at reads the column 'at', which the file lacks. Say which one" in str(error.value)
    assert '"at (1)", "at (2)"' in str(error.value)


@pytest.mark.parametrize(("name", "meant"), [("Answer", "answer "), ("anwser", "answer "), ("answers", "answer ")])
def test_a_name_in_other_letters_is_suggested_not_taken(tmp_path: Path, name: str, meant: str) -> None:
    columns: dict[str, Any] = {**COLUMNS, "item": name}
    with pytest.raises(InputError, match=f"Did you mean {meant!r}"):
        run(with_header(tmp_path, "answer ", "parquet"), mapping(columns=columns))


def test_the_columns_there_are_are_listed_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        run_text(tmp_path, "a.csv", "kind,id,at\n", mapping(columns={**COLUMNS, "item": "zzz"}))
    assert "'zzz', which the file lacks. Columns found: kind, id, at. Correct" in str(error.value)
    assert "Known:" not in str(error.value)
