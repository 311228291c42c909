"""From any state: everybody is killed; can every run be finished, and does every leak end?

The recipe is what a user does: one command that joins the run, builds and checks its tables and
promotes it; where the branch has moved, a rebase first. Then everything expires and two cleanups
leave only what the branch reaches.
"""

from dataclasses import replace

from invariants import broken
from model import Actor, Process, State, World, reached
from steps import CLEANING, own, program

REBASE = program("if idle, rebase, keep")


def finish(world: World) -> tuple[tuple[str, str], ...]:
    """`dbt build` under the run's id: all its tables again, all checks, and the verdict."""
    built = "".join(f"write {table}, commit {table}, " for table in world.tables)
    checked = "".join(f"look {check}, check {check}, " for check in world.checks)
    return program(f"begin, register, plan {world.tables}, {built}{checked}judge, release")


class Aftermath:
    """Remembers what it has proved: states that differ only in processes' memories are one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._proved: set[State] = set()

    def problem(self, state: State) -> str:
        """What cannot be mended after ``state``, in words; empty if nothing."""
        if state.in_flight:
            return ""  # its two ends are states of their own
        killed = state._replace(
            processes=(),
            writers=frozenset(writer._replace(lapsed=True) for writer in state.writers),
        )
        if killed in self._proved:
            return ""
        self._proved.add(killed)
        for run, record in zip(self._world.runs, state.runs, strict=True):
            if record is not None and not record.over:
                problem, after = self._recovered(killed, run)
                if problem or not self._is_promoted(after, run):
                    return f"run {run} cannot be finished: {problem or 'it is not promoted'}"
        return self._leak(killed)

    def _recovered(self, state: State, run: str) -> tuple[str, State]:
        problem, after = self._run(state, Actor("rebase", run, REBASE))
        if problem:
            return problem, after
        return self._run(after, Actor("it", run, finish(self._world)))

    def _is_promoted(self, state: State, run: str) -> bool:
        record = state.runs[self._world.runs.index(run)]
        return record is not None and record.state == "promoted"

    def _leak(self, state: State) -> str:
        cleanup = Actor("cleanup", "", tuple((verb, "") for verb in CLEANING))
        for _ in range(2):
            problem, state = self._run(state, cleanup)
            if problem:
                return problem
        if any(state.refs):
            return "a ref never expires"
        leaked = state.files - reached(state)
        return f"files leak: {', '.join(sorted(leaked))}" if leaked else ""

    def _run(self, state: State, actor: Actor) -> tuple[str, State]:
        """Run one process to its end, alone; of several outcomes of a step, the last."""
        world = replace(
            self._world, actors=(actor,), run_names=self._world.runs, answers_get_lost=False
        )
        state = state._replace(processes=(Process(),))
        while state.processes[0].at < len(actor.program):
            found = [*own(world, state, 0)]
            if not found:
                return f"stuck at {actor.program[state.processes[0].at][0]}", state
            label, after = found[-1]
            problem = broken(world, state, label, after)
            if problem:
                return problem, state
            state = after
        return "", state._replace(processes=())
