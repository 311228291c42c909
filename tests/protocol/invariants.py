"""What must hold in every state, and of every step."""

from model import Label, Ref, State, Version, World, reached, values_of
from promoting import Evidence
from states import leased, run_number


def broken(world: World, before: State, label: Label, after: State) -> str:
    """What a step has broken, in words; empty if nothing."""
    return (
        _files(after)
        or _told(before, label)
        or _taken_for_dead(world, before, label, after)
        or _branch(world, before, label, after)
    )


def _files(after: State) -> str:
    lost = reached(after) - after.files
    return f"a reachable file was deleted: {', '.join(sorted(lost))}" if lost else ""


def _told(before: State, label: Label) -> str:
    if label.outcome == "was not promoted" and before.in_flight == label.who:
        return "the user was told that nothing was promoted while the merge was under way"
    return ""


def _taken_for_dead(world: World, before: State, label: Label, after: State) -> str:
    """Who renews its lease is fenced off by nobody, and its run's ref is not deleted."""
    if label.verb == "fence" and any(not w.lapsed for w in before.writers - after.writers):
        return "a writer that has renewed its lease was fenced off"
    if label.verb == "expire":
        for run, pair in enumerate(zip(before.refs, after.refs, strict=True)):
            if pair[0] is not None and pair[1] is None and leased(world, before, run):
                return "the ref of a run at work was deleted"
    return ""


def _branch(world: World, before: State, label: Label, after: State) -> str:
    """No update is lost, and what a run brings is whole and audited."""
    places = range(len(world.tables))
    moved = [place for place in places if before.main[place] != after.main[place]]
    if not moved:
        return ""
    number = [actor.name for actor in world.actors].index(label.who)
    run = run_number(world, number)
    ref = before.refs[run] if run >= 0 else None
    for place in moved:
        base = ref.base[place] if ref is not None else before.main[place]
        if not _seen(before.main[place], after.main[place], base):
            return f"an update of table {world.tables[place]} was lost"
    if ref is None:
        return ""
    changes = dict(ref.changes)
    done = after.runs[run]
    whole = all(after.main[place] == new for place, new in changes.items())
    if done is None or done.state != "promoted" or not whole:
        return "a mixed state was visible: only some of the run's tables were on the branch"
    return _promoted(world, before, number, ref)


def _seen(old: Version | None, new: Version | None, base: Version | None) -> bool:
    """Whether whoever wrote ``new`` knew ``old``."""
    return old is None or (old == base if new is None else old.name in (*new.over, *new.knew))


def _promoted(world: World, before: State, number: int, ref: Ref) -> str:
    """What a merge makes true is what the verdict saw, and what the checks ran over."""
    run = run_number(world, number)
    record, changes = before.runs[run], dict(ref.changes)
    assert record is not None
    judged = before.processes[number].memory
    if not isinstance(judged, Evidence) or judged.changes != ref.changes:
        return "something else was promoted than what the verdict was given on"
    planned = [node for node, entry in record.ledger if entry == "plan"]
    if planned and not before.in_flight:  # else the merge came first, and the plan after it
        return f"a run was promoted that was to build {', '.join(planned)} again"
    for version in changes.values():
        stale = _unknown_reads(world, ref, run, version)
        if stale:
            return f"{version} was built from {stale}, and no diff tells that it has moved"
    written = {world.tables[place] for place, version in changes.items() if version is not None}
    for check in world.checks:
        ran_over = (check, values_of(world, ref.ours, check))
        if written & set(check) and ran_over not in before.audited:
            return f"check {check} has not run over what was promoted"
    return ""


def _unknown_reads(world: World, ref: Ref, run: int, version: Version | None) -> str:
    """What a version was built from that is neither the run's own nor in what the ref stands on."""
    own = tuple(f"{actor.name}." for actor in world.actors if actor.run == world.runs[run])
    base = {held.name for held in ref.base if held is not None}
    reads = version.read if version is not None else ()
    return ", ".join(name for name in reads if name not in base and not name.startswith(own))
