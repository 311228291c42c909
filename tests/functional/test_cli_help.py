"""What the command line says of itself."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from cli import phlo

from dbt_phlo.cli import main


def commands(command: click.Command, path: str = "dbt-phlo") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), [pytest.param(*c, id=c[0]) for c in commands(main)])
def test_every_command_says_what_it_does_with_an_example(path: str, command: click.Command) -> None:
    told = command.get_help(click.Context(command, info_name=path))
    what, example = told.split("  Example:\n", 1)
    assert len(what.splitlines()) > 2
    assert example.startswith("    dbt-phlo ")
    if not isinstance(command, click.Group):
        assert path in example


@pytest.mark.parametrize(("path", "command"), [pytest.param(*c, id=c[0]) for c in commands(main)])
def test_every_option_says_what_it_means(path: str, command: click.Command) -> None:
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(("path", "command"), [pytest.param(*c, id=c[0]) for c in commands(main)])
def test_every_command_that_does_something_can_answer_as_json(
    path: str, command: click.Command
) -> None:
    if not isinstance(command, click.Group):
        assert "as_json" in [parameter.name for parameter in command.params]


def test_every_command_that_changes_something_has_a_dry_run() -> None:
    changing = {"init", "promote", "rebase", "discard", "cleanup", "import"}
    found = {
        path.split()[-1]
        for path, command in commands(main)
        if "dry_run" in [parameter.name for parameter in command.params]
    }
    assert found == changing


@pytest.mark.parametrize("arguments", [["--help"], ["branches", "promote", "--help"]])
def test_help_loads_neither_dbt_nor_duckdb(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom dbt_phlo.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([m for m in ('dbt', 'duckdb', 'rich', 'ruamel') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.endswith("[]\n")


def test_wrong_use_exits_2_and_says_where_help_is() -> None:
    answer = phlo("branches", "promote")
    assert answer.code == 2
    assert "Missing argument 'REF'" in answer.err
    assert "dbt-phlo branches promote --help" in answer.err
    assert answer.out == ""


def test_wrong_use_is_a_json_document_when_json_was_asked_for() -> None:
    answer = phlo("branches", "diff", "--json")
    assert answer.code == 2
    assert answer.document["error"]["code"] == "PHLO801"


def test_a_folder_that_is_no_project_is_said_without_a_traceback(tmp_path) -> None:
    answer = phlo("branches", "list", "--project-dir", str(tmp_path))
    assert answer.code == 1
    assert "PHLO111" in answer.err
    assert "dbt-phlo init" in answer.err
    assert "Traceback" not in answer.err


def test_the_program_itself_prints_one_document_and_the_exit_code(tmp_path) -> None:
    program = "from dbt_phlo.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "runs", "list", "--json", "--project-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "PHLO111"
    assert done.stderr == ""
