"""The endpoint's child starts in milliseconds: the standard library, and little of that."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
import sys
sys.path.append(sys.argv[1])
before = set(sys.modules)
from dbt_phlo.endpoint import child
child._without_ssl()
from dbt_phlo.catalogs.sql import SqlCatalog
from dbt_phlo.endpoint import routes, server
SqlCatalog("sqlite:///" + sys.argv[2] + "/catalog.db", "file://" + sys.argv[2]).close()
import json
print(json.dumps(sorted(set(sys.modules) - before)))
"""
SLOW = ("asyncio", "ctypes", "difflib", "duckdb", "multiprocessing", "psycopg", "ssl", "tempfile")
"""Not wanted in the child, though some are of the standard library: 5 to 100 ms each."""


def test_the_child_needs_the_standard_library_alone(tmp_path: Path) -> None:
    """``-I -S``: no site-packages, so that anything else would be an ImportError."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CODE, str(ROOT), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = json.loads(done.stdout)
    foreign = {
        name
        for name in imported
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("dbt_phlo")
    }
    assert foreign == set()
    assert [name for name in imported if name.split(".")[0] in SLOW] == []
    ours = {name for name in imported if name.startswith("dbt_phlo")}
    above = ("dbt_phlo.adapters", "dbt_phlo.runs", "dbt_phlo.cli")
    assert [name for name in ours if name.startswith(above)] == []


def test_importing_the_package_imports_none_of_its_modules_and_no_library() -> None:
    code = "import sys; import dbt_phlo; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    roots = {name.split(".")[0] for name in done.stdout.split()}
    assert [name for name in done.stdout.split() if name.startswith("dbt_phlo.")] == []
    assert not roots & {"dbt", "duckdb", "pyiceberg", "pyarrow", "pandas", "click", "rich"}
