"""BigQuery SQL in the words of this build of GoogleSQL: full names as single identifiers, and what BigQuery alone knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from values import parse_type
from zetasql.wasi._pb2.zetasql.proto import function_pb2

# Functions of BigQuery that this build lacks. Lower case stands for NFKC and case folding, whose data it lacks.
LACKING = """
CREATE FUNCTION CONTAINS_SUBSTR(value ANY TYPE, search STRING) AS (STRPOS(LOWER(CAST(value AS STRING)), LOWER(search)) > 0);
"""
# Names of types that BigQuery knows besides INT64, where they end a CAST.
INTEGER_ALIAS = re.compile(r"(\bAS\s+)(?:INT|INTEGER|SMALLINT|BIGINT|TINYINT|BYTEINT)(?=\s*\))", re.I)
FUNCTION = re.compile(r"\s*CREATE\s+FUNCTION\s+([`\w.-]+)\s*\((.*?)\)\s*AS\s*\((.*)\)\s*;?\s*", re.S | re.I)
ARGUMENT = function_pb2.FunctionArgumentTypeProto.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_name
# What text can hold a `;` or a name without meaning it.
OPAQUE = r"--[^\n]*|/\*.*?\*/|'''.*?'''|\"\"\".*?\"\"\"|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""


def statements(text: str) -> Iterator[str]:
    """The statements of a script, without their comments."""
    text = re.sub(OPAQUE, lambda match: "" if match[0][:2] in ("--", "/*") else match[0], text, flags=re.S)
    start = 0
    for match in re.finditer(OPAQUE + r"|;", text, re.S):
        if match[0] == ";":
            yield text[start : match.start()].strip()
            start = match.end()
    if rest := text[start:].strip():
        yield rest


def parse_function(text: str) -> function_pb2.FunctionProto:
    """`CREATE FUNCTION name(argument TYPE | ANY TYPE, ...) AS (expression)` as a function that is inlined where it is called."""
    match = FUNCTION.fullmatch(text)
    if not match:
        raise ValueError(f"not a SQL function: {text[:80]!r}")
    out = function_pb2.FunctionProto(group="Templated_SQL_Function")
    out.name_path.append(match[1].replace("`", ""))
    out.parse_resume_location.input = INTEGER_ALIAS.sub(r"\1INT64", match[3])
    signature = out.signature.add()
    signature.return_type.kind = ARGUMENT["ARG_TYPE_ARBITRARY"].number
    signature.return_type.num_occurrences = 1
    for part in _arguments(match[2]):
        name, kind = part.split(None, 1)
        out.templated_sql_function_argument_name.append(name)
        argument = signature.argument.add(num_occurrences=1)
        if re.fullmatch(r"ANY\s+TYPE", kind, re.I):
            argument.kind = ARGUMENT["ARG_TYPE_ARBITRARY"].number
        else:
            argument.kind = ARGUMENT["ARG_TYPE_FIXED"].number
            argument.type.CopyFrom(parse_type(kind))
    return out


def _arguments(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for index, char in enumerate(text + ","):
        depth += (char in "<(") - (char in ">)")
        if char == "," and depth == 0:
            if part := text[start:index].strip():
                yield part
            start = index + 1


def spell(sql: str, names: Iterable[str]) -> str:
    """A statement with every spelling of those names (`a`.b.c, a.b.c, `a.b.c`) as one quoted identifier, which is how the catalog knows
    them, and without words that only BigQuery knows."""
    for name in sorted(names, key=len, reverse=True):
        if name.rsplit(".", 1)[-1] in sql:
            parts = r"`?\.`?".join(re.escape(part) for part in name.split("."))
            sql = re.sub(rf"(?<![\w.`-])`?{parts}`?(?![\w`*-])", f"`{name}`", sql)
    return _having_max(INTEGER_ALIAS.sub(r"\1INT64", sql))


def _having_max(sql: str) -> str:
    """MAX_BY(x, y) as ANY_VALUE(x HAVING MAX y), which BigQuery defines it by; MIN_BY likewise."""
    while match := re.search(r"\b(MAX|MIN)_BY\s*\(", sql, re.I):
        depth, comma, index = 1, None, match.end()
        while depth:
            depth += (sql[index] == "(") - (sql[index] == ")")
            if sql[index] == "," and depth == 1 and comma is None:
                comma = index
            index += 1
        x, y = sql[match.end() : comma], sql[comma + 1 : index - 1]
        sql = f"{sql[: match.start()]}ANY_VALUE({x} HAVING {match[1]} {y}){sql[index:]}"
    return sql
