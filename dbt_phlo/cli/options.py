"""The options that commands share, and the lake that they lead to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from dbt_phlo.adapters.profile import Target
    from dbt_phlo.catalogs import Catalog

Command = TypeVar("Command", bound=Callable[..., Any])


class Place(NamedTuple):
    """Which project, profile and target a command is about."""

    project_dir: str
    profiles_dir: str | None
    target: str | None

    @contextmanager
    def lake(self, *, read_only: bool) -> "Iterator[tuple[Target, Catalog]]":
        """The target and its open catalog."""
        from dbt_phlo.adapters import profile
        from dbt_phlo.catalogs import open_catalog

        target = profile.load(*self)
        catalog = open_catalog(target.settings.catalog, read_only=read_only)
        try:
            yield target, catalog
        finally:
            catalog.close()


def place_options(command: Command) -> Command:
    """``--project-dir``, ``--profiles-dir`` and ``--target`` as ``place``; and ``--json``."""

    @wraps(command)
    def placed(project_dir: str, profiles_dir: str | None, target: str | None, **rest: Any) -> Any:
        return command(place=Place(project_dir, profiles_dir, target), **rest)

    for option in (
        json_option,
        click.option(
            "--target", metavar="NAME", help="Target of the profile; default: the profile's own."
        ),
        click.option(
            "--profiles-dir",
            metavar="DIR",
            help="Folder of profiles.yml; default: the project's, else where dbt looks.",
        ),
        click.option(
            "--project-dir",
            metavar="DIR",
            default=".",
            show_default=True,
            help="Folder of the dbt project.",
        ),
    ):
        placed = option(placed)
    return placed  # type: ignore[return-value]


def json_option(command: Command) -> Command:
    """``--json``, as the argument ``as_json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."
    )(command)


def dry_run_option(command: Command) -> Command:
    """``--dry-run``."""
    return click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")(
        command
    )
