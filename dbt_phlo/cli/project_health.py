"""``doctor``: the dbt project, its profile and the hook lines."""

from typing import TYPE_CHECKING, NamedTuple

from dbt_phlo.cli.examination import Check, Finding, not_checked, ok

if TYPE_CHECKING:
    from dbt_phlo.cli.options import Place


class Subject(NamedTuple):
    """Which project is looked at."""

    place: "Place"


def project(subject: Subject) -> Finding:
    """There is a dbt project."""
    from dbt_phlo.adapters import profile

    return ok(str(profile.project_root(subject.place.project_dir)))


def target(subject: Subject) -> Finding:
    """The profile and the target are there, of our type, with known keys and values."""
    from dbt_phlo.adapters import profile

    if not _has_project(subject):
        return not_checked("there is no project")
    found = profile.load(*subject.place)
    settings = found.settings
    return ok(
        f"{found.profile}, target {found.name}: branch {settings.branch}, wap {settings.wap} "
        f"({found.profiles_folder / 'profiles.yml'})"
    )


def hook_lines(subject: Subject) -> Finding:
    """The project parses, and its hook lines are there, the end one last."""
    from dbt_phlo.adapters import profile
    from dbt_phlo.errors import PhloError

    if not _has_project(subject):
        return not_checked("there is no project")
    try:
        found = profile.load(*subject.place)
    except PhloError:
        return not_checked("there is no usable target to parse the project with")
    profile.manifest(found).assert_hooks()
    return ok("phlo_run_start and phlo_run_end are there, the latter last")


def _has_project(subject: Subject) -> bool:
    from dbt_phlo.adapters import profile
    from dbt_phlo.errors import ConfigError

    try:
        profile.project_root(subject.place.project_dir)
    except ConfigError:
        return False
    return True


CHECKS: tuple[Check, ...] = (
    ("project", project),
    ("target", target),
    ("hook lines", hook_lines),
)
