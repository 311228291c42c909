"""The edge of the process: every error becomes a message and an exit code."""

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from dbt_phlo.cli.output import say_error
from dbt_phlo.errors import PhloError, UsageError


class Root(click.Group):
    """The root group; ``main`` ends the process as the exit codes promise."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        options |= {"standalone_mode": False, "prog_name": "dbt-phlo"}
        sys.exit(self._code(given, rest, options))

    def _code(self, args: list[str], rest: tuple[Any, ...], options: dict[str, Any]) -> int:
        try:
            result = super().main(args, *rest, **options)
            return result if isinstance(result, int) else 0
        except BrokenPipeError:  # the reader of a pipe has seen enough
            sys.stderr.close()
            return 1
        except (Exception, KeyboardInterrupt) as error:  # the process's edge
            told = _told(error)
            say_error(told, as_json="--json" in args)
            return 2 if isinstance(told, UsageError) else 1


def _told(error: BaseException) -> PhloError:
    """An error as the user is told it; of one that is ours to mend, the traceback too."""
    if isinstance(error, PhloError):
        return error
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return PhloError("interrupted", code="PHLO802")
    traceback.print_exception(error)
    return PhloError(
        f"an error that is not yours: {type(error).__name__}: {error}",
        remedy="please report it with the lines above",
        code="PHLO899",
    )


def _usage(error: click.UsageError) -> UsageError:
    path = error.ctx.command_path if error.ctx else "dbt-phlo"
    return UsageError(error.format_message(), remedy=f"`{path} --help` shows how")
