"""The implementation makes the model's transitions: random paths, compared after every step.

Refusals, pointers, bases, states of runs, ledgers, writers, files and marks must be the model's.
"""

import random

import pytest
from driver import Driver, Make
from model import World
from paths import recover, walk
from worlds import EVERYTHING, WORLDS

PATHS = {"sqlite": 320, "postgres": 40}
STEPS = 60
CHUNKS = 8


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_paths(make_lake: Make, request: pytest.FixtureRequest, chunk: int) -> None:
    kind = request.node.callspec.params["make_lake"]
    number = PATHS[kind] // CHUNKS
    verbs: set[str] = set()
    for seed in range(chunk * number, (chunk + 1) * number):
        verbs |= follow_one(make_lake, seed)
    assert len(verbs) > 15, "the paths go nowhere"


def follow_one(make_lake: Make, seed: int) -> set[str]:
    """One path, and the recovery of what it leaves; the verbs that occurred."""
    world: World = random.Random(seed).choice([EVERYTHING, EVERYTHING, *WORLDS.values()])
    driver = Driver(world, make_lake())
    try:
        state, done = walk(world, driver, seed, STEPS)
        for actor in world.actors:
            driver.kill(actor.name)
        for number, run in enumerate(world.runs):
            record = state.runs[number]
            if record is not None and not record.over:
                state = recover(world, driver, state, run)
                assert driver.lake.catalog.run(run).state == "promoted"
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from None
    finally:
        driver.close()
    return {label.verb for label in done}
