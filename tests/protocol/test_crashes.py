"""A thousand seeded crashes: the lake holds what was before a step or after it, never between.

Two or three processes interleave as the model allows; one dies before, inside or after a step (at
any SQL statement, with its connection). The lake is read anew and compared with the model, the
others go on, and in the end every run is finished as a user would do it.
"""

import random
from collections import Counter

import pytest
from driver import Driver, Make, expected
from dying import Dying
from held import Killed
from model import Actor, Label, State, World
from paths import choices, follow, recover
from states import replaced, run_number, with_run
from worlds import APPROVE, DISCARD, REBASE, build, direct

CRASHES = {"sqlite": 1000, "postgres": 80}
CHUNKS = 10
VICTIMS = (
    *("begin", "register", "plan", "commit", "check", "release", "rebase", "discard", "delete ref"),
    *("intent", "keep") * 3,
    *("merge",) * 12,
)
"""The steps at which somebody dies: those of the promotion most of all."""

RUN_1 = Actor("i1", "r1", build("ab", "ab bc"))
RUN_2 = Actor("i2", "r2", build("bc", "ab bc"))
RUN_3 = Actor("i3", "r3", build("c", "bc"))
CRASHING = (
    World("abc", (RUN_1, RUN_2), checks=("ab", "bc")),
    World("abc", (RUN_1, RUN_2, RUN_3), checks=("ab", "bc")),
    World("abc", (RUN_1, Actor("d", "", direct("b")), RUN_2), checks=("ab", "bc")),
    World("abc", (RUN_1, Actor("joined", "r1", build("c", "bc"))), checks=("ab", "bc")),
    World(
        "ab",
        (
            Actor("i1", "r1", build("ab", "ab"), stops=True),
            Actor("d", "", direct("a")),
            Actor("rebase", "r1", REBASE),
            Actor("by hand", "r1", APPROVE),
            Actor("discard", "r1", DISCARD),
        ),
        upstream=(("b", "a"),),
        checks=("ab",),
    ),
)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_crash_leaves_old_or_new_and_every_run_can_be_finished(
    make_lake: Make, request: pytest.FixtureRequest, chunk: int
) -> None:
    number = CRASHES[request.node.callspec.params["make_lake"]] // CHUNKS
    seen: Counter[str] = Counter()
    for seed in range(chunk * number, (chunk + 1) * number):
        try:
            seen.update(crash(make_lake, random.Random(seed)))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from None
    print(dict(seen))
    assert seen["crashes"] == number
    if number >= 50:
        assert min(seen["inside"], seen["outside"], seen["old"], seen["new"]) > 10, seen


def crash(make_lake: Make, chance: random.Random) -> list[str]:
    """One crash and its aftermath; what kind of crash it was."""
    verb = chance.choice(VICTIMS)
    world = chance.choice([world for world in CRASHING if verb in verbs(world)])
    driver = Driver(world, make_lake())
    try:
        *path, (label, after) = path_to(world, verb, chance)
        for step, reached in path:
            driver.do(step, reached, world)
        state = path[-1][1] if path else world.start()
        kinds, state = die(driver, label, (state, after), chance)
        for _ in range(chance.randrange(15)):
            options = [o for o in choices(world, state) if o[0].who != label.who]
            if not options:
                break
            step, state = chance.choice(options)
            follow(driver, world, step, state, [label, step])
        for actor in world.actors:
            driver.kill(actor.name)
        for number, run in enumerate(world.runs):
            record = state.runs[number]
            if record is not None and not record.over:
                state = recover(world, driver, state, run)
                assert driver.lake.catalog.run(run).state == "promoted"
        return kinds
    finally:
        driver.close()


def verbs(world: World) -> set[str]:
    return {verb for actor in world.actors for verb, _ in actor.program}


def path_to(world: World, verb: str, chance: random.Random) -> list[tuple[Label, State]]:
    """A path of the model on which the last step is ``verb``, of whomever."""
    while True:
        state, steps = world.start(), []
        while options := choices(world, state):
            label, state = chance.choice(options)
            steps.append((label, state))
            if label.verb == verb and label.outcome != "refused":
                return steps


def die(
    driver: Driver, label: Label, step: tuple[State, State], chance: random.Random
) -> tuple[list[str], State]:
    """Die in a step; the kind of crash, and the state of the model that the lake is in."""
    world, (before, after) = driver.world, step
    catalog = driver.hand(label.who, world).catalog
    statements = 26 if label.verb in ("merge", "rebase", "begin", "delete ref") else 8
    dying = Dying(catalog, chance.randint(1, statements), after=chance.random() < 0.5)
    try:
        driver.do(label, after, world)
    except Killed:
        assert dying.died
    driver.kill(label.who)
    observed = driver.observed()
    places = {"old": before, "new": after, "between": not_noted(world, label, before, after)}
    found = [name for name, state in places.items() if observed == expected(world, state)]
    assert found, f"{label} died in {dying.statements[-1:]}: the lake is {observed}"
    kind = "inside" if dying.in_a_transaction else "outside"
    dead = down(world, places[found[0]], label.who)
    driver.let_time_pass(world, dead)
    return ["crashes", kind, found[0], label.verb], dead


def not_noted(world: World, label: Label, before: State, after: State) -> State:
    """A table's pointer has moved, and the ledger does not say so yet: two transactions.

    Until then the ledger says that the table is to be built, and so nothing is promoted.
    """
    run = run_number(world, [actor.name for actor in world.actors].index(label.who))
    record, earlier = after.runs[run], before.runs[run]
    if label.verb not in ("commit", "drop") or run < 0 or record is None or earlier is None:
        return after
    return with_run(after, run, record._replace(ledger=earlier.ledger))


def down(world: World, state: State, who: str) -> State:
    """The process is gone for good; what it leased lapses."""
    number = [actor.name for actor in world.actors].index(who)
    process = state.processes[number]._replace(health="down")
    writers = frozenset(w._replace(lapsed=w.lapsed or w.id == who) for w in state.writers)
    return state._replace(processes=replaced(state.processes, number, process), writers=writers)
