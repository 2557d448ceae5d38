"""Kills `lifecycle backfill` at random moments, runs it again, and compares the store with one nothing happened to.

    .venv/bin/python benchmarks/soak.py [--kills 10] [--seed 1] [--customers 1500] [--months 6]

A moment is drawn from the time an undisturbed run works in, Prefect's start left out. A store is kept from one kill to
the next until a run gets to its end; then it is compared and another begun. SIGKILL reaches the run; the Prefect server
it started ends by itself.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.demo import simulate

ROOT = Path(__file__).parent.parent
WORKING = ("Reading files", "Following customers")
"""The first thing a run says once Prefect is there: there are files to read, or there are none."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=1_500)
    parser.add_argument("--months", type=int, default=6)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lifecycle-soak-") as folder:
        place = Place(Path(folder), chosen.months)
        shutil.copytree(ROOT / "config", place.folder / "config", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        simulate(place.folder / "demo", customers=chosen.customers, months=chosen.months)
        done = soak(place, chosen.kills, random.Random(chosen.seed))
    done.print()
    sys.exit(bool(done.lost))


@dataclass(frozen=True)
class Place:
    """The folder with config and raw files; a store is a name in it."""

    folder: Path
    months: int

    def start(self, store: str) -> "Run":
        last = f"{2024 + (self.months - 1) // 12}-{(self.months - 1) % 12 + 1:02d}"
        command = [sys.executable, "-c", "from flows.cli import main; main()", "backfill", "2024-01", last]
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(self.folder / "prefect"),
            "LIFECYCLE__STORE__URI": str(self.folder / store),
        }
        environment.pop("PREFECT_API_URL", None)
        process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        return Run(process)


@dataclass
class Run:
    """A process of ours, and what it has said."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def wait_until_it_works(self) -> None:
        for line in self.process.stderr or ():
            self.said.append(line)
            if line.startswith(WORKING):
                return
        self.finish()

    def kill_after(self, seconds: float) -> bool:
        """Whether the run was still there to be killed."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return True
        self.finish()
        return False

    def finish(self) -> None:
        """Reads to the end, and refuses a run that failed."""
        self.said.append(self.process.communicate()[1])
        if self.process.returncode:
            sys.exit("A run that nobody killed failed:\n" + "".join(self.said))


@dataclass
class Soak:
    """What happened. `lost`: bytes of the undisturbed store's files that another store has not, or not as they are."""

    kills: int = 0
    amid: int = 0
    reruns: int = 0
    stores: int = 0
    files: int = 0
    lost: int = 0

    def print(self) -> None:
        print(f"kills            {self.kills}, {self.amid} of them between a store's first write and its last")
        print(f"runs to the end  {self.reruns} after kills, in {self.stores} stores of {self.files} files")
        print(f"bytes lost       {self.lost or 'none'}")


def soak(place: Place, kills: int, chance: random.Random) -> Soak:
    seconds = undisturbed(place)
    expected = contents(place.folder / "undisturbed")
    print(f"undisturbed: {seconds:.1f} s of work, {len(expected)} files", flush=True)
    done = Soak(files=len(expected))
    while done.kills < kills:
        store = f"store-{done.stores}"
        killed = 0
        while done.kills < kills:
            run = place.start(store)
            run.wait_until_it_works()
            if not run.kill_after(chance.uniform(0, seconds)):
                break
            killed += 1
            done.kills += 1
            found = contents(place.folder / store)
            done.amid += bool(found) and difference(expected, found) > 0
        else:
            place.start(store).finish()
        done.reruns += bool(killed)
        done.stores += 1
        lost = difference(expected, contents(place.folder / store))
        done.lost += lost
        print(f"{store}: {killed} kills, then a run to the end; bytes lost: {lost or 'none'}", flush=True)
        shutil.rmtree(place.folder / store)
    return done


def undisturbed(place: Place) -> float:
    """The seconds a run works in that nobody kills."""
    run = place.start("undisturbed")
    run.wait_until_it_works()
    started = time.perf_counter()
    run.finish()
    return time.perf_counter() - started


def difference(expected: dict[str, bytes], found: dict[str, bytes]) -> int:
    """Bytes of files that are missing, differ, or should not be there."""
    names = expected.keys() | found.keys()
    return sum(
        max(len(expected.get(name, b"")), len(found.get(name, b"")))
        for name in names
        if expected.get(name) != found.get(name)
    )


def contents(store: Path) -> dict[str, bytes]:
    """What a store holds, without what tells the time: in manifests, and in the reports, which show it."""
    found = {}
    for file in sorted(store.rglob("*")) if store.exists() else []:
        name = str(file.relative_to(store))
        if not file.is_file() or name.startswith(".staging") or "#" in name or file.name.startswith("report."):
            continue
        found[name] = timeless(file)
    return found


def timeless(file: Path) -> bytes:
    if file.name != "manifest.json":
        return file.read_bytes()
    manifest: dict[str, Any] = json.loads(file.read_bytes())
    return json.dumps({key: manifest[key] for key in sorted(manifest.keys() - {"published_at", "seal"})}).encode()


if __name__ == "__main__":
    main()
