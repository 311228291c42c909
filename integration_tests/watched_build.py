"""Runs `dbt build` and tells of it while it goes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# dbt's own report of a build; what remains of its log is what dbt-phlo has to say.
DBT_EVENTS = {
    "AdapterRegistered",
    "ConcurrencyLine",
    "EndOfRunSummary",
    "FinishedRunningStats",
    "Formatting",
    "FoundStats",
    "LogHookEndLine",
    "LogHookStartLine",
    "LogStartLine",
    "MainReportVersion",
    "RunResultError",
    "RunResultFailure",
    "RunResultWarning",
    "RunResultWarningMessage",
    "SQLCompiledPath",
    "StatsLine",
    "UnableToPartialParse",
}


@dataclass(frozen=True)
class Node:
    """One model or check, as dbt finished it."""

    name: str
    kind: str
    status: str
    seconds: float = 0.0
    failures: int = 0


@dataclass
class Build:
    """One `dbt build`, as it went."""

    run: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    nodes: list[Node] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def named(self, kind: str, *statuses: str) -> list[str]:
        """The names of its models or checks with one of these statuses."""
        return [node.name for node in self.nodes if node.kind == kind and node.status in statuses]


def watched_build(tell_warnings: bool = True) -> Build:
    """Runs `dbt build` on the target prod; models, failures and (if asked) warnings get a line."""
    command = [sys.executable, "-W", "ignore::RuntimeWarning:runpy", "-m", "dbt.cli.main"]
    command += ["--log-format", "json", "--no-use-colors", "build", "--target", "prod"]
    command += ["--project-dir", str(HERE), "--profiles-dir", str(HERE)]
    done = Build()
    began = time.perf_counter()
    live("   dbt starts")
    with subprocess.Popen(
        command,
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            follow(line, done, tell_warnings)
    live("")
    done.exit_code = process.returncode
    done.seconds = time.perf_counter() - began
    say(
        f"   {len(done.named('model', 'success'))} models built; checks: "
        f"{len(done.named('check', 'pass'))} passed, "
        f"{len(done.named('check', 'warn'))} warned, "
        f"{len(done.named('check', 'fail', 'error'))} failed; {done.seconds:.1f} s"
    )
    return done


def follow(line: str, done: Build, tell_warnings: bool) -> None:
    """Takes one line of dbt's log: notes the node it is about, shows what people want to see."""
    try:
        event = json.loads(line)
        data, info = event["data"], event["info"]
    except (ValueError, KeyError, TypeError):
        done.log.append(line.rstrip())
        return
    done.run = info["invocation_id"]
    if info["name"] != "Formatting":
        done.log.append(info["msg"])
    if info["name"] in ("LogModelResult", "LogTestResult", "SkippingDetails"):
        node = finished(data)
        done.nodes.append(node)
        total = data.get("total") or data.get("num_models")
        show(node, f"{len(done.nodes):>3} of {total}", tell_warnings)
    elif info["name"] not in DBT_EVENTS and info["msg"].strip():
        live("")
        for text in info["msg"].strip().splitlines():
            say(f"   | {text}")


def finished(data: dict[str, Any]) -> Node:
    """The node of one of dbt's result events."""
    about = data["node_info"]
    is_model = about["resource_type"] == "model"
    relation = about["node_relation"]
    return Node(
        name=f"{relation['schema']}.{relation['alias']}" if is_model else about["node_name"],
        kind="model" if is_model else "check",
        status=about["node_status"] if is_model else data.get("status", about["node_status"]),
        seconds=data.get("execution_time", 0.0),
        failures=data.get("num_failures", 0),
    )


def show(node: Node, progress: str, tell_warnings: bool) -> None:
    """A lasting line for a model, a warning or a failure; a passing line for everything else."""
    rows = f"{node.failures:,} {'row' if node.failures == 1 else 'rows'}"
    if node.kind == "model" and node.status == "success":
        outcome = f"{node.seconds:.2f} s"
    elif node.status == "warn" and tell_warnings:
        outcome = f"warns: {rows}"
    elif node.status in ("fail", "error"):
        outcome = f"FAILS: {rows}" if node.failures else "FAILS"
    else:
        live(f"   {progress}  {node.name}")
        return
    live("")
    say(f"   {progress}  {node.name:<32} {outcome}")


def live(text: str) -> None:
    """A line that the next one replaces; nothing where the output is not a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns - 1
        sys.stdout.write("\r\x1b[K" + text[:width])
        sys.stdout.flush()


def say(text: str) -> None:
    """Tells the user."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
