//! Loads a CSV or Parquet file of one row per unit into the embedded engine, by the engine's own readers. For data that may be large
//! and comes once; `isobar import` is for tables that stay.

use std::io::{BufRead, BufReader};
use std::path::Path;

use indexmap::IndexMap;

use super::DuckDb;
use super::duckdb::first_line;
use crate::diagnostics::{Code, Diagnostic, Result};
use crate::sql::duckdb::{quote_name, quote_string};
use crate::sql::script::TableName;
use crate::sql::types::Type;

impl DuckDb {
    /// Loads a file into a table, with a column that numbers its rows from 1 in their order.
    ///
    /// CSV: a header, an empty cell is NULL, `NaN`, `Infinity`, `-Infinity`; columns without a declared type are STRING.
    /// Parquet: columns with a declared type are converted to it.
    ///
    /// # Errors
    /// A file that can't be read or a value that does not fit its type; the message is the engine's, which names the line.
    pub fn load_file(
        &self,
        table: &TableName,
        file: &Path,
        types: &IndexMap<String, Type>,
        row_number: &str,
    ) -> Result<()> {
        let Some(path) = file.to_str().and_then(quote_string) else {
            return Err(Diagnostic::error(Code::Unreadable, format!("{} is not a usable path", file.display())).into());
        };
        let is_parquet = file
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        let rows = if is_parquet {
            let casts: Vec<String> = types
                .iter()
                .map(|(name, kind)| format!("CAST({0} AS {1}) AS {0}", quote_name(name), kind.duckdb()))
                .collect();
            match casts.is_empty() {
                true => format!("SELECT * FROM read_parquet({path})"),
                false => format!("SELECT * REPLACE ({}) FROM read_parquet({path})", casts.join(", ")),
            }
        } else {
            let header = header(file)?;
            let kinds = header
                .iter()
                .map(|name| types.get(name).unwrap_or(&Type::String).duckdb());
            let columns: Vec<String> = kinds
                .enumerate()
                .map(|(place, kind)| format!("'c{place}': '{}'", kind.replace('\'', "''")))
                .collect();
            // Columns are c0, c1, ... to the reader, so that no name needs quoting in its map of types.
            let names: Vec<String> = header
                .iter()
                .enumerate()
                .map(|(place, name)| format!("c{place} AS {}", quote_name(name)))
                .collect();
            format!(
                "SELECT {} FROM read_csv({path}, header = true, auto_detect = false, delim = ',', quote = '\"', escape = '\"', \
                 nullstr = '', columns = {{{}}})",
                names.join(", "),
                columns.join(", ")
            )
        };
        self.make_room(table)?;
        let sql = format!(
            "SELECT *, row_number() OVER () AS {} FROM ({rows})",
            quote_name(row_number)
        );
        self.create(table, &sql).and_then(|()| self.commit()).map_err(|error| {
            Diagnostic::error(
                Code::Data,
                format!("can't load {}: {}", file.display(), first_line(&error)),
            )
            .into()
        })
    }
}

/// The column names in the first line of a CSV file.
fn header(file: &Path) -> Result<Vec<String>> {
    let unreadable =
        |error: std::io::Error| Diagnostic::error(Code::Unreadable, format!("can't read {}: {error}", file.display()));
    let mut line = String::new();
    BufReader::new(std::fs::File::open(file).map_err(unreadable)?)
        .read_line(&mut line)
        .map_err(unreadable)?;
    let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    if line.is_empty() {
        return Err(Diagnostic::error(Code::Data, format!("{} has no header", file.display())).into());
    }
    let mut names = Vec::new();
    let mut rest = line;
    loop {
        let (name, after) = match rest.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
            Some((name, after)) => (name, after.strip_prefix(',')),
            None => match rest.split_once(',') {
                Some((name, after)) => (name, Some(after)),
                None => (rest, None),
            },
        };
        names.push(name.to_string());
        match after {
            Some(after) => rest = after,
            None => return Ok(names),
        }
    }
}
