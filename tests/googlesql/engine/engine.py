"""BigQuery SQL on Google's analyzer and reference implementation of GoogleSQL.

The analyzer is what BigQuery's dialect is defined by; the reference implementation executes queries over tables given as values: slow, fit
for hundreds of rows, but it is the definition. Queries and `CREATE FUNCTION` statements only. Where BigQuery knows more than this build of
GoogleSQL, `dialect` spells it in other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import dialect
from google.protobuf import empty_pb2
from values import from_value, parse_type, to_value, type_name
from wasm import Service
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as messages
from zetasql.wasi._pb2.zetasql.proto import function_pb2, options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import simple_table_pb2, type_pb2
from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2

Columns = list[tuple[str, str]]
SUFFIX = "_TABLE_SUFFIX"


class Engine:
    """Tables and functions, and what statements over them mean."""

    def __init__(self) -> None:
        self.service = Service()
        language = self.service.call(
            "GetLanguageOptions", messages.LanguageOptionsRequest(maximum_features=True), options_pb2.LanguageOptionsProto
        )
        language.product_mode = 1  # PRODUCT_EXTERNAL: BigQuery's type names
        language.ClearField("reserved_keywords")
        language.reserved_keywords.append("QUALIFY")
        language.ClearField("supported_statement_kinds")
        for kind in ("RESOLVED_QUERY_STMT", "RESOLVED_CREATE_FUNCTION_STMT"):
            language.supported_statement_kinds.append(resolved_node_kind_pb2.ResolvedNodeKind.Value(kind))
        self.options = options_pb2.AnalyzerOptionsProto()
        self.options.language_options.CopyFrom(language)
        self.options.default_timezone = "UTC"
        self.options.prune_unused_columns = True
        self.registered: int | None = None  # The service's number of the catalog, which is sent once and kept until it changes.
        self.clear()

    def clear(self) -> None:
        """Forgets all tables and functions."""
        self.tables: dict[str, simple_table_pb2.SimpleTableProto] = {}
        self.content: dict[str, messages.TableContent] = {}
        self.functions: list[function_pb2.FunctionProto] = []
        self.add_functions(dialect.LACKING)

    def add_functions(self, text: str) -> None:
        """Every `CREATE FUNCTION` statement of a text. Raises ValueError."""
        for statement in dialect.statements(text):
            function = dialect.parse_function(statement)
            self.functions = [known for known in self.functions if known.name_path != function.name_path]
            self.functions.append(function)
        self._changed()

    def add_table(self, name: str, columns: Iterable[tuple[str, str]], rows: Iterable[list[Any]] = ()) -> None:
        """`columns` as pairs of name and type name, `rows` as lists of JSON values in that order. Replaces a table of that name."""
        proto = simple_table_pb2.SimpleTableProto(name=name)
        for column, kind in columns:
            proto.column.add(name=column).type.CopyFrom(parse_type(kind))
        kinds = [column.type for column in proto.column]
        content = messages.TableContent()
        content.table_data.SetInParent()
        for row in rows:
            content.table_data.row.add().cell.extend(map(to_value, kinds, row))
        self._store(proto, content)

    def _add_wildcard(self, name: str) -> None:
        """The table that `prefix*` stands for: the rows of all whose names start so, under the columns of the last one."""
        prefix = name.removesuffix("*")
        names = sorted(table for table in self.tables if table.startswith(prefix) and not table.endswith("*"))
        if not names:
            return
        proto = simple_table_pb2.SimpleTableProto(name=name)
        proto.column.extend(self.tables[names[-1]].column)
        proto.column.add(name=SUFFIX, is_pseudo_column=True).type.type_kind = type_pb2.TYPE_STRING
        content = messages.TableContent()
        content.table_data.SetInParent()
        for table in names:
            places = {column.name: place for place, column in enumerate(self.tables[table].column)}
            suffix = to_value(proto.column[-1].type, table.removeprefix(prefix))
            for row in self.content[table].table_data.row:
                cells = content.table_data.row.add().cell
                cells.extend(row.cell[places[column.name]] for column in proto.column[:-1])
                cells.append(suffix)
        self._store(proto, content)

    def _store(self, proto: simple_table_pb2.SimpleTableProto, content: messages.TableContent) -> None:
        self.tables[proto.name] = proto
        self.content[proto.name] = content
        self._changed()

    def _changed(self) -> None:
        if self.registered is not None:
            self.service.call("UnregisterCatalog", messages.UnregisterRequest(registered_id=self.registered), empty_pb2.Empty)
            self.registered = None

    def _catalog(self) -> int:
        if self.registered is None:
            root = simple_catalog_pb2.SimpleCatalogProto(name="catalog", table=self.tables.values(), custom_function=self.functions)
            root.builtin_function_options.language_options.CopyFrom(self.options.language_options)
            request = messages.RegisterCatalogRequest(simple_catalog=root, table_content=self.content)
            self.registered = self.service.call("RegisterCatalog", request, messages.RegisterResponse).registered_id
        return self.registered

    def _prepared(self, sql: str) -> str:
        """The statement in this engine's words, with the wildcard tables that it reads in the catalog."""
        for name in re.findall(r"`([^`\s]+\*)`", sql):
            if name not in self.tables:
                self._add_wildcard(name)
        return dialect.spell(sql, [*self.tables, *(function.name_path[0] for function in self.functions)])

    def analyze(self, sql: str) -> Columns:
        """The columns of a query. Raises GoogleSqlError."""
        sql = self._prepared(sql)
        request = messages.PrepareQueryRequest(sql=sql, options=self.options, registered_catalog_id=self._catalog())
        answer = self.service.call("PrepareQuery", request, messages.PrepareQueryResponse).prepared
        done = messages.UnprepareQueryRequest(prepared_query_id=answer.prepared_query_id)
        self.service.call("UnprepareQuery", done, empty_pb2.Empty)
        return [(column.name, type_name(column.type)) for column in answer.columns]

    def query(self, sql: str) -> tuple[Columns, list[list[Any]]]:
        """The columns and rows of a query, executed. Raises GoogleSqlError."""
        sql = self._prepared(sql)
        request = messages.EvaluateQueryRequest(sql=sql, options=self.options, registered_catalog_id=self._catalog())
        answer = self.service.call("EvaluateQuery", request, messages.EvaluateQueryResponse)
        kinds = [column.type for column in answer.prepared.columns]
        rows = [list(map(from_value, kinds, row.cell)) for row in answer.content.table_data.row]
        return [(column.name, type_name(column.type)) for column in answer.prepared.columns], rows

    def accept(self, sql: str) -> None:
        """Analyses a `CREATE FUNCTION` statement as it stands. Raises GoogleSqlError."""
        sql = self._prepared(sql)
        request = messages.AnalyzeRequest(sql_statement=sql, options=self.options, registered_catalog_id=self._catalog())
        self.service.call("Analyze", request, messages.AnalyzeResponse)
