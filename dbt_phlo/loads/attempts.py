"""Further attempts at a source whose error may pass, with growing and uneven delays."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from dbt_phlo.loads.deadline import Deadline
from dbt_phlo.loads.transient import is_transient

Result = TypeVar("Result")


def attempted(
    attempt: Callable[[int], Result],
    *,
    retries: int,
    delay_seconds: float,
    deadline: Deadline,
    tell: Callable[[int, float, Exception], None],
) -> Result:
    """What an attempt returns; the last error of as many as are allowed.

    ``attempt`` gets its number, from 1. Delays are ``delay_seconds`` times 1, 2, 4, ..., each
    between half and one and a half of that, so that many loads do not come back at once; none goes
    beyond the deadline. ``tell`` hears of the number of the next attempt, its delay and the error.
    """
    for number in range(1, retries + 2):
        try:
            return attempt(number)
        except Exception as error:
            delay = delay_seconds * 2 ** (number - 1) * random.uniform(0.5, 1.5)
            if number > retries or not is_transient(error) or delay >= deadline.left:
                raise
            tell(number + 1, delay, error)
            time.sleep(delay)
    raise AssertionError("unreachable")
