"""What may happen next: every step of every process, and what befalls processes."""

from collections.abc import Callable, Iterator

import promoting
import tending
import working
from model import Label, Process, State, World
from states import Step, replaced, run_number

VERBS: dict[str, Callable[[World, State, int, str], Step]] = {
    "begin": working.begin,
    "register": working.register,
    "plan": working.plan,
    "write": working.write,
    "commit": working.commit,
    "drop": working.drop,
    "look": working.look,
    "check": working.check,
    "read first": promoting.read_first,
    "read second": promoting.read_second,
    "decide": promoting.decide,
    "intent": promoting.intent,
    "merge": promoting.merge,
    "receipt": promoting.receipt,
    "keep": promoting.keep,
    "release": working.release,
    "if idle": tending.if_idle,
    "rebase": tending.rebase,
    "discard": tending.discard,
    "delete ref": tending.delete_ref,
    "watch": tending.watch,
    "expire": tending.expire,
    "fence": tending.fence,
    "list files": tending.list_files,
    "ask writers": tending.ask_writers,
    "ask roots": tending.ask_roots,
    "mark": tending.mark,
    "delete files": tending.delete_files,
}

JUDGING = ("read first", "read second", "decide", "intent", "merge", "receipt", "keep")
CLEANING = (
    "watch",
    "expire",
    "fence",
    "list files",
    "ask writers",
    "ask roots",
    "mark",
    "delete files",
)


def program(text: str) -> tuple[tuple[str, str], ...]:
    """A program in short: verbs with what they act on, separated by commas; ``judge`` is all of it.

    >>> program("write a, commit a, release")
    (('write', 'a'), ('commit', 'a'), ('release', ''))
    """
    found: list[tuple[str, str]] = []
    for part in text.split(", "):
        if part == "judge":
            found += [(verb, "") for verb in JUDGING]
        elif part in VERBS:
            found.append((part, ""))
        else:
            verb, what = part.rsplit(" ", 1)
            found.append((verb, what))
    return tuple(found)


def successors(world: World, state: State) -> Iterator[tuple[Label, State]]:
    """Every next state, with the step that leads to it."""
    for number, process in enumerate(state.processes):
        yield from befalls(world, state, number, process)
        if process.health != "down":
            yield from own(world, state, number)
    yield from landing(world, state)


def own(world: World, state: State, number: int) -> Iterator[tuple[Label, State]]:
    """The next step of a process's own program."""
    actor, process = world.actors[number], state.processes[number]
    if process.at < len(actor.program):
        verb, what = actor.program[process.at]
        for outcome, after in VERBS[verb](world, state, number, what):
            yield Label(actor.name, verb, what, outcome), after


def befalls(
    world: World, state: State, number: int, process: Process
) -> Iterator[tuple[Label, State]]:
    """It is killed or suspended (its leases lapse), resumes, or renews its lease after that."""
    actor = world.actors[number]
    if not actor.stops or process.at == len(actor.program) or state.in_flight == actor.name:
        return
    if process.health == "up" and process.at > 0:
        yield Label(actor.name, "stops"), _lapsed(_healthy(state, number, "down"), actor.name, True)
    elif process.health == "down":
        yield Label(actor.name, "resumes"), _healthy(state, number, "back")
    elif process.health == "back":
        renewed = _lapsed(_healthy(state, number, "renewed"), actor.name, False)
        run = run_number(world, number)
        record = state.runs[run] if run >= 0 else None
        alive = any(writer.id == actor.name for writer in state.writers)
        if alive and record is not None and not record.over:
            again = record._replace(renewals=record.renewals + 1)
            renewed = renewed._replace(runs=replaced(renewed.runs, run, again))
        yield Label(actor.name, "renews"), renewed


def landing(world: World, state: State) -> Iterator[tuple[Label, State]]:
    """A merge whose connection is lost ends in the database: done, or rolled back."""
    if state.in_flight:
        names = [actor.name for actor in world.actors]
        run = run_number(world, names.index(state.in_flight))
        free = state._replace(in_flight="")
        yield Label(state.in_flight, "lands", "", "done"), promoting.merged(world, free, run)
        yield Label(state.in_flight, "lands", "", "rolled back"), free


def finished(world: World, state: State) -> bool:
    """Whether nobody has anything left to do."""
    return all(
        process.at == len(actor.program)
        for actor, process in zip(world.actors, state.processes, strict=True)
    )


def _healthy(state: State, number: int, health: str) -> State:
    process = state.processes[number]._replace(health=health)
    return state._replace(processes=replaced(state.processes, number, process))


def _lapsed(state: State, name: str, lapsed: bool) -> State:
    writers = frozenset(
        writer._replace(lapsed=lapsed, renewals=writer.renewals + (not lapsed))
        if writer.id == name
        else writer
        for writer in state.writers
    )
    return state._replace(writers=writers)
