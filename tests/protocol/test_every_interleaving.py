"""Every interleaving of small configurations: the protocol's invariants hold in all of them.

``PHLO_PROTOCOL=large`` adds the configurations that take minutes (``make protocol``).
"""

import os

import pytest
from explorer import explore
from worlds import LARGE, STATES, WORLDS

LARGER = LARGE if os.environ.get("PHLO_PROTOCOL") == "large" else {}


@pytest.mark.parametrize("name", WORLDS | LARGER)
def test_nothing_is_lost_mixed_unaudited_deleted_stuck_or_leaked(name: str) -> None:
    found = explore((WORLDS | LARGER)[name])
    print(f"{name}: {found}")
    assert not found.broken, str(found)
    assert found.states >= STATES.get(name, 1_000_000), "the explorer has not looked everywhere"
    assert found.ends > 0
