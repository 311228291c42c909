"""Follows every interleaving, breadth first, so that a counterexample is a shortest one."""

from collections import deque
from typing import NamedTuple

from aftermath import Aftermath
from invariants import broken
from model import Label, State, World
from steps import finished, successors


class Exploration(NamedTuple):
    """What was found; ``trace`` leads from the start to what is ``broken``."""

    states: int
    steps: int
    ends: int
    """States in which every process has come to its end."""
    broken: str = ""
    trace: tuple[Label, ...] = ()

    def __str__(self) -> str:
        if not self.broken:
            return f"{self.states} states, {self.steps} steps, {self.ends} ends: nothing is broken"
        lines = [f"{number:3}. {label}" for number, label in enumerate(self.trace, 1)]
        return "\n".join([self.broken, *lines])


def explore(world: World, *, most: int = 5_000_000, aftermath: bool = True) -> Exploration:
    """Look at every state that can be reached.

    ``aftermath``: also prove of each that what was interrupted there can be finished and cleaned
    up. Raises ``RuntimeError`` at more than ``most`` states.
    """
    start = world.start()
    came_from: dict[State, tuple[State, Label] | None] = {start: None}
    waiting = deque([start])
    after = Aftermath(world)
    steps = ends = 0
    while waiting:
        state = waiting.popleft()
        stuck = True
        for label, following in successors(world, state):
            steps += 1
            stuck = False
            problem = broken(world, state, label, following)
            new = following not in came_from
            if new:
                came_from[following] = (state, label)
                waiting.append(following)
                if not problem and aftermath:
                    problem = after.problem(following)
            if problem:
                trace = (*_trace(came_from, state), label)
                return Exploration(len(came_from), steps, ends, problem, trace)
        ends += finished(world, state)
        if stuck and not finished(world, state) and not _waits_for_idleness(world, state):
            return Exploration(len(came_from), steps, ends, "stuck", _trace(came_from, state))
        if len(came_from) > most:
            raise RuntimeError(f"more than {most} states")
    return Exploration(len(came_from), steps, ends)


def _trace(came_from: dict[State, tuple[State, Label] | None], state: State) -> tuple[Label, ...]:
    labels: list[Label] = []
    while (entry := came_from[state]) is not None:
        state = entry[0]
        labels.append(entry[1])
    return tuple(reversed(labels))


def _waits_for_idleness(world: World, state: State) -> bool:
    """A command that nobody could start any more, because the run was over before."""
    return all(
        process.at == len(actor.program) or actor.program[process.at][0] == "if idle"
        for actor, process in zip(world.actors, state.processes, strict=True)
    )
