"""``package.module:Class`` of a project: found, imported, and told apart from what is none."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbt_phlo.errors import ConfigError, nearest


def load_class(reference: str, project_dir: str | Path = ".") -> Any:
    """The Pandera class or schema that ``reference`` names, from a project's directory.

    Raises ``ConfigError``: PHLO171 for a reference that is not ``package.module:Class``, PHLO172
    for a module that is not there, PHLO173 for one that fails while it is imported, PHLO174 for a
    name that the module lacks, PHLO175 for what is no Pandera class.
    """
    module_name, colon, name = reference.partition(":")
    parts = [*module_name.split("."), name]
    if not colon or not all(part.isidentifier() for part in parts):
        raise ConfigError(
            f"{reference!r} names no class",
            remedy="write package.module:Class",
            code="PHLO171",
        )
    module = _imported(module_name, reference, Path(project_dir).resolve())
    found = getattr(module, name, None)
    if found is None:
        raise ConfigError(
            f"{reference}: {module_name} has no {name}.{nearest(name, classes_in(module))}",
            remedy=f"classes there: {', '.join(classes_in(module)) or 'none'}",
            code="PHLO174",
        )
    if not is_schema(found):
        raise ConfigError(
            f"{reference} is {_kind(found)}, not a Pandera class."
            f"{nearest(name, classes_in(module))}",
            remedy="name a DataFrameModel or a DataFrameSchema of pandera.pandas or pandera.polars",
            code="PHLO175",
        )
    return found


def classes_in(module: Any) -> list[str]:
    """The names of the Pandera classes and schemas that a module makes itself."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and is_schema(value)
        and getattr(value, "__module__", module.__name__).split(".")[0] != "pandera"
    ]


def is_schema(value: Any) -> bool:
    """Whether a value is a DataFrameModel's class or a DataFrameSchema, by pandas or by polars."""
    kinds = value.__mro__ if isinstance(value, type) else type(value).__mro__
    wanted = "DataFrameModel" if isinstance(value, type) else "DataFrameSchema"
    return any(
        kind.__name__ == wanted and kind.__module__.startswith("pandera.api.") for kind in kinds
    )


def _imported(name: str, reference: str, project: Path) -> Any:
    with _importable(project):
        _forget_namesakes(name.partition(".")[0], project)
        importlib.invalidate_caches()
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if name == missing or name.startswith(f"{missing}."):
                raise ConfigError(
                    f"{reference}: there is no module {missing} in {project.name or project}."
                    f"{nearest(name, _modules(project))}",
                    remedy="the path starts at the project's directory, or at an installed package",
                    code="PHLO172",
                ) from error
            raise _failed(reference, error, project) from error
        except (Exception, SystemExit) as error:  # the project's own code, whatever it does
            raise _failed(reference, error, project) from error


def _forget_namesakes(top: str, project: Path) -> None:
    """Let go of modules that another project of this process has under a name of this one's."""
    if not ((project / top).is_dir() or (project / f"{top}.py").is_file()):
        return
    for name, module in list(sys.modules.items()):
        if name == top or name.startswith(f"{top}."):
            places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
            if not any(Path(place).is_relative_to(project) for place in places if place):
                del sys.modules[name]


def _failed(reference: str, error: BaseException, project: Path) -> ConfigError:
    place, trace = "", error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(project):
            place = f"{path.relative_to(project)}:{trace.tb_lineno}: "
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        path = Path(error.filename)
        shown = path.relative_to(project) if path.is_relative_to(project) else path.name
        place = f"{shown}:{error.lineno}: "
    return ConfigError(
        f"{reference} cannot be imported: {place}{type(error).__name__}: {error}",
        remedy="make the module importable by itself, as in python -c 'import ...'",
        code="PHLO173",
    )


@contextmanager
def _importable(project: Path) -> Iterator[None]:
    sys.path.insert(0, str(project))
    try:
        yield
    finally:
        sys.path.remove(str(project))


def _modules(project: Path) -> list[str]:
    """The project's own modules, for a suggestion; folders of other things are passed over."""
    skipped = {"target", "dbt_packages", "node_modules", "logs"}
    found = []
    for path in project.glob("*/*.py"):
        if not path.parent.name.startswith(".") and path.parent.name not in skipped:
            found.append(f"{path.parent.name}.{path.stem}")
    return [*found, *(path.stem for path in project.glob("*.py"))]


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"a {type(value).__name__}"
