"""Small changes of a ``State`` that the steps are made of."""

from collections.abc import Iterator
from typing import Any

from model import Pointers, Ref, Run, State, Version, World

Step = Iterator[tuple[str, State]]
"""The outcomes of one step of a process: how each is called, and the state after it."""


def run_number(world: World, number: int) -> int:
    """Which run an actor belongs to; -1: it writes the branch."""
    run = world.actors[number].run
    return world.runs.index(run) if run else -1


def replaced(items: tuple[Any, ...], number: int, item: Any) -> tuple[Any, ...]:
    return (*items[:number], item, *items[number + 1 :])


def advanced(
    state: State, number: int, *, memory: object = None, told: str = "", to: int | None = None
) -> State:
    """The process has done its step and goes on (``to`` a place in its program)."""
    process = state.processes[number]
    at = process.at + 1 if to is None else to
    after = process._replace(at=at, memory=memory, told=told or process.told)
    return state._replace(processes=replaced(state.processes, number, after))


def leaving(world: World, state: State, number: int, told: str = "") -> State:
    """The process gives up what it was doing and goes on with ending its work."""
    program = world.actors[number].program
    at = state.processes[number].at
    ends = [place for place, (verb, _) in enumerate(program) if verb in ("keep", "release")]
    to = next((place for place in ends if place > at), len(program))
    return advanced(state, number, to=to, told=told)


def with_ref(state: State, run: int, ref: Ref | None) -> State:
    return state._replace(refs=replaced(state.refs, run, ref))


def with_run(state: State, run: int, record: Run | None) -> State:
    return state._replace(runs=replaced(state.runs, run, record))


def noted(run: Run, *entries: tuple[str, object], plans: int = 0) -> Run:
    """The run with new entries in its ledger."""
    ledger = tuple(sorted({**dict(run.ledger), **dict(entries)}.items(), key=lambda e: e[0]))
    return run._replace(ledger=ledger, plans=run.plans + plans)


def held(world: World, state: State, run: int) -> Pointers | None:
    """What the ref holds (run -1: the branch), None if there is no such ref."""
    if run < 0:
        return state.main
    ref = state.refs[run]
    return ref.ours if ref is not None else None


def locked(world: World, state: State, run: int, *, branch: bool = False) -> bool:
    """Whether a merge that is under way holds the ref (run -1: the branch) or the branch."""
    if not state.in_flight:
        return False
    names = [actor.name for actor in world.actors]
    return branch or run < 0 or run == run_number(world, names.index(state.in_flight))


def leased(world: World, state: State, run: int) -> bool:
    """Whether an invocation of the run is at work, as far as its lease tells.

    The last thing that it does (``release``) comes after it has given its lease back.
    """
    record = state.runs[run]
    return (
        record is not None
        and not record.over
        and any(
            run_number(world, number) == run
            and actor.program[0][0] == "begin"
            and 0 < process.at < len(actor.program) - 1
            and process.health in ("up", "renewed")
            and any(w.id == actor.name and not w.lapsed for w in state.writers)
            for number, (actor, process) in enumerate(
                zip(world.actors, state.processes, strict=True)
            )
        )
    )


def over(version: Version | None) -> tuple[str, ...]:
    """What a version names that is written over this one."""
    return () if version is None else (*version.over, version.name)
