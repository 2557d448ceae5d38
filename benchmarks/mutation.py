"""Would a test notice? One small change at a time to the KPIs' records and the tables' windows, and the tests run.

    .venv/bin/python benchmarks/mutation.py [--every 1] [--modules base,retention] [--again]

A mutant is caught if a fast test fails (tests/kpis, tests/tables, then a few of tests/test_properties.py) or runs out
of time; one that cannot even be imported is not counted. Survivors are listed, those that are no loss with the reason
in mutation_survivors.toml. Each runs in a process forked from one that has imported everything but lifecycle.
"""

import argparse
import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType

# Forking is safe only while Polars has no threads; small tables are quicker without them, too.
os.environ["POLARS_MAX_THREADS"] = "1"

import polars as pl
import pytest
from mutants import FAMILIES, MODULES, ROOT, Mutant, mutants

OURS = {"config", "flows", "schemas", "tasks", "tests"}
REASONS = Path(__file__).with_name("mutation_survivors.toml")
SLOW = ("tests/test_properties.py",)
PROPERTIES = "plainest_reading or order_of_rows or sent_again"
CPU_SECONDS = 90
WALL_SECONDS = 600
SURVIVED, CAUGHT, INVALID = "survived", "caught", "invalid"
"""INVALID: the changed module cannot be imported."""
NOT_IMPORTED = 99


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="only every n-th mutant of each module")
    parser.add_argument("--start", type=int, default=0, help="beginning with this one")
    parser.add_argument("--modules", default="", help="only modules with these names, comma-separated")
    parser.add_argument("--results", type=Path, default=Path(tempfile.gettempdir()) / "lifecycle-mutation.jsonl")
    parser.add_argument("--again", action="store_true", help="only the survivors in the results, whose other lines stay")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    os.chdir(ROOT)
    before = _results(chosen.results) if chosen.again else {}
    modules = [name for name in MODULES if not chosen.modules or name.rpartition(".")[2] in chosen.modules.split(",")]
    everything = {name: mutants(name) for name in modules}
    sample = [one for own in everything.values() for one in own[chosen.start :: chosen.every]]
    if chosen.again:
        sample = [one for own in everything.values() for one in own if before.get(one.key) == SURVIVED]
    there_are = sum(len(own) for own in everything.values())
    print(f"{len(sample)} of {there_are} mutants: of each module every {chosen.every} from {chosen.start}", flush=True)
    started = time.monotonic()
    broken = _warmed_up()
    with chosen.results.open("a" if chosen.again else "w", encoding="utf-8") as lines:
        for mutant, outcome in _outcomes(sample, broken, chosen.processes):
            lines.write(json.dumps({"key": mutant.key, "module": mutant.module, "outcome": outcome}) + "\n")
            lines.flush()
            if outcome == SURVIVED:
                print(f"survived: {mutant.key}", flush=True)
    report(everything, _results(chosen.results))
    print(f"{(time.monotonic() - started) / 60:.0f} minutes")


def _results(file: Path) -> dict[str, str]:
    """Outcome by key; the last word on each counts."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return {row["key"]: row["outcome"] for row in rows}


# Running tests.


def _warmed_up() -> list[str]:
    """Imports whatever the tests need, forgets lifecycle itself. Returns the tests that fail without any change."""
    _quietly(["--collect-only", *_tests(""), *SLOW])
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as told:
        process = os.fork()
        if process == 0:
            _quietly(_tests(""), [_Failures(Path(told.name))])
            os._exit(0)
        os.waitpid(process, 0)
        failing = told.read().split()
    if failing:
        print(f"left out, as they fail anyway: {len(failing)} tests, {failing[:3]} …", flush=True)
    return failing


class _Failures:
    def __init__(self, file: Path) -> None:
        self.file = file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(report.nodeid + "\n")


def _tests(module: str) -> list[str]:
    """The fast test files, those first that know the module best."""
    name = module.rpartition(".")[2]
    likely = ["retention", "acquisition"] if name not in FAMILIES else [name]
    first = [f"test_{stem}.py" for stem in (name, *{"recurring": ("revenue",)}.get(name, ()), *likely)]
    files = sorted(path for folder in ("kpis", "tables") for path in (ROOT / "tests" / folder).glob("test_*.py"))
    ranked = sorted(files, key=lambda path: first.index(path.name) if path.name in first else len(first))
    return [str(path.relative_to(ROOT)) for path in ranked]


def _quietly(arguments: Sequence[str], plugins: Sequence[object] = ()) -> int:
    nothing = os.open(os.devnull, os.O_WRONLY)
    kept = [os.dup(1), os.dup(2)]
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    try:
        return int(pytest.main(["-p", "no:cacheprovider", *arguments], plugins=list(plugins)))
    finally:
        for number, descriptor in enumerate(kept, 1):
            os.dup2(descriptor, number)


def _outcomes(sample: Sequence[Mutant], broken: Sequence[str], processes: int) -> Iterator[tuple[Mutant, str]]:
    """Each mutant's outcome, as they come; so many processes at a time."""
    waiting = list(reversed(sample))
    running: dict[int, tuple[Mutant, float]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            process = os.fork()
            if process == 0:
                os._exit(_tried(mutant, broken))
            running[process] = (mutant, time.monotonic())
        process, status = os.waitpid(-1, os.WNOHANG)
        if process:
            yield running.pop(process)[0], _outcome(status)
            continue
        for number, (_, since) in running.items():
            if time.monotonic() - since > WALL_SECONDS:
                os.kill(number, signal.SIGKILL)
        time.sleep(0.02)


def _outcome(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return {pytest.ExitCode.OK.value: SURVIVED, NOT_IMPORTED: INVALID}.get(code, CAUGHT)


def _tried(mutant: Mutant, broken: Sequence[str]) -> int:
    """In a process of its own: the change, and the tests until one fails."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    mutant.put()
    sys.meta_path.insert(0, _Changed(mutant))
    try:
        importlib.import_module(mutant.module)
    except Exception:  # noqa: BLE001, whatever a change may break
        return NOT_IMPORTED
    left_out = [f"--deselect={name}" for name in broken]
    code = _quietly(["-x", *left_out, *_tests(mutant.module)])
    return code or _quietly(["-x", "-k", PROPERTIES, *SLOW])


class _Changed(MetaPathFinder, InspectLoader):
    """Imports one module from its changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.mutant.module else None

    def get_source(self, fullname: str) -> str:
        import ast

        return ast.unparse(self.mutant.tree)

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_source(fullname), fullname, "exec")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["pl"] = pl  # records do not import it, and their mutants say pl.lit
        super().exec_module(module)


# Telling.


def report(everything: dict[str, list[Mutant]], results: dict[str, str]) -> None:
    """A line per module, then the survivors, first those without a reason."""
    reasons: dict[str, str] = tomllib.loads(REASONS.read_text("utf-8"))
    print(f"\n{'module':28}{'mutants':>8}{'tried':>7}{'caught':>8}{'survived':>10}{'explained':>11}{'share':>8}")
    whole: Counter[str] = Counter()
    for module, own in everything.items():
        told = [(one.key, results[one.key]) for one in own if results.get(one.key, INVALID) != INVALID]
        survivors = [key for key, outcome in told if outcome == SURVIVED]
        explained = sum(key in reasons for key in survivors)
        counts = {"there": len(own), "tried": len(told), "survived": len(survivors), "explained": explained}
        whole.update(counts)
        _line(module.removeprefix("tasks."), counts)
    _line("all", whole)
    survivors = [key for own in everything.values() for one in own if results.get(key := one.key) == SURVIVED]
    for title, listed in (
        ("without a reason", [key for key in survivors if key not in reasons]),
        ("with a reason", [key for key in survivors if key in reasons]),
    ):
        print(f"\nSurvivors {title}: {len(listed)}")
        for key in listed:
            print(f"  {key}" + (f"\n      {reasons[key]}" if key in reasons else ""))
    for key in reasons.keys() - {one.key for own in everything.values() for one in own}:
        print(f"no such mutant, but a reason: {key}")


def _line(name: str, counts: dict[str, int]) -> None:
    tried, survived = counts["tried"], counts["survived"]
    share = f"{(tried - survived) / tried:8.1%}" if tried else f"{'–':>8}"
    print(f"{name:28}{counts['there']:8}{tried:7}{tried - survived:8}{survived:10}{counts['explained']:11}{share}")


if __name__ == "__main__":
    main()
