"""What ``dbt-phlo schema`` says: lines for people, documents for programs."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from dbt_phlo.adapters.declared_contracts import Contracts
from dbt_phlo.cli import schema_text
from dbt_phlo.cli.inference import Inference
from dbt_phlo.cli.schema_import import Imported
from dbt_phlo.contracts.pandera.folder import PACKAGE, Folder
from dbt_phlo.runs.schema_drift import Drift

_DONE = {"create": "created", "change": "changed", "keep": "up to date", "remove": "removed"}
_WANTED = {"create": "missing", "change": "stale", "keep": "up to date", "remove": "left over"}


def folder(of: Folder, found: Contracts, *, check: bool) -> Iterator[str]:
    """What has become of each module, or what is not as it should be."""
    words = _WANTED if check else _DONE
    for one in of.modules:
        if one.action != "keep":
            yield f"{words[one.action]}: {of.path / one.file}"
    missing = [(one.model, what, why) for one in of.modules for what, why in one.missing]
    if missing:
        yield "not enforced by a class:"
        yield from (f"  {model}: {what} ({why})" for model, what, why in missing)
    for model, reference in found.by_hand.items():
        yield f"{model} has a class already: {reference}"
    if found.silent:
        yield f"no columns declared: {', '.join(found.silent)}"
    counts = Counter(words[one.action] for one in of.modules if one.file != PACKAGE)
    total = ", ".join(f"{number} {what}" for what, number in counts.items())
    yield f"{of.path}: {total or 'no modules'}"
    if check and not of.is_current:
        yield "  -> `dbt-phlo schema generate` without --check writes them anew"


def folder_document(of: Folder, found: Contracts, backend: str) -> dict[str, Any]:
    return {
        "out": str(of.path),
        "backend": backend,
        "up_to_date": of.is_current,
        "modules": [
            {
                "file": one.file,
                "model": one.model or None,
                "action": one.action,
                "not_enforced": [{"constraint": w, "reason": why} for w, why in one.missing],
            }
            for one in of.modules
        ],
        "written_by_hand": found.by_hand,
        "without_columns": list(found.silent),
    }


def imported(done: Imported, reference: str, *, dry_run: bool) -> Iterator[str]:
    """What an import changes in a file, and what stays with the class alone."""
    if dry_run:
        yield from done.diff
    else:
        yield from (f"{done.path}: {change}" for change in done.changes)
    if not done.changes:
        yield f"{done.path}: {done.model} says all of it already"
    if done.left:
        yield "not written:"
        yield from (f"  {one}" for one in done.left)
        yield (
            f"  -> to check these too, set meta.phlo.schema: {reference} on {done.model} and add "
            "the data test pandera_contract"
        )


def import_document(done: Imported, *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "file": str(done.path),
        "model": done.model,
        "created": done.is_new,
        "changes": done.changes,
        "diff": done.diff,
        "not_written": done.left,
    }


def inference(of: Inference) -> Iterator[str]:
    """YAML, with what it is from and what to think about as comments."""
    yield f"# From {of.found.row_count:,} rows of {of.model} on {of.ref}: keep what is always true."
    yield from of.yaml.splitlines()
    for rule in of.found.suggestions:
        test = {"accepted_values": {"arguments": {"values": list(rule.values)}}}
        yield (
            f"# {schema_text.flow(rule.column)} has few values; always these? "
            f"{schema_text.item(test)[0]}"
        )


def inference_document(of: Inference) -> dict[str, Any]:
    return {
        "model": of.model,
        "ref": of.ref,
        "rows": of.found.row_count,
        "yaml": of.yaml,
        "few_values": {rule.column: list(rule.values) for rule in of.found.suggestions},
    }


def drift_document(of: Drift, silent: tuple[str, ...]) -> dict[str, Any]:
    return {
        "ref": of.ref,
        "compared": of.compared,
        "differences": [
            {
                "model": one.model,
                "relation": str(one.table),
                "kind": difference.kind,
                "column": difference.column,
                "text": difference.text,
                "remedy": difference.remedy,
            }
            for one in of.drifted
            for difference in one.differences
        ],
        "not_built": list(of.not_built),
        "without_columns": list(silent),
    }


def snake(name: str) -> str:
    """A class's name as a model's.

    >>> snake("RawFlights"), snake("HTTPLogs2")
    ('raw_flights', 'http_logs2')
    """
    parted = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", parted).lower()
