"""The profile, project and manifest of a dbt project for callers that are not inside a dbt command.

Files are read by dbt itself, so that ``env_var``, ``--target`` and ``vars:`` mean here what they
mean to ``dbt build``.
"""

import os
from argparse import Namespace
from contextvars import copy_context
from pathlib import Path
from typing import Any, NamedTuple

from dbt_phlo.adapters.project import Project
from dbt_phlo.adapters.variables import project_variables
from dbt_phlo.errors import ConfigError, PhloError
from dbt_phlo.settings import PROFILE_KEYS, Settings, resolve


class Target(NamedTuple):
    """One target of one project's profile; ``database`` is the lake's name in SQL."""

    settings: Settings
    database: str
    schema: str
    name: str
    profile: str
    project_root: Path
    profiles_folder: Path


def load(
    project_dir: str | Path = ".",
    profiles_dir: str | Path | None = None,
    target: str | None = None,
) -> Target:
    """The target that dbt would use in ``project_dir``. Raises ``ConfigError``."""
    root = project_root(project_dir)
    folder = profiles_folder(root, profiles_dir)
    chosen = target or os.environ.get("DBT_TARGET")
    profile, project = copy_context().run(_read, root, folder, chosen)
    credentials = profile.credentials
    _assert_ours(credentials.type, profile.target_name)
    settings = resolve(
        {key: getattr(credentials, key) for key in PROFILE_KEYS},
        project_variables(project),
        os.environ,
        project=project.project_name,
        project_root=root,
    )
    return Target(
        settings,
        credentials.database,
        credentials.schema,
        profile.target_name,
        profile.profile_name,
        root,
        folder,
    )


def manifest(target: Target) -> Project:
    """The project's manifest, parsed now by dbt without a word on the terminal."""
    from dbt.cli.main import dbtRunner

    arguments = ["parse", "--quiet", "--log-level", "none", "--target", target.name]
    arguments += ["--project-dir", str(target.project_root)]
    arguments += ["--profiles-dir", str(target.profiles_folder)]
    done = dbtRunner().invoke(arguments)
    if not done.success:
        raise _explained(done.exception, "the project does not parse")
    return Project(done.result, target.settings.project, target.database)


def project_root(project_dir: str | Path) -> Path:
    """The folder of a dbt project, made absolute. Raises ``ConfigError``."""
    root = Path(project_dir).expanduser().resolve()
    if not (root / "dbt_project.yml").is_file():
        raise ConfigError(
            f"{root} is not a dbt project: it has no dbt_project.yml",
            remedy="go to the project's folder or give --project-dir; "
            "`dbt-phlo init NAME` makes a project",
            code="PHLO111",
        )
    return root


def profiles_folder(root: Path, profiles_dir: str | Path | None) -> Path:
    """Where profiles.yml is: as told, beside the project, or where dbt looks for it."""
    given = profiles_dir or os.environ.get("DBT_PROFILES_DIR")
    if given:
        return Path(given).expanduser().resolve()
    places = [root, Path.cwd(), profiles_home()]
    return next((place for place in places if (place / "profiles.yml").is_file()), places[-1])


def profiles_home() -> Path:
    """Where dbt looks for profiles.yml when the current folder has none."""
    given = os.environ.get("DBT_PROFILES_DIR")
    return Path(given).expanduser().resolve() if given else Path.home() / ".dbt"


def _read(root: Path, folder: Path, target: str | None) -> tuple[Any, Any]:
    """dbt's profile and project, read as every dbt command reads them.

    ``load_profile`` and ``load_project`` ask for the flags and the environment of a running
    command; both are lent to them and given back, since a hook of a running command may call this.
    """
    from dbt.config.runtime import load_profile, load_project
    from dbt.flags import get_flags, set_flags, set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    set_invocation_context(os.environ)  # seen in this copy of the context only
    before = get_flags()
    try:
        set_from_args(Namespace(PROFILES_DIR=str(folder), PROJECT_DIR=str(root)), {})
        profile = load_profile(str(root), {}, None, target)
        return profile, load_project(str(root), False, profile, {})
    except DbtBaseException as error:
        raise _explained(error, "dbt cannot read the project or its profile") from error
    finally:
        set_flags(before)


def _explained(error: BaseException | None, what: str) -> PhloError:
    """dbt's error as ours; one that was ours before dbt wrapped it is given back."""
    seen = error
    while seen is not None:
        ours = seen if isinstance(seen, PhloError) else getattr(seen, "error", None)
        if isinstance(ours, PhloError):
            return ours
        seen = seen.__cause__ or seen.__context__
    return ConfigError(
        f"{what}: {str(error).strip()}",
        remedy="`dbt debug` and `dbt parse` say more",
        code="PHLO112",
    )


def _assert_ours(kind: str, target: str) -> None:
    if not kind.startswith("phlo_"):
        raise ConfigError(
            f"target {target} is of type {kind}, which is not an adapter of dbt-phlo",
            remedy="choose another --target, or `dbt-phlo init .` adds targets of type "
            "phlo_duckdb to the profile",
            code="PHLO113",
        )
