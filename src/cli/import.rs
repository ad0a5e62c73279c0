//! `isobar import`: Parquet, CSV and NDJSON files into a table of the embedded engine.
//!
//! With a schema every value of a text file is checked here, so that a bad row is named by file and line; else DuckDB reads the files.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use flate2::read::MultiGzDecoder;
use serde_json::Value as Json;

use super::Outcome;
use super::database::Database;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result};
use crate::sql::script::TableName;
use crate::sql::types::Type;
use crate::warehouse::decode::{decode, from_text};
use crate::warehouse::duckdb::Access;
use crate::warehouse::records::Records;
use crate::warehouse::staging::Staging;
use crate::warehouse::{FileKind, Value};

/// After this many bad rows the rest is not read.
const MOST_FAULTS: usize = 20;

/// Load Parquet, CSV or NDJSON files into a table, replacing it
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    database: Database,
    /// The table, as `project.dataset.table`.
    #[arg(long, value_name = "NAME")]
    table: String,
    /// A JSON list of `[column, BigQuery type]`, or BigQuery's schema JSON; without it the types are inferred.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// Files that end with .parquet, .csv, .ndjson or .jsonl; the text ones may end with .gz too.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: ImportArgs) -> Result<Outcome> {
    let table = table_name(&args.table)?;
    let mut faults = Diagnostics::default();
    let mut kinds = Vec::new();
    for file in &args.files {
        match kind_of(file) {
            Some(kind) => kinds.push(kind),
            None => faults.0.push(
                Diagnostic::error(Code::Usage, format!("`{}` is of an unknown kind", file.display())).with_help(
                    "files end with .parquet, .csv, .ndjson or .jsonl, the text ones with .gz after it or not",
                ),
            ),
        }
        if let Err(error) = File::open(file) {
            faults.0.push(unreadable(file, &error));
        }
    }
    if kinds.windows(2).any(|pair| pair[0] != pair[1]) {
        faults
            .0
            .push(Diagnostic::error(Code::Usage, "the files are of different kinds"));
    }
    let schema = match args.schema.as_deref().map(read_schema).transpose() {
        Ok(schema) => schema,
        Err(more) => {
            faults.0.extend(more.0);
            None
        }
    };
    let (false, Some(kind)) = (faults.has_errors(), kinds.first().copied()) else {
        return Err(faults);
    };
    // The first import makes the database.
    if !args.database.database.exists() {
        std::fs::create_dir(&args.database.database).map_err(|error| {
            Diagnostic::error(
                Code::Unwritable,
                format!("can't make the folder `{}`: {error}", args.database.database.display()),
            )
        })?;
    }
    match (kind, schema) {
        (FileKind::Csv | FileKind::Ndjson, Some(columns)) => {
            let mut staging = check_rows(&args.files, kind, &columns)?;
            args.database
                .open(Access::Write)?
                .load_staged(&table, &columns, &mut staging)?;
        }
        (kind, schema) => {
            args.database
                .open(Access::Write)?
                .load_files(&table, &args.files, kind, schema.as_deref())?;
        }
    }
    Ok(Outcome::Complete)
}

fn table_name(text: &str) -> Result<TableName> {
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        [project, dataset, table]
            if parts
                .iter()
                .all(|part| !part.is_empty() && !part.contains(['/', '\\', '`'])) =>
        {
            Ok(TableName {
                project: (*project).into(),
                dataset: (*dataset).into(),
                table: (*table).into(),
            })
        }
        _ => Err(Diagnostic::error(Code::Usage, format!("`{text}` is not a table name"))
            .with_help("a table is named `project.dataset.table`")
            .into()),
    }
}

fn kind_of(file: &Path) -> Option<FileKind> {
    let name = file.file_name()?.to_str()?.to_ascii_lowercase();
    let text = name.strip_suffix(".gz").unwrap_or(&name);
    match text.rsplit_once('.')?.1 {
        "parquet" if text.len() == name.len() => Some(FileKind::Parquet),
        "csv" => Some(FileKind::Csv),
        "ndjson" | "jsonl" => Some(FileKind::Ndjson),
        _ => None,
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::Unreadable, format!("can't read `{}`: {error}", file.display()))
}

/// Reads a schema in either form.
fn read_schema(file: &Path) -> Result<Vec<(String, Type)>> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let fault =
        |message: String| Diagnostic::error(Code::Syntax, format!("`{}` is not a schema: {message}", file.display()));
    let json: Json = serde_json::from_str(&text).map_err(|error| fault(error.to_string()))?;
    let list = [&json, &json["fields"], &json["schema"]["fields"]];
    let Some(list) = list.into_iter().find_map(Json::as_array) else {
        return Err(fault("it is not a list of columns".into()).into());
    };
    let mut faults = Diagnostics::default();
    let mut columns: Vec<(String, Type)> = Vec::new();
    for column in list {
        let read = match column {
            Json::Array(pair) => match pair.as_slice() {
                [Json::String(name), Json::String(kind)] => Type::parse(kind).map(|kind| (name.clone(), kind)),
                _ => Err(format!("`{column}` is not a pair of name and type")),
            },
            column => field(column),
        };
        match read {
            Ok((name, _)) if columns.iter().any(|(other, _)| other.eq_ignore_ascii_case(&name)) => {
                faults.0.push(fault(format!("`{name}` stands in it twice")));
            }
            Ok(column) => columns.push(column),
            Err(message) => faults.0.push(fault(message)),
        }
    }
    match faults.has_errors() {
        true => Err(faults),
        false => Ok(columns),
    }
}

/// One field of BigQuery's schema JSON: name, type, mode and, within a RECORD, fields.
fn field(json: &Json) -> std::result::Result<(String, Type), String> {
    let word = |key: &str| json[key].as_str().map(str::to_string);
    let name = word("name").ok_or_else(|| format!("`{json}` has no name"))?;
    let kind = word("type").ok_or_else(|| format!("`{name}` has no type"))?;
    let kind = match kind.to_ascii_uppercase().as_str() {
        "RECORD" | "STRUCT" if json["fields"].is_array() => {
            let fields: std::result::Result<Vec<(String, Type)>, String> =
                json["fields"].as_array().into_iter().flatten().map(field).collect();
            Type::Struct(fields?)
        }
        _ => Type::parse(&kind).map_err(|fault| format!("`{name}`: {fault}"))?,
    };
    match word("mode").map(|mode| mode.to_ascii_uppercase()).as_deref() {
        Some("REPEATED") => Ok((name, Type::Array(Box::new(kind)))),
        None | Some("NULLABLE" | "REQUIRED") => Ok((name, kind)),
        Some(mode) => Err(format!("`{name}` has the unknown mode `{mode}`")),
    }
}

/// Checks every row of text files and keeps them in a temporary file, ready to be loaded.
fn check_rows(files: &[PathBuf], kind: FileKind, columns: &[(String, Type)]) -> Result<Staging> {
    let mut faults = Diagnostics::default();
    let mut staging = Staging::create()?;
    for path in files {
        let mut reader = open(path)?;
        let read = match kind {
            FileKind::Ndjson => ndjson(path, &mut reader, columns, &mut staging, &mut faults),
            FileKind::Csv => csv(path, &mut reader, columns, &mut staging, &mut faults),
            FileKind::Parquet => Ok(()),
        };
        read?;
        if faults.0.len() >= MOST_FAULTS {
            break;
        }
    }
    match faults.has_errors() {
        true => Err(faults),
        false => Ok(staging),
    }
}

/// A text file, unpacked if its name ends with `.gz`.
fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let packed = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    Ok(match packed {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(BufReader::new(file)),
    })
}

fn bad_row(path: &Path, line: usize, message: &str) -> Diagnostic {
    Diagnostic::error(Code::Data, format!("{}:{line}: {message}", path.display()))
}

fn ndjson(
    path: &Path,
    reader: &mut dyn BufRead,
    columns: &[(String, Type)],
    staging: &mut Staging,
    faults: &mut Diagnostics,
) -> Result<()> {
    let whole = Type::Struct(columns.to_vec());
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if reader.read_line(&mut line).map_err(|error| unreadable(path, &error))? == 0 || faults.0.len() >= MOST_FAULTS
        {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let row = match serde_json::from_str::<Json>(&line) {
            Ok(json @ Json::Object(_)) => {
                decode(&json, &whole).map_err(|fault| fault.replace(&format!(" of {whole}"), ""))
            }
            Ok(_) => Err("the row is not a JSON object".into()),
            Err(error) => Err(format!("the row is not JSON: {error}")),
        };
        match row {
            Ok(Value::Struct(row)) => staging.push(&row, columns)?,
            Ok(_) => {}
            Err(fault) => faults.0.push(bad_row(path, number, &fault)),
        }
    }
    Ok(())
}

fn csv(
    path: &Path,
    reader: &mut dyn BufRead,
    columns: &[(String, Type)],
    staging: &mut Staging,
    faults: &mut Diagnostics,
) -> Result<()> {
    let mut records = Records::new(reader);
    let read = |error: std::io::Error| unreadable(path, &error);
    let Some((_, header)) = records.next_record().map_err(read)? else {
        faults.0.push(bad_row(path, 1, "there is no line of column names"));
        return Ok(());
    };
    let names: Vec<String> = header.into_iter().map(Option::unwrap_or_default).collect();
    let mut places = Vec::new();
    for name in &names {
        let place = columns
            .iter()
            .position(|(column, _)| column.eq_ignore_ascii_case(name.trim()));
        if place.is_none() {
            faults
                .0
                .push(bad_row(path, 1, &format!("`{name}` is not a column of the schema")));
        }
        places.push(place);
    }
    while let Some((line, record)) = records.next_record().map_err(read)? {
        if faults.0.len() >= MOST_FAULTS {
            break;
        }
        if record.len() != names.len() {
            faults.0.push(bad_row(
                path,
                line,
                &format!("{} cells, the first line has {}", record.len(), names.len()),
            ));
            continue;
        }
        let mut row = vec![Value::Null; columns.len()];
        for (cell, place) in record.into_iter().zip(&places) {
            let (Some(cell), Some(place)) = (cell, *place) else {
                continue;
            };
            let (name, kind) = &columns[place];
            let value = match kind {
                Type::Array(_) | Type::Struct(_) => {
                    (serde_json::from_str(&cell).ok()).and_then(|json: Json| decode(&json, kind).ok())
                }
                kind => from_text(&cell, kind),
            };
            match value {
                Some(value) => row[place] = value,
                None => faults
                    .0
                    .push(bad_row(path, line, &format!("{name}: `{cell}` is not a {kind}"))),
            }
        }
        staging.push(&row, columns)?;
    }
    Ok(())
}
