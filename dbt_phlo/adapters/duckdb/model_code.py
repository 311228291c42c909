"""The code of a Python model, run so that its lines are those of its file."""

import asyncio
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGE = "dbt_phlo_models"


def caller(
    compiled: str, path: Path, name: str, connection: Callable[[], Any], *, is_incremental: bool
) -> Callable[[], Any]:
    """A function that runs a model once more at each call, and returns what it returns.

    ``connection`` opens a connection to the lake for one call. The module's last name is ``name``,
    which dlt takes for the section of sources that the file defines; it looks for the module among
    the imported ones.
    """
    code = compile(compiled.lstrip(), str(path), "exec")

    def call() -> Any:
        _ensure_event_loop()
        module = types.ModuleType(f"{PACKAGE}.{name}")
        module.__file__ = str(path)
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)
        session = connection()

        def read(relation: str) -> Any:
            return session.query(f"select * from {relation}")

        dbt = module.dbtObj(read)
        dbt.is_incremental = is_incremental  # dbt itself knows this of its own materialization only
        return module.model(dbt, session)

    return call


def _ensure_event_loop() -> None:
    """Sources may use asyncio, and a thread other than the main one has no loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.set_event_loop(asyncio.new_event_loop())
