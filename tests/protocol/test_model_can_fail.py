"""A model that cannot fail proves nothing: with each rule broken, the explorer must object."""

from dataclasses import fields, replace

import pytest
from explorer import explore
from model import Actor, Rules, World
from steps import program
from worlds import CLEANUP, WORLDS, build

DELETED = "a reachable file was deleted"
OTHER = "something else was promoted than what the verdict was given on"
LOST = "was lost"
STALE = "no diff tells that it has moved"

CLEANED = "cleanup beside a run and a direct write that stop"
JOINED = "a run joined by one that builds again"
OVERLAPPING = "overlapping runs and a direct write"
REBASED = "upstream and downstream, rebased"
CONFLICT = "a conflict, rebased while somebody promotes by hand"

BROKEN_RULES = {
    "commit_compares": (OVERLAPPING, LOST),
    "commit_asks_whether_fenced": (CLEANED, DELETED),
    "promotion_compares_the_base": (OVERLAPPING, LOST),
    "promotion_compares_what_was_judged": (JOINED, OTHER),
    "promotion_compares_drops": ("a run joined by one that drops, and promoted by hand", OTHER),
    "promotion_compares_plans": (REBASED, "was to build b again"),
    "promotion_is_one_step": (OVERLAPPING, "a mixed state was visible"),
    "changes_are_read_before_values": (JOINED, "has not run over what was promoted"),
    "values_are_taken_before_a_check": (JOINED, "has not run over what was promoted"),
    "receipt_waits_for_the_merge": (
        "disjoint runs that stop, answers lost",
        "told that nothing was promoted while the merge was under way",
    ),
    "rebase_plans_anew": (REBASED, STALE),
    "rebase_gives_up_what_was_overtaken": (CONFLICT, LOST),
    "rebase_fences": (REBASED, STALE),
    "cleanup_asks_for_writers": (CLEANED, DELETED),
    "cleanup_fences": (CLEANED, DELETED),
    "fence_compares_renewals": (CLEANED, "a writer that has renewed its lease was fenced off"),
    "deletion_compares_renewals": (
        "cleanup beside a command that joins a run which stops",
        "the ref of a run at work was deleted",
    ),
}


def test_every_rule_of_the_model_is_broken_once() -> None:
    assert set(BROKEN_RULES) == {field.name for field in fields(Rules)}


@pytest.mark.parametrize("rule", BROKEN_RULES)
def test_a_broken_rule_has_a_counterexample(rule: str) -> None:
    name, told = BROKEN_RULES[rule]
    found = explore(replace(WORLDS[name], rules=replace(Rules(), **{rule: False})))
    print(f"without {rule}: {found}")
    assert told in found.broken, str(found)
    assert found.trace


def reordered(name: str, actor: str, order: tuple[tuple[str, str], ...]) -> World:
    """A configuration in which one process does its steps in another order."""
    actors = WORLDS[name].actors
    changed = [replace(one, program=order) if one.name == actor else one for one in actors]
    return replace(WORLDS[name], actors=tuple(changed))


def moved(order: tuple[tuple[str, str], ...], verb: str, before: str):
    """A program in which a step comes earlier."""
    step = next(entry for entry in order if entry[0] == verb)
    rest = [entry for entry in order if entry != step]
    place = [entry[0] for entry in rest].index(before)
    return (*rest[:place], step, *rest[place:])


@pytest.mark.parametrize(
    "verb, before",
    [("ask roots", "list files"), ("ask roots", "ask writers"), ("ask writers", "list files")],
)
def test_cleanup_must_ask_in_its_order(verb: str, before: str) -> None:
    found = explore(reordered(CLEANED, "cleanup", moved(CLEANUP, verb, before)))
    print(f"{verb} before {before}: {found}")
    assert DELETED in found.broken, str(found)


def test_a_writer_must_register_before_its_first_file() -> None:
    late = program("write b, register, commit b, release")
    found = explore(reordered(CLEANED, "d", late))
    print(found)
    assert DELETED in found.broken, str(found)


def test_a_leak_is_found() -> None:
    """Where a killed writer is never fenced off, what it wrote is never deleted."""
    world = World("a", (Actor("i1", "r1", build("a", "a"), stops=True),), checks=("a",))
    found = explore(replace(world, rules=replace(Rules(), cleanup_fences=False)))
    assert found.states > 50
    assert not found.broken, "its files go all the same"
    import aftermath

    original = aftermath.CLEANING
    aftermath.CLEANING = tuple(verb for verb in original if verb != "delete files")
    try:
        assert "files leak" in explore(world).broken
    finally:
        aftermath.CLEANING = original
