"""Answers requests on standard input, one JSON object per line, with one JSON object per line on standard output.

    {"clear": true}                                       forgets all tables and functions
    {"functions": "CREATE FUNCTION ...; ..."}             adds functions
    {"tables": {"p.d.t": {"columns": [["name", "TYPE"], ...], "rows": [[...], ...]}}}    adds or replaces tables
    {"analyze": "SELECT ..."}                             {"columns": [["name", "TYPE"], ...]}
    {"query": "SELECT ..."}                               {"columns": ..., "rows": [[...], ...]}
    {"accept": "CREATE FUNCTION ..."}                     {}

The answer to a statement that is refused is {"error": "..."}. `--compile` only prepares the engine, so that later starts are fast.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from engine import Engine
from wasm import GoogleSqlError


def answer(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Does what a request asks for."""
    match request:
        case {"clear": True}:
            engine.clear()
        case {"functions": str(text)}:
            engine.add_functions(text)
        case {"tables": dict(tables)}:
            for name, table in tables.items():
                engine.add_table(name, table["columns"], table.get("rows", ()))
        case {"analyze": str(sql)}:
            return {"columns": engine.analyze(sql)}
        case {"query": str(sql)}:
            columns, rows = engine.query(sql)
            return {"columns": columns, "rows": rows}
        case {"accept": str(sql)}:
            engine.accept(sql)
        case _:
            raise ValueError(f"not a request: {json.dumps(request)[:80]}")
    return {}


def main() -> None:
    """Serves until the input ends."""
    engine = Engine()
    if sys.argv[1:] == ["--compile"]:
        return
    for line in sys.stdin:
        try:
            reply = answer(engine, json.loads(line))
        except (GoogleSqlError, ValueError) as error:
            reply = {"error": str(error)}
        print(json.dumps(reply, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
