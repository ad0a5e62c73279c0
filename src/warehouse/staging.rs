//! Rows on their way into DuckDB: a temporary file of JSON lines that DuckDB reads back as the same values.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Value;
use crate::diagnostics::{Code, Diagnostic, Result};
use crate::sql::duckdb::quote_name;
use crate::sql::types::Type;

/// A file of rows that goes away with its owner.
pub struct Staging {
    path: PathBuf,
    file: BufWriter<std::fs::File>,
}

impl Staging {
    /// Creates a new file in the folder for temporary files.
    pub fn create() -> Result<Self> {
        let folder = std::env::temp_dir();
        for attempt in 0u32.. {
            let path = folder.join(format!("isobar-{}-{attempt}.ndjson", std::process::id()));
            match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let file = BufWriter::new(file);
                    return Ok(Self { path, file });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritable(&error)),
            }
        }
        Err(unwritable(&std::io::ErrorKind::AlreadyExists.into()))
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[Value], columns: &[(String, Type)]) -> Result<()> {
        self.file
            .write_all(line(row, columns).as_bytes())
            .map_err(|error| unwritable(&error))
    }

    /// Where the rows lie, all of them.
    pub fn finish(&mut self) -> Result<&Path> {
        self.file.flush().map_err(|error| unwritable(&error))?;
        Ok(&self.path)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // It lies in the folder for temporary files; the system clears that if this fails.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn unwritable(error: &std::io::Error) -> crate::diagnostics::Diagnostics {
    Diagnostic::error(Code::Unwritable, format!("can't write a temporary file: {error}")).into()
}

/// The type as which DuckDB reads a staged value: bytes are base64.
pub(super) fn staged_type(kind: &Type) -> Type {
    match kind {
        Type::Bytes => Type::String,
        Type::Array(element) => Type::Array(Box::new(staged_type(element))),
        Type::Struct(fields) => {
            let fields = fields.iter().map(|(name, kind)| (name.clone(), staged_type(kind)));
            Type::Struct(fields.collect())
        }
        other => other.clone(),
    }
}

/// The DuckDB expression that makes a staged value what it is meant to be.
pub(super) fn unstaged(staged: &str, kind: &Type) -> String {
    match kind {
        kind if staged_type(kind) == *kind => staged.to_string(),
        Type::Array(element) => format!("list_transform({staged}, lambda item: {})", unstaged("item", element)),
        Type::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, kind)| {
                    let part = unstaged(&format!("({staged}).{}", quote_name(name)), kind);
                    format!("'{}': {part}", name.replace('\'', "''"))
                })
                .collect();
            format!("CASE WHEN {staged} IS NOT NULL THEN {{{}}} END", fields.join(", "))
        }
        _ => format!("from_base64({staged})"),
    }
}

/// One row as a line. Columns are c0, c1, ..., so that no name needs quoting.
fn line(row: &[Value], columns: &[(String, Type)]) -> String {
    let mut line = String::from("{");
    for (place, (value, (_, kind))) in row.iter().zip(columns).enumerate() {
        if place > 0 {
            line.push(',');
        }
        line.push_str(&format!("\"c{place}\":"));
        line.push_str(&text_of(value, kind));
    }
    line.push_str("}\n");
    line
}

fn text_of(value: &Value, kind: &Type) -> String {
    match (value, kind) {
        (Value::Array(items), Type::Array(element)) => {
            let items: Vec<String> = items.iter().map(|item| text_of(item, element)).collect();
            format!("[{}]", items.join(","))
        }
        (Value::Struct(values), Type::Struct(fields)) => {
            let fields: Vec<String> = (fields.iter().zip(values))
                .map(|((name, kind), value)| {
                    format!("{}:{}", serde_json::Value::from(name.as_str()), text_of(value, kind))
                })
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        (Value::Json(text), _) => text.clone(),
        // DuckDB reads a timestamp without a zone as it stands.
        (Value::Timestamp(moment), _) => format!("\"{moment}\""),
        (value, kind) => value.to_json(kind).to_string(),
    }
}
