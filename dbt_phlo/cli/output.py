"""How results are said: one JSON document, or text and tables for people."""

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from dbt_phlo.errors import PhloError


def say(document: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """The result of a command: ``document`` with ``--json``, else ``lines``."""
    if as_json:
        click.echo(json.dumps(document, indent=2))
        return
    for line in lines:
        click.echo(line)


def say_listing(document: Any, listing: Any, *, as_json: bool, nothing: str) -> None:
    """A table (``runs.wording.Listing``); with borders on a terminal, plain columns in a pipe."""
    if as_json or not listing.rows:
        say(document, [nothing], as_json=as_json)
    elif sys.stdout.isatty():
        _draw(listing)
    else:
        from dbt_phlo.runs import wording

        say(document, wording.aligned(listing), as_json=False)


def notice(line: str) -> None:
    """A line on standard error while a command is at work, also with ``--json``."""
    click.echo(line, err=True)


def say_error(error: PhloError, *, as_json: bool) -> None:
    """An error: a JSON document on standard output, or text on standard error."""
    if as_json:
        told = {"code": error.code, "message": error.message, "remedy": error.remedy}
        click.echo(json.dumps({"error": told}, indent=2))
    else:
        click.echo(f"Error: {error}", err=True)


def _draw(listing: Any) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for header in listing.headers:
        table.add_column(header.upper(), overflow="fold")
    for row in listing.rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
