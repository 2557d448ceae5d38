"""What a person sees while a run works. A flow reports through this; without a terminal it is one line per stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import TaskID as BarId
from rich.text import Text

console = Console(stderr=True, highlight=False)
"""What goes on; errors. Tables a person asked for go to `output`, so that they can be piped."""
output = Console(highlight=False)


@dataclass
class Stages:
    """The stages of a run, each with a bar. Threads may advance them."""

    bars: Progress | None = None
    known: dict[str, BarId] = field(default_factory=dict)
    _active: bool = False

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draws until left; where no person looks, nothing is drawn."""
        if not console.is_terminal:
            yield
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=False) as self.bars:
            yield
        self.bars, self.known = None, {}

    def begin(self, stage: str, total: int) -> None:
        if total and self.bars:
            self.known[stage] = self.bars.add_task(stage, total=total)
        elif total:
            console.print(f"{stage} ({total})")

    def note(self, sentence: str) -> None:
        """Something a person should know, though the run goes on."""
        console.print(Text("Note: ", style="bold yellow") + Text(sentence, style="default"))

    def advance(self, stage: str) -> None:
        if self.bars and stage in self.known:
            self.bars.advance(self.known[stage])


stages = Stages()
