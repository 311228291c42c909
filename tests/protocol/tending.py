"""What is done by hand and by cleanup: rebase, discard, expire, fence, delete files."""

from typing import NamedTuple

from model import Ref, Run, State, World, Writer, reached
from states import (
    Step,
    advanced,
    leased,
    locked,
    noted,
    replaced,
    run_number,
    with_ref,
    with_run,
)


class Sweep(NamedTuple):
    """What a cleanup knows so far."""

    expired: tuple[tuple[int, int], ...] = ()
    """Runs, with how often their leases had been renewed."""
    dead: frozenset[Writer] = frozenset()
    listed: frozenset[str] = frozenset()
    writers: frozenset[str] = frozenset()
    reached: frozenset[str] = frozenset()
    garbage: frozenset[str] = frozenset()


def if_idle(world: World, state: State, number: int, _: str) -> Step:
    """A command on a run: it must be there, not be over, and nobody be at work on it."""
    run = run_number(world, number)
    record = state.runs[run]
    there = record is not None and state.refs[run] is not None and not record.over
    if there and not leased(world, state, run):
        yield "", advanced(state, number)


def rebase(world: World, state: State, number: int, _: str) -> Step:
    """Move the ref onto the branch in one transaction, and plan what must be built again."""
    run = run_number(world, number)
    ref, record = state.refs[run], state.runs[run]
    if locked(world, state, run, branch=True):
        return
    writing = {writer for writer in state.writers if writer.ref == world.runs[run]}
    alive = any(not writer.lapsed for writer in writing)
    if ref is None or record is None or not ref.open or (alive and world.rules.rebase_fences):
        yield "refused", advanced(state, number)
        return
    if world.rules.rebase_fences:
        state = state._replace(writers=state.writers - writing)
    lost, ours = [], state.main
    for place, version in ref.changes:
        if state.main[place] in (ref.base[place], version) or not (
            world.rules.rebase_gives_up_what_was_overtaken
        ):
            ours = replaced(ours, place, version)
        else:
            lost.append(place)
    after = with_ref(state, run, Ref(state.main, ours))
    planned = _to_rebuild(world, ref, state, lost) if world.rules.rebase_plans_anew else []
    record = noted(record, *((table, "plan") for table in planned), plans=1 if planned else 0)
    yield "", advanced(with_run(after, run, record), number)


def discard(world: World, state: State, number: int, _: str) -> Step:
    run = run_number(world, number)
    record = state.runs[run]
    if locked(world, state, run):
        return
    if record is not None and not record.over:
        state = with_run(state, run, record._replace(state="discarded"))
        ref = state.refs[run]
        state = with_ref(state, run, ref._replace(open=False) if ref is not None else None)
    yield "", advanced(state, number)


def delete_ref(world: World, state: State, number: int, _: str) -> Step:
    run = run_number(world, number)
    if not locked(world, state, run):
        yield "", advanced(_deleted(world, state, run), number)


def watch(world: World, state: State, number: int, _: str) -> Step:
    """See who has not renewed for longer than a living process can, and what has expired.

    Time is not modelled: a ref that nobody leases may have expired, and a lease that is not renewed
    may not have lapsed yet.
    """
    dead = frozenset(writer for writer in state.writers if writer.lapsed)
    expired = tuple(
        (run, record.renewals)
        for run, record in enumerate(state.runs)
        if record is not None and state.refs[run] is not None and not leased(world, state, run)
    )
    yield "", advanced(state, number, memory=Sweep(dead=dead))
    if expired:
        yield "refs expired", advanced(state, number, memory=Sweep(expired, dead))


def expire(world: World, state: State, number: int, _: str) -> Step:
    """Delete the expired refs that nobody has taken up meanwhile."""
    sweep = _sweep(state, number)
    for run, renewals in sweep.expired:
        record = state.runs[run]
        if locked(world, state, run):
            return
        compared = world.rules.deletion_compares_renewals
        same = record is not None and (record.renewals == renewals or not compared)
        if same and state.refs[run] is not None:
            state = _deleted(world, state, run)
    yield "", advanced(state, number, memory=sweep._replace(expired=()))


def fence(world: World, state: State, number: int, _: str) -> Step:
    """Take the right to write from the dead, unless they have renewed meanwhile."""
    sweep, rules = _sweep(state, number), world.rules
    dead = sweep.dead
    if any(locked(world, state, _ref_number(world, writer)) for writer in dead):
        return
    if not rules.fence_compares_renewals:
        names = {writer.id for writer in dead}
        dead = frozenset(writer for writer in state.writers if writer.id in names)
        sweep = sweep._replace(dead=dead)
    if rules.cleanup_fences:
        state = state._replace(writers=state.writers - dead)
    yield "", advanced(state, number, memory=sweep)


def list_files(world: World, state: State, number: int, _: str) -> Step:
    yield "", advanced(state, number, memory=_sweep(state, number)._replace(listed=state.files))


def ask_writers(world: World, state: State, number: int, _: str) -> Step:
    sweep = _sweep(state, number)
    alive = frozenset(writer.id for writer in state.writers if writer not in sweep.dead)
    asked = alive if world.rules.cleanup_asks_for_writers else frozenset()
    yield "", advanced(state, number, memory=sweep._replace(writers=asked, dead=frozenset()))


def ask_roots(world: World, state: State, number: int, _: str) -> Step:
    sweep = _sweep(state, number)._replace(reached=reached(state))
    yield "", advanced(state, number, memory=sweep)


def mark(world: World, state: State, number: int, _: str) -> Step:
    """Remember which unreached files wait for which writers; the others are garbage."""
    sweep, known = _sweep(state, number), dict(state.marks)
    waiting = {
        name: known.get(name, sweep.writers) & sweep.writers
        for name in sweep.listed - sweep.reached
    }
    garbage = frozenset(name for name, writers in waiting.items() if not writers)
    marks = frozenset((name, writers) for name, writers in waiting.items() if writers)
    yield "", advanced(state._replace(marks=marks), number, memory=Sweep(garbage=garbage))


def delete_files(world: World, state: State, number: int, _: str) -> Step:
    yield "", advanced(state._replace(files=state.files - _sweep(state, number).garbage), number)


def _to_rebuild(world: World, ref: Ref, state: State, lost: list[int]) -> list[str]:
    """The tables that were overtaken, or were built by the run from what has moved."""
    chosen = {world.tables[place] for place in lost}
    places = range(len(world.tables))
    moved = {world.tables[place] for place in places if state.main[place] != ref.base[place]}
    kept = {world.tables[place] for place, version in ref.changes if version} - chosen
    while True:
        found = {t for t, up in world.upstream if t in kept - chosen and up in moved | chosen}
        if not found:
            return sorted(chosen)
        chosen |= found


def _deleted(world: World, state: State, run: int) -> State:
    """The ref is gone with its writers; the record of the run stays."""
    record = state.runs[run]
    assert record is not None
    writers = frozenset(w for w in state.writers if w.ref != world.runs[run])
    state = with_ref(state._replace(writers=writers), run, None)
    ended: Run = record if record.over else record._replace(state="discarded")
    return with_run(state, run, ended)


def _ref_number(world: World, writer: Writer) -> int:
    return -1 if writer.ref == "main" else world.runs.index(writer.ref)


def _sweep(state: State, number: int) -> Sweep:
    memory = state.processes[number].memory
    assert isinstance(memory, Sweep)
    return memory
