"""What of dbt's suite is adapted, skipped or left out, and why: the one list.

conftest skips by it, ``test_deviations`` holds it against the code, and docs/conformance.md is
printed from it (``python -m tests.conformance.deviations``).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"


class Adapted(NamedTuple):
    """A test class of ours that runs dbt's test with something of its own."""

    name: str
    reason: str


class Skipped(NamedTuple):
    """A test that is collected but not run; ``mode`` is ``off``, ``run`` or ``both``."""

    name: str
    """``Class``, or ``Class::test``."""
    mode: str
    reason: str


class LeftOut(NamedTuple):
    """A class of dbt's suite that no file here runs."""

    name: str
    """``module::Class``, the module as under ``dbt.tests.adapter``."""
    reason: str


_TYPES = "the types are called as DuckDB calls them; dbt's text is Postgres'"
_CHECKED = (
    "constraints are checked on the new rows before they become the table, not declared in its "
    "DDL: Iceberg declares none but NOT NULL"
)
_MESSAGE = "the error's text is ours"
_TARGET = "dbt's text asserts the host, user and type of its Postgres target"
_PLAIN = "dbt's input has an offset in a TIMESTAMP literal, which DuckDB refuses"
_DEFAULT = (
    "dbt's `add column ... default 'x'`: Iceberg v2 has no default values, so the column is "
    "added and filled by an update"
)
_BRANCH = "dbt's model branches on target.type == 'postgres'; DuckDB takes that branch"
_SURVIVE = "a view on a seed survives its full refresh; dbt's text is that Postgres drops it"

ADAPTED = (
    Adapted("TestCatalogRelationTypes", "without the materialized view: DuckDB has none"),
    Adapted("TestConstraintQuotedColumn", _CHECKED),
    Adapted("TestConstraintsRollback", _MESSAGE),
    Adapted("TestConstraintsRuntimeDdlEnforcement", _CHECKED),
    Adapted("TestCurrentTimestamps", _TYPES),
    Adapted("TestDateSpine", _BRANCH),
    Adapted("TestDocsGenReferences", _TYPES),
    Adapted("TestDocsGenerate", _TYPES),
    Adapted("TestEphemeralMulti", "the view's DDL is ours: no `__dbt_tmp` and no rename"),
    Adapted("TestEphemeralNested", "the view's DDL is ours: no `__dbt_tmp` and no rename"),
    Adapted("TestGetCatalogForSingleRelation", "dbt leaves the expected entry to the adapter"),
    Adapted("TestGetIntervalsBetween", _BRANCH + "; its dates are written the ISO way"),
    Adapted("TestHookRefs", _TARGET),
    Adapted("TestIncrementalConstraintsColumnsEqual", _TYPES),
    Adapted("TestIncrementalConstraintsRollback", _MESSAGE),
    Adapted("TestIncrementalConstraintsRuntimeDdlEnforcement", _CHECKED),
    Adapted("TestMicrobatch", _PLAIN + "; and a unique_key, which dbt-duckdb's microbatch refuses"),
    Adapted("TestModelConstraintsRuntimeEnforcement", _CHECKED),
    Adapted("TestPrePostModelHooks", _TARGET),
    Adapted("TestPrePostModelHooksInConfig", _TARGET),
    Adapted("TestPrePostModelHooksInConfigKwargs", _TARGET),
    Adapted("TestPrePostModelHooksInConfigWithCount", _TARGET),
    Adapted("TestPrePostModelHooksUnderscores", _TARGET),
    Adapted("TestPrePostRunHooks", _TARGET),
    Adapted("TestPythonEmpty", _PLAIN),
    Adapted("TestPythonIncremental", "dbt's model filters a Spark frame; DuckDB's takes SQL"),
    Adapted("TestPythonMetaGet", "dbt's model makes a Spark frame; here it is pandas'"),
    Adapted("TestPythonSample", _PLAIN),
    Adapted("TestSampleMode", _PLAIN),
    Adapted("TestBasicSeedTests", _SURVIVE),
    Adapted("TestSeedConfigFullRefreshOn", _SURVIVE),
    Adapted("TestSeedSpecificFormats", "only the folder of its big seed is another one"),
    Adapted("TestSimpleCopyUppercase", "dbt's profile is Postgres'"),
    Adapted("TestSimpleSeedColumnOverride", _TYPES),
    Adapted("TestSimpleSeedWithBOM", "dbt's package lacks the file, so the test writes it"),
    Adapted("TestSnapshotEphemeralHardDeletes", _DEFAULT),
    Adapted("TestSnapshotNewColumnSpecificCheckCols", _DEFAULT),
    Adapted("TestSnapshotNewColumnTimestampStrategy", _DEFAULT),
    Adapted("TestSnapshotNewColumnWithDeletes", _DEFAULT),
    Adapted("TestTableConstraintsColumnsEqual", _TYPES),
    Adapted("TestViewConstraintsColumnsEqual", _TYPES),
)

_SEED_EMPTY = "dbt-core has `seed --empty` from 1.12 on"
_CLONE = "`dbt clone` works on the branch, with `wap: off` only"

SKIPPED = (
    Skipped("TestEmptySeedFlag::test_seed_empty_creates_table_with_zero_rows", "both", _SEED_EMPTY),
    Skipped("TestEmptySeedFlag::test_seed_empty_preserves_column_types", "both", _SEED_EMPTY),
    Skipped("TestEmptySeedFlag::test_build_empty_with_seed", "both", _SEED_EMPTY),
    Skipped(
        "TestSimpleCopy::test_simple_copy_with_materialized_views",
        "both",
        "DuckDB has no materialized views",
    ),
    Skipped("TestClonePossible::test_can_clone_true", "run", _CLONE),
    Skipped("TestCloneNotPossible", "run", _CLONE),
    Skipped("TestCloneSameSourceAndTarget", "run", _CLONE),
    Skipped("TestCloneSameTargetAndState", "run", _CLONE),
    Skipped(
        "TestDropSchemaNamed",
        "run",
        "a writing run-operation works on the branch, with `wap: off` only",
    ),
    Skipped(
        "TestEphemeral", "run", "it counts the manifest's nodes, and the hook lines are two more"
    ),
    Skipped(
        "TestAdapterMethod",
        "run",
        "its `dbt compile` drops and creates a schema; `compile` only reads while WAP is on",
    ),
    Skipped(
        "TestSimpleSeedColumnOverride",
        "run",
        "dbt's `seed --show` fails in every project that has on-run hooks",
    ),
)

_GRANTS = "a lake in a folder has no users: grants are refused (TestGrantsAreRefused)"
_MATERIALIZED = "DuckDB has no materialized views"
_FUNCTIONS = "dbt-duckdb does not build user-defined functions"

LEFT_OUT = (
    LeftOut("grants.*", _GRANTS),
    LeftOut("materialized_view.*", _MATERIALIZED),
    LeftOut("functions.*", _FUNCTIONS),
    LeftOut("python_model.test_spark::BasePySparkTests", "for Spark alone"),
    LeftOut(
        "utils.test_current_timestamp::BaseCurrentTimestampNaive",
        "for databases whose current_timestamp has no time zone; "
        "BaseCurrentTimestampAware is for the others",
    ),
    LeftOut(
        "utils.test_escape_single_quotes::BaseEscapeSingleQuotesBackslash",
        "for databases that escape with a backslash; BaseEscapeSingleQuotesQuote is for the others",
    ),
)


def skip_reason(owner: str, test: str, mode: str) -> str:
    """Why a test is not run in a mode, or nothing."""
    for entry in SKIPPED:
        if entry.mode in (mode, "both") and entry.name in (owner, f"{owner}::{test}"):
            return entry.reason
    return ""


def page() -> str:
    """docs/conformance.md."""
    modes = {"both": "always", "off": "`--wap off`", "run": "`--wap run`"}
    return "\n".join(
        (
            *_HEAD,
            "## Skipped",
            "",
            *_table(
                ("test", "when", "why"), ((f"`{e.name}`", modes[e.mode], e.reason) for e in SKIPPED)
            ),
            "",
            "## Adapted",
            "",
            "The test of dbt runs, with one thing of its own.",
            "",
            *_table(("test class", "what and why"), ((f"`{e.name}`", e.reason) for e in ADAPTED)),
            "",
            "## Left out",
            "",
            "Classes of dbt's suite that are not run.",
            "",
            *_table(("class", "why"), ((f"`{e.name}`", e.reason) for e in LEFT_OUT)),
            "",
        )
    )


_HEAD = (
    "# Conformance with dbt",
    "",
    "`make conformance` runs dbt's own adapter suite, `dbt-tests-adapter`, on `phlo_duckdb`,",
    "twice: with WAP off (`--wap off`), and with every test class as one run on a run's ref",
    "(`--wap run`), where it is also checked that nothing reached the branch. `make test` runs",
    "the part that is marked `fast`, both ways.",
    "",
    "This page is printed from tests/conformance/deviations.py by",
    "`python -m tests.conformance.deviations`; a test fails when page, list and code disagree.",
    "A class of dbt's suite that is named nowhere below is run as it is.",
    "",
)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *sorted(rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


if __name__ == "__main__":
    PAGE.write_text(page())
