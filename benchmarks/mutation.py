"""Would a test notice? One small change at a time to the KPIs' records and the tables' windows, and the tests run.

    .venv/bin/python benchmarks/mutation.py [--every 1] [--modules base,retention] [--again]

A mutant is caught if a fast test fails (tests/kpis, tests/tables, then one of tests/test_properties.py) or runs out
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
from dataclasses import asdict, dataclass, field
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FrameType, ModuleType

# Forking is safe only while Polars has no threads; small tables are quicker without them, too.
os.environ["POLARS_MAX_THREADS"] = "1"

import polars as pl
import pytest
from mutants import FAMILIES, MODULES, ROOT, Mutant, mutants

OURS = {"config", "flows", "schemas", "tasks", "tests"}
REASONS = Path(__file__).with_name("mutation_survivors.toml")
FAST = ("tests/kpis", "tests/tables")
SLOW = ("tests/test_properties.py",)
PROPERTY = "order_of_rows"
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
    parser.add_argument("--again", action="store_true", help="only the survivors among the results")
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
    known = _warmed_up()
    with chosen.results.open("a" if chosen.again else "w", encoding="utf-8") as lines:
        for mutant, outcome in _outcomes(sample, known, chosen.processes):
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


@dataclass
class Known:
    """Of the tests without any change: which fail, what each file takes, and which functions of tasks it calls."""

    failing: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)


def _warmed_up() -> Known:
    """Imports whatever the tests need, forgets lifecycle itself, and looks at the tests as they are."""
    _quietly(["--collect-only", *FAST, *SLOW])
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as told:
        process = os.fork()
        if process == 0:
            watch = _Watch()
            _quietly(FAST, [watch])
            Path(told.name).write_text(json.dumps(asdict(watch.known)), "utf-8")
            os._exit(0)
        os.waitpid(process, 0)
        known = Known(**json.load(told))
    if known.failing:
        print(f"left out, as they fail anyway: {len(known.failing)} tests, {known.failing[:3]} …", flush=True)
    return known


class _Watch:
    """Writes down what tests do, importing them included. What a fixture does is told of the whole file."""

    def __init__(self) -> None:
        self.known = Known()

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        return (yield from self._watched(collector.nodeid))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._watched(item.nodeid))

    def _watched(self, node: str) -> Iterator[None]:
        file, calls = node.partition("::")[0], set[str]()

        def on_call(frame: FrameType, event: str, _: object) -> None:
            if event == "call" and "/tasks/" in frame.f_code.co_filename:
                calls.add(f"{frame.f_globals['__name__']} {frame.f_code.co_name}")

        started = time.monotonic()
        sys.setprofile(on_call)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            self.known.seconds[file] = self.known.seconds.get(file, 0) + time.monotonic() - started
            self.known.calls[file] = sorted({*self.known.calls.get(file, ()), *calls})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.known.failing.append(report.nodeid)


def _tests(mutant: Mutant, known: Known) -> list[str]:
    """The files of tests that call the changed function: first the one named like its module, then the quick ones."""
    family = mutant.module.rpartition(".")[2]
    called = "tasks.kpis.measure _raw_inputs" if family in FAMILIES else f"{mutant.module} {mutant.function}"
    named = {f"test_{family}.py", *(["test_revenue.py"] if family == "recurring" else [])}
    files = [file for file in known.calls if file.endswith(".py") and called in known.calls[file]]
    return sorted(files, key=lambda file: (Path(file).name not in named, known.seconds[file]))


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


def _outcomes(sample: Sequence[Mutant], known: Known, processes: int) -> Iterator[tuple[Mutant, str]]:
    """Each mutant's outcome, as they come; so many processes at a time."""
    waiting = list(reversed(sample))
    running: dict[int, tuple[Mutant, float]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            process = os.fork()
            if process == 0:
                os._exit(_tried(mutant, known))
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


def _tried(mutant: Mutant, known: Known) -> int:
    """In a process of its own: the change, and the tests until one fails."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    sys.meta_path.insert(0, _Changed(mutant))
    try:
        importlib.import_module(mutant.module)
    except Exception:  # noqa: BLE001, whatever a change may break
        return NOT_IMPORTED
    left_out = [f"--deselect={name}" for name in known.failing]
    code = _quietly(["-x", *left_out, *tests]) if (tests := _tests(mutant, known)) else 0
    return code or _quietly(["-x", "-k", PROPERTY, *SLOW])


class _Changed(MetaPathFinder, InspectLoader):
    """Imports one module from its changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname == self.mutant.module else None

    def get_source(self, _: str) -> str:
        return self.mutant.source()

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.get_source(fullname), f"/tasks/{fullname}", "exec")

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
