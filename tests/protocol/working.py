"""What an invocation does until its verdict: begin, register, plan, write, commit, check."""

from typing import NamedTuple

from model import Pointers, Ref, Run, State, Version, World, Writer, values_of
from states import (
    Step,
    advanced,
    held,
    leaving,
    locked,
    noted,
    over,
    replaced,
    run_number,
    with_ref,
    with_run,
)


class Unswapped(NamedTuple):
    """A file that is written, and the pointer that it was written over."""

    expected: Version | None
    version: Version


def begin(world: World, state: State, number: int, _: str) -> Step:
    """Create the run and its ref or join it, and become its writer, in one transaction."""
    run = run_number(world, number)
    record = state.runs[run]
    if locked(world, state, run, branch=record is None):
        return
    if record is None:
        made = with_run(with_ref(state, run, Ref(state.main, state.main)), run, Run())
        yield "made", advanced(_writing(world, made, number), number)
    elif record.over:
        yield "refused", leaving(world, state, number, "not promoted")
    else:
        joined = record._replace(state="open", renewals=record.renewals + 1)
        writing = _writing(world, with_run(state, run, joined), number)
        yield "joined", advanced(writing, number)


def register(world: World, state: State, number: int, _: str) -> Step:
    """Become a writer, before the first file."""
    run = run_number(world, number)
    if locked(world, state, run):
        return
    known, writing = state.processes[number].memory, _writing(world, state, number)
    record = state.runs[run] if run >= 0 else None
    if record is not None and not record.over:
        writing = with_run(writing, run, record._replace(renewals=record.renewals + 1))
    yield "", advanced(writing, number, memory=known)


def _writing(world: World, state: State, number: int) -> State:
    """The process is a writer, with a lease that begins now."""
    run, name = run_number(world, number), world.actors[number].name
    before = [one for one in state.writers if one.id == name]
    renewals = before[0].renewals + 1 if before else 0
    writer = Writer(name, "main" if run < 0 else world.runs[run], renewals=renewals)
    return state._replace(writers=(state.writers - set(before)) | {writer})


def plan(world: World, state: State, number: int, tables: str) -> Step:
    """Note what will be built; one entry that never ends blocks the promotion."""
    run = run_number(world, number)
    record = state.runs[run]
    assert record is not None
    done = noted(record, *((table, "plan") for table in tables), plans=1)
    yield "", advanced(with_run(state, run, done), number)


def write(world: World, state: State, number: int, table: str) -> Step:
    """Read the pointer and write the next file; nothing points to it yet.

    That the pointer is read at the same moment loses nothing: whoever moves it between reading and
    writing may as well move it between writing and the commit.
    """
    pointers = held(world, state, run_number(world, number))
    if pointers is None:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    old = pointers[world.tables.index(table)]
    upstream = [pointers[world.tables.index(up)] for t, up in world.upstream if t == table]
    name = f"{world.actors[number].name}.{table}{state.processes[number].at}"
    read = tuple(up.name for up in upstream if up is not None)
    version = Version(name, over(old), read, knew=_dropped(world, state, number, table))
    wrote = state._replace(files=state.files | {name})
    yield "", advanced(wrote, number, memory=Unswapped(old, version))


def commit(world: World, state: State, number: int, table: str) -> Step:
    """Compare and swap the pointer, if still a writer of an open ref."""
    memory = state.processes[number].memory
    assert isinstance(memory, Unswapped)
    yield from _swapped(world, state, number, (table, memory.expected, memory.version))


def drop(world: World, state: State, number: int, table: str) -> Step:
    pointers = held(world, state, run_number(world, number))
    old = None if pointers is None else pointers[world.tables.index(table)]
    if old is None:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    yield from _swapped(world, state, number, (table, old, None))


def look(world: World, state: State, number: int, check: str) -> Step:
    """Take the values of what a check reads, before it runs."""
    pointers = held(world, state, run_number(world, number))
    if pointers is None:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    yield "", advanced(state, number, memory=values_of(world, pointers, check))


def check(world: World, state: State, number: int, check: str) -> Step:
    """Run the check over what the ref holds now; note that it passed on what was taken before."""
    run = run_number(world, number)
    pointers, record = held(world, state, run), state.runs[run]
    if pointers is None or record is None:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    now, taken = values_of(world, pointers, check), state.processes[number].memory
    ran_over = now if world.rules.values_are_taken_before_a_check else taken
    noting = taken if world.rules.values_are_taken_before_a_check else now
    done = with_run(state, run, noted(record, (f"check {check}", noting)))
    yield "", advanced(done._replace(audited=state.audited | {(check, ran_over)}), number)


def release(world: World, state: State, number: int, _: str) -> Step:
    """Give the leases back; the invocation is over."""
    name = world.actors[number].name
    writers = frozenset(writer for writer in state.writers if writer.id != name)
    yield "", advanced(state._replace(writers=writers), number)


def _dropped(world: World, state: State, number: int, table: str) -> tuple[str, ...]:
    """What the run has dropped before it writes the table anew."""
    run, place = run_number(world, number), world.tables.index(table)
    ref = state.refs[run] if run >= 0 else None
    return over(ref.base[place]) if ref is not None and ref.ours[place] is None else ()


Move = tuple[str, Version | None, Version | None]
"""A table, the value that its pointer must have, and the one that it gets."""


def _swapped(world: World, state: State, number: int, move: Move) -> Step:
    table, old, new = move
    run, name = run_number(world, number), world.actors[number].name
    pointers = held(world, state, run)
    if locked(world, state, run):
        return
    ref = state.refs[run] if run >= 0 else None
    place = world.tables.index(table)
    fenced = world.rules.commit_asks_whether_fenced and not any(
        writer.id == name for writer in state.writers
    )
    moved = world.rules.commit_compares and pointers is not None and pointers[place] != old
    if pointers is None or (ref is not None and not ref.open) or fenced or moved:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    after: Pointers = replaced(pointers, place, new)
    if ref is None:
        yield "", advanced(state._replace(main=after), number)
        return
    record = state.runs[run]
    assert record is not None
    done = with_run(
        with_ref(state, run, ref._replace(ours=after)), run, noted(record, (table, "done"))
    )
    yield "", advanced(done, number)
