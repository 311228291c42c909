"""``dbt-phlo doctor``: what is wrong with the installation, the project and the lake."""

import click

from dbt_phlo.cli.options import Place, place_options
from dbt_phlo.cli.output import say


@click.command()
@place_options
def doctor(place: Place, as_json: bool) -> int:
    """Check the installation, the project and the lake; name each thing wrong and what mends it.

    Exits 1 when anything is wrong. What needs care but works is a `warning`; what could not be
    checked, because something before it is wrong, is `not checked`.

    \b
    Example:
      dbt-phlo doctor --target prod
    """
    from dbt_phlo.cli import examination

    findings = examination.all_of(place)
    wrong = [finding for finding in findings if finding.status == "wrong"]
    document = {"healthy": not wrong, "checks": [finding._asdict() for finding in findings]}
    lines = [line for finding in findings for line in finding.lines()]
    end = (
        f"{len(wrong)} of {len(findings)} checks found something wrong" if wrong else "all is well"
    )
    say(document, [*lines, end], as_json=as_json)
    return 1 if wrong else 0
