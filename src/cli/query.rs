//! `isobar query`: one BigQuery statement on the embedded engine.

use std::io::Read;

use clap::{Args, ValueEnum};

use super::database::Database;
use super::{Outcome, print};
use crate::diagnostics::{Code, Diagnostic, Result};
use crate::sql::types::Type;
use crate::warehouse::duckdb::Access;
use crate::warehouse::{Rows, Value, Warehouse};

/// Run one BigQuery statement and print its rows
#[derive(Debug, Args)]
pub struct QueryArgs {
    #[command(flatten)]
    database: Database,
    /// How to print the rows.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The statement, or `-` for standard input.
    #[arg(value_name = "SQL")]
    sql: String,
}

/// The form of printed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns side by side, for people.
    Table,
    /// `{"columns": [[name, type]], "rows": [[...]]}`.
    Json,
    /// Comma-separated values with a line of names.
    Csv,
}

/// Runs the command.
pub fn run(args: QueryArgs) -> Result<Outcome> {
    let (name, sql) = match args.sql.as_str() {
        "-" => {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| Diagnostic::error(Code::Unreadable, format!("can't read standard input: {error}")))?;
            ("<stdin>", text)
        }
        sql => ("<argument>", sql.to_string()),
    };
    let engine = args.database.open(Access::Read)?;
    let rows = engine.query(name, &sql)?;
    print(&match args.format {
        Format::Json => format!("{}\n", rows.to_json()),
        Format::Csv => csv(&rows),
        Format::Table => table(&rows),
    })?;
    Ok(Outcome::Complete)
}

/// A value as text; NULL is None.
fn text(value: &Value, kind: &Type) -> Option<String> {
    match value {
        Value::Null => None,
        value => Some(match value.to_json(kind) {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        }),
    }
}

/// RFC 4180 with line feeds. NULL is an empty cell, an empty string is `""`.
fn csv(rows: &Rows) -> String {
    let quote = |cell: &str| match cell.is_empty() || cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_string(),
    };
    let names: Vec<String> = rows.columns.iter().map(|(name, _)| quote(name)).collect();
    let mut out = format!("{}\n", names.join(","));
    for row in &rows.rows {
        let cells = row.iter().zip(&rows.columns);
        let cells: Vec<String> = cells
            .map(|(value, (_, kind))| text(value, kind).map_or(String::new(), |cell| quote(&cell)))
            .collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

/// Columns side by side; numbers to the right.
fn table(rows: &Rows) -> String {
    let cells: Vec<Vec<String>> = (rows.rows.iter())
        .map(|row| {
            let cells = row.iter().zip(&rows.columns);
            cells
                .map(|(value, (_, kind))| text(value, kind).unwrap_or_else(|| "NULL".into()).replace('\n', "\\n"))
                .collect()
        })
        .collect();
    let widths: Vec<usize> = (rows.columns.iter().enumerate())
        .map(|(place, (name, _))| {
            let longest = cells.iter().map(|row| row[place].chars().count()).max().unwrap_or(0);
            longest.max(name.chars().count())
        })
        .collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = (cells.iter().zip(&rows.columns).zip(&widths))
            .map(|((cell, (_, kind)), width)| match kind {
                Type::Int64 | Type::Float64 | Type::Numeric => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            })
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let names: Vec<String> = rows.columns.iter().map(|(name, _)| name.clone()).collect();
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = line(&names);
    out.push_str(&format!("{}\n", rules.join("  ")));
    for row in &cells {
        out.push_str(&line(row));
    }
    out
}
