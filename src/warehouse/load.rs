//! Tables from rows and files.

use std::path::PathBuf;

use super::DuckDb;
use super::duckdb::{first_line, full_name};
use super::staging::{Staging, staged_type, unstaged};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result};
use crate::sql::duckdb::{quote_name, quote_string};
use crate::sql::script::TableName;
use crate::sql::types::Type;

/// The kinds of files that can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a line of names, perhaps packed.
    Csv,
    /// One JSON object per line, perhaps packed.
    Ndjson,
}

impl DuckDb {
    /// Replaces a table by staged rows.
    pub fn load_staged(&self, table: &TableName, columns: &[(String, Type)], staging: &mut Staging) -> Result<()> {
        let Some(path) = staging.finish()?.to_str().and_then(quote_string) else {
            return Err(
                Diagnostic::error(Code::Unwritable, "the folder for temporary files has no usable name").into(),
            );
        };
        let kinds: Vec<String> = (columns.iter().enumerate())
            .map(|(place, (_, kind))| format!("'c{place}': '{}'", staged_type(kind).duckdb().replace('\'', "''")))
            .collect();
        let list: Vec<String> = (columns.iter().enumerate())
            .map(|(place, (name, kind))| format!("{} AS {}", unstaged(&format!("c{place}"), kind), quote_name(name)))
            .collect();
        let query = format!(
            "SELECT {} FROM read_json({path}, format = 'newline_delimited', columns = {{{}}}, maximum_object_size = 268435456)",
            list.join(", "),
            kinds.join(", ")
        );
        self.replace(table, &query)
    }

    /// Replaces a table by the content of files, as DuckDB reads them. With `columns`, these are the table's columns, by name; a column
    /// that the files lack is null.
    pub fn load_files(
        &self,
        table: &TableName,
        files: &[PathBuf],
        kind: FileKind,
        columns: Option<&[(String, Type)]>,
    ) -> Result<()> {
        let mut paths = Vec::new();
        for file in files {
            match file.to_str().and_then(quote_string) {
                Some(path) => paths.push(path),
                None => {
                    return Err(Diagnostic::error(
                        Code::Unreadable,
                        format!("`{}` is not a usable path", file.display()),
                    )
                    .into());
                }
            }
        }
        let (reader, options) = match kind {
            FileKind::Parquet => ("read_parquet", "union_by_name = true"),
            FileKind::Csv => ("read_csv", "union_by_name = true, header = true"),
            FileKind::Ndjson => (
                "read_json",
                "union_by_name = true, format = 'newline_delimited', map_inference_threshold = -1",
            ),
        };
        let relation = format!("{reader}([{}], {options})", paths.join(", "));
        let list = match columns {
            None => "*".to_string(),
            Some(columns) => {
                let unreadable = |error: ::duckdb::Error| Diagnostic::error(Code::Data, first_line(&error));
                let found = self.columns(&format!("SELECT * FROM {relation}")).map_err(unreadable)?;
                let list: Vec<String> = (columns.iter())
                    .map(|(name, kind)| {
                        let source = found.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
                        let source = source.map_or("NULL".into(), |(found, _)| quote_name(found));
                        format!("CAST({source} AS {}) AS {}", kind.duckdb(), quote_name(name))
                    })
                    .collect();
                list.join(", ")
            }
        };
        self.replace(table, &format!("SELECT {list} FROM {relation}"))
    }

    /// Replaces a table by the rows of a DuckDB query, with BigQuery's types.
    fn replace(&self, table: &TableName, query: &str) -> Result<()> {
        self.make_room(table)?;
        let failed = |error: ::duckdb::Error| -> Diagnostics {
            Diagnostic::error(Code::Data, format!("can't load `{table}`: {}", first_line(&error))).into()
        };
        self.create(table, query).map_err(failed)?;
        for (name, kind) in self.columns(&full_name(table)).map_err(failed)? {
            if let Err(fault) = Type::parse_duckdb(&kind) {
                self.connection.execute_batch("ROLLBACK").map_err(failed)?;
                return Err(
                    Diagnostic::error(Code::Data, format!("the column `{name}` can't be kept: {fault}"))
                        .with_help("a schema says which type it is meant to have")
                        .into(),
                );
            }
        }
        self.connection.execute_batch("COMMIT").map_err(failed)
    }
}
