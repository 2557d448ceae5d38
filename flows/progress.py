"""What a person sees while a run works. A flow reports through this; without a terminal it is one line per stage."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from threading import Lock

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress import TaskID as BarId
from rich.text import Text

console = Console(stderr=True, highlight=False)
"""What goes on; errors. Tables a person asked for go to `output`, so that they can be piped."""
output = Console(highlight=False)
logger = logging.getLogger("lifecycle")
"""The run's log on Prefect's pages, where a server keeps one; silent elsewhere."""
logger.addHandler(logging.NullHandler())


def _holds_no_traceback(record: logging.LogRecord) -> bool:
    return not record.exc_info


for _name in ("prefect.flow_runs", "prefect.task_runs"):
    # An error is told by the run's state, in words; Prefect would log it once more, and its text may hold data.
    logging.getLogger(_name).addFilter(_holds_no_traceback)
for _name in ("prefect.FlowRunCancellingObserver", "prefect.FlowRunSuspendingObserver"):
    # Where a server is gone for a moment they ask it again by themselves, and print how they found out.
    logging.getLogger(_name).setLevel(logging.ERROR)


@dataclass(frozen=True)
class Reached:
    """How far a stage has come. `left`: seconds at the pace so far; null before there is one."""

    stage: str
    done: int
    total: int
    left: float | None


Listener = Callable[[Reached], None]


class TimeLeft(ProgressColumn):
    """The time a stage still takes at its pace; once it is over, the time it took."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if task.finished:
            return Text(_clock(task.finished_time or 0.0), style="progress.elapsed")
        remaining = task.time_remaining
        return Text("" if remaining is None else f"{_clock(remaining)} left", style="progress.remaining")


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=ceil(seconds)))


@dataclass
class _Stage:
    total: int
    bar: BarId | None
    began: float
    done: int = 0

    def left(self, now: float) -> float | None:
        return (now - self.began) / self.done * (self.total - self.done) if self.done else None


@dataclass
class Stages:
    """The stages of a run, each with a bar. Threads may advance them."""

    bars: Progress | None = None
    listener: Listener | None = None
    known: dict[str, _Stage] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def shown(self, listener: Listener | None = None) -> Iterator[None]:
        """Draws until left, and tells the listener; where no person looks, nothing is drawn."""
        self.listener, self.known = listener, {}
        try:
            if not console.is_terminal:
                yield
                return
            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeLeft(),
            )
            with Progress(*columns, console=console, transient=False) as self.bars:
                yield
        finally:
            self.bars, self.listener, self.known = None, None, {}

    def begin(self, stage: str, total: int) -> None:
        if not total:
            return
        logger.info("%s (%d)", stage, total)
        if not self.bars:
            console.print(f"{stage} ({total})")
        bar = self.bars.add_task(stage, total=total) if self.bars else None
        self.known[stage] = _Stage(total, bar, self.clock())
        self._tell(stage)

    def note(self, sentence: str) -> None:
        """Something a person should know, though the run goes on."""
        logger.info("Note: %s", sentence)
        console.print(Text("Note: ", style="bold yellow") + Text(sentence, style="default"))

    def advance(self, stage: str) -> None:
        if stage not in self.known:
            return
        with self._lock:
            self.known[stage].done += 1
        bar = self.known[stage].bar
        if self.bars and bar is not None:
            self.bars.advance(bar)
        self._tell(stage)

    def _tell(self, name: str) -> None:
        if self.listener:
            stage = self.known[name]
            self.listener(Reached(name, stage.done, stage.total, stage.left(self.clock())))


stages = Stages()
