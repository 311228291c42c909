"""The configurations that are explored, each made for one part of the protocol.

A process that stops may stop before any of its steps, for ever (it was killed) or for a while (its
machine slept): others then take it for dead. A process that does not stop is merely slow.
"""

from model import Actor, World
from steps import CLEANING, program


def build(tables: str, checks: str = "", again: str = "") -> tuple[tuple[str, str], ...]:
    """`dbt build`: make tables, run checks (separated by blanks), let the verdict decide."""
    made = "".join(f"write {table}, commit {table}, " for table in tables + again)
    run = "".join(f"look {check}, check {check}, " for check in checks.split())
    return program(f"begin, register, plan {tables}, {made}{run}judge, release")


def direct(table: str) -> tuple[tuple[str, str], ...]:
    """A write of the branch itself (wap: off)."""
    return program(f"register, write {table}, commit {table}, release")


CLEANUP = tuple((verb, "") for verb in CLEANING)
REBASE = program("if idle, rebase, keep")
APPROVE = program("if idle, judge")
DISCARD = program("if idle, discard, delete ref")
TEST_A = program("begin, register, look a, check a, judge, release")
DROP_B = program("begin, register, plan b, drop b, judge, release")

WORLDS: dict[str, World] = {
    "disjoint runs that stop, answers lost": World(
        "ab",
        (
            Actor("i1", "r1", build("a", "a"), stops=True),
            Actor("i2", "r2", build("b", "b"), stops=True),
        ),
        checks=("a", "b"),
        answers_get_lost=True,
    ),
    "overlapping runs and a direct write": World(
        "abc",
        (
            Actor("i1", "r1", build("ab", "a b")),
            Actor("i2", "r2", build("bc", "b c")),
            Actor("d", "", direct("a")),
        ),
        checks=("a", "b", "c"),
    ),
    "a run joined by one that builds again": World(
        "ab",
        (
            Actor("i1", "r1", build("a", "ab"), stops=True),
            Actor("i2", "r1", build("ab", "ab"), stops=True),
        ),
        checks=("ab",),
    ),
    "a run joined by one that drops, and promoted by hand": World(
        "ab",
        (
            Actor("i1", "r1", build("a", "a"), stops=True),
            Actor("i2", "r1", DROP_B),
            Actor("by hand", "r1", APPROVE),
        ),
        checks=("a",),
    ),
    "upstream and downstream, rebased": World(
        "ab",
        (
            Actor("d", "", direct("a")),
            Actor("i2", "r2", build("b", "b"), stops=True),
            Actor("rebase", "r2", REBASE),
            Actor("by hand", "r2", APPROVE),
        ),
        upstream=(("b", "a"),),
        checks=("a", "b"),
    ),
    "a conflict, rebased while somebody promotes by hand": World(
        "ab",
        (
            Actor("d", "", direct("a")),
            Actor("i2", "r2", build("ab", "a b"), stops=True),
            Actor("rebase", "r2", REBASE),
            Actor("by hand", "r2", APPROVE),
        ),
        upstream=(("b", "a"),),
        checks=("a", "b"),
    ),
    "cleanup beside a run and a direct write that stop": World(
        "ab",
        (
            Actor("i1", "r1", build("a", "a"), stops=True),
            Actor("d", "", direct("b"), stops=True),
            Actor("cleanup", "", CLEANUP),
        ),
        checks=("a",),
    ),
    "two cleanups beside a run that stops": World(
        "a",
        (
            Actor("i1", "r1", build("a", "a"), stops=True),
            Actor("cleanup", "", CLEANUP),
            Actor("cleanup 2", "", CLEANUP),
        ),
        checks=("a",),
    ),
    "cleanup beside rebase and discard": World(
        "a",
        (
            Actor("i1", "r1", build("a", "a"), stops=True),
            Actor("rebase", "r1", REBASE),
            Actor("discard", "r1", DISCARD),
            Actor("cleanup", "", CLEANUP),
        ),
        checks=("a",),
    ),
    "cleanup beside a command that joins a run which stops": World(
        "a",
        (
            Actor(
                "i1", "r1", program("begin, register, write a, commit a, keep, release"), stops=True
            ),
            Actor("i2", "r1", TEST_A),
            Actor("cleanup", "", CLEANUP),
        ),
        checks=("a",),
    ),
    "three runs": World(
        "abc",
        (
            Actor("i1", "r1", build("ab", "ab")),
            Actor("i2", "r2", build("bc", "bc")),
            Actor("i3", "r3", build("ca", "ca")),
        ),
        checks=("ab", "bc", "ca"),
    ),
}

LARGE: dict[str, World] = {
    "large: upstream and downstream as two runs, rebased and joined": World(
        "ab",
        (
            Actor("i1", "r1", build("a", "a")),
            Actor("i2", "r2", build("b", "b"), stops=True),
            Actor("rebase", "r2", REBASE),
            Actor("i3", "r2", build("b", "b")),
        ),
        upstream=(("b", "a"),),
        checks=("a", "b"),
    ),
    "large: cleanup beside rebase, discard and a joining command": World(
        "a",
        (
            Actor("i1", "r1", build("a", "a"), stops=True),
            Actor("rebase", "r1", REBASE),
            Actor("discard", "r1", DISCARD),
            Actor("i2", "r1", TEST_A),
            Actor("cleanup", "", CLEANUP),
        ),
        checks=("a",),
    ),
    "large: two overlapping runs and a direct write that all stop": World(
        "ab",
        (
            Actor("i1", "r1", build("ab", "ab"), stops=True),
            Actor("i2", "r2", build("b", "b"), stops=True),
            Actor("d", "", direct("a"), stops=True),
        ),
        checks=("ab", "b"),
    ),
}
"""Minutes, and some gigabytes of memory: `make protocol`."""

EVERYTHING = World(
    "abc",
    (
        Actor("i1", "r1", build("ab", "ab"), stops=True),
        Actor("i2", "r2", build("bc", "bc"), stops=True),
        Actor("i3", "r1", build("a", "ab", again="a"), stops=True),
        Actor("drop", "r2", DROP_B),
        Actor("d", "", direct("c"), stops=True),
        Actor("rebase", "r1", REBASE),
        Actor("by hand", "r2", APPROVE),
        Actor("discard", "r2", DISCARD),
        Actor("cleanup", "", CLEANUP),
        Actor("cleanup 2", "", CLEANUP),
    ),
    upstream=(("b", "a"), ("c", "b")),
    checks=("ab", "bc"),
    answers_get_lost=True,
)
"""Too much to look at every state: for random paths."""

STATES: dict[str, int] = {
    "disjoint runs that stop, answers lost": 14_000,
    "overlapping runs and a direct write": 5_000,
    "a run joined by one that builds again": 47_000,
    "a run joined by one that drops, and promoted by hand": 40_000,
    "upstream and downstream, rebased": 39_000,
    "a conflict, rebased while somebody promotes by hand": 80_000,
    "cleanup beside a run and a direct write that stop": 180_000,
    "two cleanups beside a run that stops": 75_000,
    "cleanup beside rebase and discard": 47_000,
    "cleanup beside a command that joins a run which stops": 34_000,
    "three runs": 3_000,
}
"""A floor for the states of each, so that no test can explore nothing without being noticed."""
