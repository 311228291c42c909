"""A folder of generated modules, one a contract: made, changed and removed together."""

import contextlib
import keyword
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dbt_phlo.contracts.contract import Contract
from dbt_phlo.contracts.pandera.plan import Backend, plan
from dbt_phlo.contracts.pandera.source_code import HEADER, module
from dbt_phlo.errors import CommandError

Action = Literal["create", "change", "keep", "remove"]
PACKAGE = "__init__.py"
_PACKAGE_TEXT = f'{HEADER[0]}\n"""Pandera classes of dbt models, each in a module of its own."""\n'


@dataclass(frozen=True)
class Module:
    """One file. ``missing`` is what its class does not enforce: each constraint, and why."""

    file: str
    model: str
    action: Action
    text: str = ""
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Folder:
    """What a folder is to hold, and what must be done for it."""

    path: Path
    modules: tuple[Module, ...]

    @property
    def is_current(self) -> bool:
        """Whether nothing has to be done."""
        return all(one.action == "keep" for one in self.modules)

    def carry_out(self) -> None:
        """Write every file beside its place, then put all in place, then remove what is left over.

        Raises ``CommandError`` (PHLO806) when the disk refuses; no file is then half of another.
        """
        written: list[tuple[Path, Path]] = []
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            for one in self.modules:
                if one.action in ("create", "change"):
                    beside = self.path / f".{one.file}.{os.getpid()}.new"
                    written.append((beside, self.path / one.file))
                    beside.write_text(one.text, encoding="utf-8", newline="\n")
            for beside, place in written:
                beside.replace(place)
            for one in self.modules:
                if one.action == "remove":
                    (self.path / one.file).unlink()
        except OSError as error:
            raise CommandError(
                f"cannot write into {self.path}: {error.strerror or error}",
                remedy="mend the folder's permissions or the disk, then run the command again",
                code="PHLO806",
            ) from error
        finally:
            for beside, _ in written:
                with contextlib.suppress(OSError):
                    beside.unlink()


def planned(
    path: Path, contracts: Mapping[str, Contract], backend: Backend, *, whole: bool
) -> Folder:
    """The plan for a folder. ``contracts`` are by the model's name, as ``orders`` or ``orders.v2``.

    ``whole`` says that these are all models: modules of others are left over, and removed. Only
    files that begin with our header are changed or removed; raises ``CommandError`` (PHLO807) for
    another file in the place of a module.
    """
    names = module_names(contracts)
    modules = [_package(path)]
    for model, contract in contracts.items():
        of = plan(contract, backend)
        file = f"{names[model]}.py"
        text = module(of)
        modules.append(Module(file, model, _action(path / file, text), text, of.missing))
    if whole:
        known = {one.file.lower() for one in modules}
        modules += [
            Module(file.name, "", "remove")
            for file in sorted(path.glob("*.py"))
            if file.name.lower() not in known and _is_ours(file)
        ]
    return Folder(path, tuple(modules))


def module_names(models: Iterable[str]) -> dict[str, str]:
    """A module's name for each model; no two are the same where case does not count.

    >>> module_names(["orders", "orders.v2", "orders_v2", "class", "2024"])
    {'orders': 'orders', 'orders.v2': 'orders_v2', 'orders_v2': 'orders_v2_2', 'class': 'class_', \
'2024': 'model_2024'}
    """
    given: dict[str, str] = {}
    used = {"__init__"}
    for model in models:
        name = re.sub(r"\W", "_", model, flags=re.ASCII)
        name = f"model_{name}" if not name or name[0].isdigit() else name
        name = f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) else name
        free, number = name, 2
        while free.lower() in used:
            free, number = f"{name}_{number}", number + 1
        used.add(free.lower())
        given[model] = free
    return given


def _package(path: Path) -> Module:
    """The file that makes a package of the folder; one that is there already stays as it is."""
    file = path / PACKAGE
    is_other = file.exists() and not _is_ours(file)
    action: Action = "keep" if is_other else _action(file, _PACKAGE_TEXT)
    return Module(PACKAGE, "", action, _PACKAGE_TEXT)


def _action(file: Path, text: str) -> Action:
    if not file.exists():
        return "create"
    if not _is_ours(file):
        raise CommandError(
            f"{file} is not a file that `dbt-phlo schema generate` has made",
            remedy="choose another folder with --out, or move the file away",
            code="PHLO807",
        )
    return "keep" if file.read_bytes() == text.encode("utf-8") else "change"


def _is_ours(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(HEADER[0])) == HEADER[0].encode("utf-8")
