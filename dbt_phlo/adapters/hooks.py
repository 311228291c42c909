"""Python hooks: small files with ``hook(phlo, **kwargs)``, of this package and of the project."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, cast

from dbt_phlo import names
from dbt_phlo.errors import NotFound, RunError
from dbt_phlo.include import include_folder

Hook = Callable[..., Any]


def own(name: str) -> Hook:
    """A step of the run's life, from this package's python_hooks/."""
    return _load(include_folder() / "python_hooks", name)


def of_project(project_root: Path, name: str) -> Hook:
    """``python_hooks/name.py`` of the user's project: an identifier, and no link is followed."""
    return _load(project_root / "python_hooks", names.hook_name(name))


def _load(folder: Path, name: str) -> Hook:
    path = folder / f"{name}.py"
    if path.is_symlink() or folder.is_symlink():
        raise RunError(
            f"{path} is a link, and hooks are never run through links",
            remedy="put the file itself into python_hooks/",
            code="PHLO408",
        )
    if not path.is_file():
        raise NotFound(
            f"there is no hook {path}",
            remedy=f"create it with a function `def hook(phlo, **kwargs)`, or correct {name!r}",
            code="PHLO407",
        )
    spec = spec_from_file_location(f"phlo_python_hooks.{name}", path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    hook = getattr(module, "hook", None)
    if not callable(hook):
        raise RunError(
            f"{path} has no function `hook`",
            remedy="define `def hook(phlo, **kwargs)` in it",
            code="PHLO409",
        )
    return cast(Hook, hook)
