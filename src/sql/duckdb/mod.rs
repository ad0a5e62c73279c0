//! BigQuery SQL for DuckDB: the AST of the statement, rewritten and printed.
