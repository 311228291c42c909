"""Random paths of the model, step by step on a real catalog."""

import random
from dataclasses import replace

from aftermath import REBASE, finish
from driver import Driver, expected
from model import Actor, Label, Process, State, World
from steps import own, successors


def walk(world: World, driver: Driver, seed: int, steps: int) -> tuple[State, list[Label]]:
    """Follow the model for so many steps and compare after each; where it ended, and how."""
    chance, state, done = random.Random(seed), world.start(), []
    for _ in range(steps):
        options = choices(world, state)
        if not options:
            break
        label, state = chance.choice(options)
        done.append(label)
        follow(driver, world, label, state, done)
    return state, done


def choices(world: World, state: State) -> list[tuple[Label, State]]:
    """The next steps that a test can bring about (no server is stopped in mid-merge)."""
    found = successors(world, state)
    return [(label, after) for label, after in found if label.outcome != "lost, under way"]


def follow(driver: Driver, world: World, label: Label, state: State, done: list[Label]) -> None:
    """Do one step and compare everything that can be seen. Raises ``AssertionError``."""
    try:
        driver.do(label, state, world)
        assert driver.observed() == expected(world, state)
    except AssertionError as error:
        raise AssertionError(f"{error}\nafter:\n" + "\n".join(map(str, done))) from None


def recover(world: World, driver: Driver, state: State, run: str) -> State:
    """Finish a run as a user would, with the model beside: a rebase, then one command."""
    state = state._replace(
        writers=frozenset(writer._replace(lapsed=True) for writer in state.writers)
    )
    for actor in (Actor("rebase it", run, REBASE), Actor("finish it", run, finish(world))):
        alone = replace(world, actors=(actor,), run_names=world.runs, answers_get_lost=False)
        state = state._replace(processes=(Process(),))
        driver.let_time_pass(alone, state)
        while state.processes[0].at < len(actor.program):
            label, state = [*own(alone, state, 0)][-1]
            driver.do(label, state, alone)
        assert driver.observed() == expected(alone, state)
        driver.kill(actor.name)
        state = state._replace(processes=())
    return state
