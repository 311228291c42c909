"""The files that ``dbt-phlo init`` writes or changes: a plan that is whole before it begins."""

import re
from pathlib import Path
from typing import NamedTuple

from dbt_phlo.cli import yaml_files
from dbt_phlo.errors import CommandError, UsageError

STARTER = Path(__file__).parent / "starter"
NAME = "my_lake"
"""The project's name in the starter's files."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEMA_MACRO = re.compile(r"{%-?\s*macro\s+generate_schema_name\b")


class File(NamedTuple):
    """One file: ``action`` is ``create``, ``change`` or ``leave``; ``note`` says what or why."""

    path: Path
    action: str
    note: str = ""
    text: str = ""


class Plan(NamedTuple):
    """Everything that ``init`` will do; ``targets`` are the targets of ours in the profile."""

    root: Path
    project: str
    files: tuple[File, ...]
    targets: tuple[str, ...] = ("dev", "prod")

    def carry_out(self) -> None:
        """Write what is to be written. Raises ``CommandError``."""
        for file in self.files:
            if file.action == "leave":
                continue
            try:
                file.path.parent.mkdir(parents=True, exist_ok=True)
                with file.path.open("w", encoding="utf-8", newline="") as stream:
                    stream.write(file.text)
            except OSError as error:
                raise CommandError(
                    f"cannot write {file.path}: {error.strerror}",
                    remedy="mend the folder's permissions, then run the command again: what is "
                    "there already is left alone",
                    code="PHLO803",
                ) from error


def planned(name: str, home: Path | None) -> Plan:
    """The plan for ``dbt-phlo init NAME``: a new project, or the edits of an existing one.

    ``home`` is where dbt finds profiles.yml if the project has none of its own.
    """
    root = Path(name).expanduser().resolve()
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file", remedy="give the name of a folder")
    if (root / "dbt_project.yml").is_file():
        return _existing(root, home)
    return _new(root)


def _new(root: Path) -> Plan:
    project = root.name.replace("-", "_")
    if not _IDENTIFIER.fullmatch(project):
        raise UsageError(
            f"a dbt project cannot be called {root.name!r}",
            remedy="use letters, digits and '_', beginning with a letter",
        )
    files = []
    for source in sorted(path for path in STARTER.rglob("*") if path.is_file()):
        name = source.relative_to(STARTER).as_posix()
        path = root / (".gitignore" if name == "gitignore" else name)
        text = source.read_text(encoding="utf-8")
        if source.suffix == ".yml":
            text = re.sub(rf"\b{NAME}\b", project, text)
        if path.exists():
            files.append(File(path, "leave", "it is there already"))
        else:
            files.append(File(path, "create", "", text))
    return Plan(root, project, tuple(files))


def _existing(root: Path, home: Path | None) -> Plan:
    project_file = root / "dbt_project.yml"
    project = yaml_files.Document(project_file)
    name = project.text("name") or root.name.replace("-", "_")
    hooks = project.add_hook("on-run-start", "{{ phlo_run_start() }}")
    hooks += project.add_hook("on-run-end", "{{ phlo_run_end(results) }}")
    if not project.text("profile"):
        project.set("profile", name)
        hooks.append(f"profile: {name}")
    profile, targets = _profile(root, home, str(project.text("profile")))
    files = (
        _edited(project, hooks, "the hook lines are there"),
        profile,
        _schema_macro(root),
        _gitignore(root),
    )
    return Plan(root, name, files, tuple(targets))


def _edited(document: yaml_files.Document, notes: list[str], otherwise: str) -> File:
    if not notes:
        return File(document.path, "leave", otherwise)
    return File(document.path, "change", "; ".join(notes), document.dumped())


def _profile(root: Path, home: Path | None, profile: str) -> tuple[File, list[str]]:
    """The profile's file, and the names of our targets in it."""
    places = [root / "profiles.yml", *([home / "profiles.yml"] if home else [])]
    for path in (place for place in places if place.is_file()):
        document = yaml_files.Document(path)
        if document.has(profile) or path == places[0]:
            starter = yaml_files.Document(_starter_profile())
            targets, added = document.add_targets(profile, starter)
            return _edited(document, added, f"it has target {', '.join(targets)}"), targets
    text = re.sub(rf"\b{NAME}\b", profile, _starter_profile().read_text(encoding="utf-8"))
    return File(places[0], "create", "", text), ["dev", "prod"]


def _starter_profile() -> Path:
    return STARTER / "profiles.yml"


def _schema_macro(root: Path) -> File:
    path = root / "macros" / "generate_schema_name.sql"
    for file in sorted((root / "macros").rglob("*.sql")):
        if _SCHEMA_MACRO.search(file.read_text(encoding="utf-8", errors="replace")):
            return File(file, "leave", "your generate_schema_name stays as it is")
    if path.exists():
        return File(path, "leave", "it is there already")
    text = (STARTER / "macros" / path.name).read_text(encoding="utf-8")
    return File(path, "create", "schemas of the lake are named as configured", text)


def _gitignore(root: Path) -> File:
    path = root / ".gitignore"
    wanted = (STARTER / "gitignore").read_text(encoding="utf-8").split()
    if not path.exists():
        return File(path, "create", "", "".join(f"{line}\n" for line in wanted))
    text = path.read_bytes().decode("utf-8")
    present = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in wanted if line.strip("/") not in present]
    if not missing:
        return File(path, "leave", "it names them already")
    text += "" if text.endswith("\n") or not text else "\n"
    note = f"added {', '.join(missing)}"
    return File(path, "change", note, text + "".join(f"{line}\n" for line in missing))
