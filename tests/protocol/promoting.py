"""From evidence to truth: the verdict, the intent, the merge, and being sure of its answer."""

from typing import NamedTuple

from model import Changes, Pointers, State, World, verdict
from states import Step, advanced, held, leaving, locked, replaced, run_number, with_ref, with_run


class Evidence(NamedTuple):
    """What the verdict has read so far, in the order of reading."""

    changes: Changes = ()
    pointers: Pointers = ()
    plans: int = 0


def read_first(world: World, state: State, number: int, _: str) -> Step:
    """Read what the ref has changed since its base."""
    yield from _read(world, state, number, world.rules.changes_are_read_before_values)


def read_second(world: World, state: State, number: int, _: str) -> Step:
    """Read the values of all tables of the ref."""
    yield from _read(world, state, number, not world.rules.changes_are_read_before_values)


def decide(world: World, state: State, number: int, _: str) -> Step:
    """Read the ledger and give the verdict, which is a pure function."""
    evidence, record = state.processes[number].memory, state.runs[run_number(world, number)]
    assert isinstance(evidence, Evidence)
    if record is None or not verdict(world, record, evidence.changes, evidence.pointers):
        yield "not to promote", leaving(world, state, number, "not promoted")
        return
    yield "to promote", advanced(state, number, memory=evidence._replace(plans=record.plans))


def intent(world: World, state: State, number: int, _: str) -> Step:
    """Note that the run is about to be promoted."""
    run = run_number(world, number)
    record = state.runs[run]
    if locked(world, state, run):
        return
    if record is None or record.over:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    noted = with_run(state, run, record._replace(state="promoting"))
    yield "", advanced(noted, number, memory=state.processes[number].memory)


def merge(world: World, state: State, number: int, _: str) -> Step:
    """One transaction: compare, move every pointer, close the ref, mark the run promoted."""
    run, name = run_number(world, number), world.actors[number].name
    if locked(world, state, run, branch=True):
        return
    if not _mergeable(world, state, number):
        yield "refused", leaving(world, state, number, "not promoted")
        return
    done = merged(world, state, run)
    if not world.rules.promotion_is_one_step:
        half = _first_half(world, state, run)
        if half != state.main:
            yield "half", state._replace(main=half)
            return
    yield "done", leaving(world, done, number, "promoted")
    if world.answers_get_lost:
        memory = state.processes[number].memory
        yield "lost, done", advanced(done, number, memory=memory)
        yield "lost, undone", advanced(state, number, memory=memory)
        yield "lost, under way", advanced(state._replace(in_flight=name), number, memory=memory)


def receipt(world: World, state: State, number: int, _: str) -> Step:
    """The answer was lost: the run's own record tells, once nobody holds the ref's lock."""
    run = run_number(world, number)
    if world.rules.receipt_waits_for_the_merge and locked(world, state, run):
        return
    record = state.runs[run]
    if record is not None and record.state == "promoted":
        yield "was promoted", leaving(world, state, number, "promoted")
    else:
        if record is not None and not record.over:  # the intent is noted again, to get the lock
            state = with_run(state, run, record._replace(state="promoting"))
        yield "was not promoted", leaving(world, state, number, "not promoted")


def keep(world: World, state: State, number: int, _: str) -> Step:
    """A run that is not promoted is kept; one that is over stays what it is."""
    run = run_number(world, number)
    if locked(world, state, run):
        return
    record = state.runs[run]
    if record is not None and not record.over:
        state = with_run(state, run, record._replace(state="kept"))
    yield "", advanced(state, number)


def merged(world: World, state: State, run: int) -> State:
    """What the transaction leaves."""
    ref, record = state.refs[run], state.runs[run]
    assert ref is not None
    assert record is not None
    main = state.main
    for place, version in ref.changes:
        main = replaced(main, place, version)
    after = with_ref(state._replace(main=main), run, ref._replace(open=False))
    return with_run(after, run, record._replace(state="promoted"))


def _first_half(world: World, state: State, run: int) -> Pointers:
    """The branch when only the first pointer that differs has moved (a rule is broken)."""
    ref = state.refs[run]
    assert ref is not None
    differing = [change for change in ref.changes if state.main[change[0]] != change[1]]
    return replaced(state.main, *differing[0]) if len(differing) > 1 else state.main


def _mergeable(world: World, state: State, number: int) -> bool:
    rules, run = world.rules, run_number(world, number)
    ref, record, evidence = state.refs[run], state.runs[run], state.processes[number].memory
    assert isinstance(evidence, Evidence)
    if ref is None or record is None or not ref.open:
        return False
    judged, changes = evidence.changes, ref.changes
    if not rules.promotion_compares_drops:
        judged = tuple(change for change in judged if change[1] is not None)
        changes = tuple(change for change in changes if change[1] is not None)
    if rules.promotion_compares_what_was_judged and judged != changes:
        return False
    if rules.promotion_compares_plans and evidence.plans != record.plans:
        return False
    return not rules.promotion_compares_the_base or all(
        state.main[place] in (ref.base[place], version) for place, version in ref.changes
    )


def _read(world: World, state: State, number: int, changes: bool) -> Step:
    run = run_number(world, number)
    ref, known = state.refs[run], state.processes[number].memory
    if ref is None:
        yield "refused", leaving(world, state, number, "not promoted")
        return
    evidence = known if isinstance(known, Evidence) else Evidence()
    if changes:
        evidence = evidence._replace(changes=ref.changes)
    else:
        evidence = evidence._replace(pointers=held(world, state, run))
    yield "", advanced(state, number, memory=evidence)
