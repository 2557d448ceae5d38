"""What a listener is told of the stages of a run, and what the bars say."""

from rich.progress import Progress

from flows.progress import Reached, Stages, TimeLeft


def test_listener_is_told_the_stage_and_the_time_left_at_its_pace() -> None:
    now = [100.0]
    told: list[Reached] = []
    stages = Stages(clock=lambda: now[0])
    with stages.shown(told.append):
        stages.begin("Reading files", 4)
        now[0] += 3
        stages.advance("Reading files")
        stages.begin("Publishing", 1)
        stages.advance("Publishing")
    assert told == [
        Reached("Reading files", 0, 4, None),
        Reached("Reading files", 1, 4, 9.0),
        Reached("Publishing", 0, 1, None),
        Reached("Publishing", 1, 1, 0.0),
    ]


def test_a_stage_with_nothing_to_do_is_not_told() -> None:
    told: list[Reached] = []
    stages = Stages()
    with stages.shown(told.append):
        stages.begin("Reading files", 0)
        stages.advance("Reading files")
    assert told == []


def test_nobody_listens_once_it_is_over() -> None:
    told: list[Reached] = []
    stages = Stages()
    with stages.shown(told.append):
        pass
    stages.begin("Reading files", 1)
    assert told == []


def test_bar_says_what_is_left_and_then_what_it_took() -> None:
    now = [0.0]
    bars = Progress(TimeLeft(), get_time=lambda: now[0])
    bar = bars.add_task("Reading files", total=4)
    said = [TimeLeft().render(bars.tasks[0]).plain]
    for _ in range(2):
        now[0] += 30
        bars.advance(bar)
    said.append(TimeLeft().render(bars.tasks[0]).plain)
    now[0] += 60
    bars.advance(bar, 2)
    said.append(TimeLeft().render(bars.tasks[0]).plain)
    assert said == ["", "0:01:00 left", "0:02:00"]
