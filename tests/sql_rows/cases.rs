//! Reads the row fixtures: telemetry, reference statements and the rows that these return; and compares rows with rows.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isobar::sql::script::TableName;
use isobar::sql::types::Type;
use isobar::warehouse::decode::decode;
use isobar::warehouse::{Rows, Value};
use serde_json::Value as Json;

/// The folder with corpus, fixtures and specifications, if there is one.
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("ISOBAR_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let found = folder.join("fixtures/sql/schemas.json").exists();
    if !found {
        println!("skipped: no folder `{}` with fixtures", folder.display());
    }
    found.then_some(folder)
}

/// All columns of a table with their types.
pub type Schemas = serde_json::Map<String, Json>;

/// One experiment with its telemetry.
pub struct Case {
    /// What `CURRENT_DATE()` stood for.
    pub current_date: String,
    /// The source tables.
    pub telemetry: Vec<(TableName, Rows)>,
    /// The reference statements that run, with their rows.
    pub statements: Vec<Expected>,
    /// File and column of cells that depend on the order of rows.
    pub nondeterministic: Vec<(String, String)>,
}

/// A statement's file and what it returns.
pub struct Expected {
    /// The file in the archive of reference statements.
    pub file: String,
    /// The rows.
    pub rows: Rows,
}

/// The names of all cases, in alphabetical order.
pub fn slugs(shared: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(shared.join("fixtures/sql/cases")).unwrap();
    let mut slugs: Vec<String> = entries
        .filter_map(|entry| {
            Some(
                entry
                    .unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".json.zst")?
                    .to_string(),
            )
        })
        .collect();
    slugs.sort();
    slugs
}

/// The schemas of the source tables.
pub fn schemas(shared: &Path) -> Schemas {
    let text = std::fs::read_to_string(shared.join("fixtures/sql/schemas.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Reads a case.
pub fn read(shared: &Path, schemas: &Schemas, slug: &str) -> Case {
    let file = std::fs::File::open(shared.join(format!("fixtures/sql/cases/{slug}.json.zst"))).unwrap();
    let mut text = String::new();
    zstd::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap();
    let json: Json = serde_json::from_str(&text).unwrap();
    let telemetry = (json["telemetry"].as_object().unwrap().iter())
        .map(|(name, table)| (table_name(name), telemetry_rows(table, &schemas[name])))
        .collect();
    let statements = (json["statements"].as_array().unwrap().iter())
        .map(|statement| Expected {
            file: statement["file"].as_str().unwrap().to_string(),
            rows: rows_of(columns_of(&statement["columns"]), &statement["rows"]),
        })
        .collect();
    let nondeterministic = (json["nondeterministic"].as_array().unwrap().iter())
        .map(|cell| {
            (
                cell["file"].as_str().unwrap().to_string(),
                cell["column"].as_str().unwrap().to_string(),
            )
        })
        .collect();
    Case {
        current_date: json["current_date"].as_str().unwrap_or_default().to_string(),
        telemetry,
        statements,
        nondeterministic,
    }
}

/// Unpacks the archive of reference statements: `sql/<slug>/<file>`.
pub fn unpack_reference(shared: &Path, into: &Path) {
    let file = std::fs::File::open(shared.join("corpus/sql.tar.zst")).unwrap();
    let mut archive = zstd::Decoder::new(file).unwrap();
    archive.window_log_max(31).unwrap();
    let mut tar = Command::new("tar")
        .arg("-x")
        .arg("-C")
        .arg(into)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::copy(&mut archive, &mut tar.stdin.take().unwrap()).unwrap();
    assert!(tar.wait().unwrap().success());
}

/// The table that the metrics statements of an experiment read.
pub fn enrollments_table(slug: &str) -> TableName {
    table_name(&format!(
        "moz-fx-data-experiments.mozanalysis.enrollments_{}",
        slug.replace('-', "_")
    ))
}

/// A table name of three parts.
pub fn table_name(text: &str) -> TableName {
    let parts: Vec<&str> = text.splitn(3, '.').collect();
    TableName {
        project: parts[0].into(),
        dataset: parts[1].into(),
        table: parts[2].into(),
    }
}

fn columns_of(json: &Json) -> Vec<(String, Type)> {
    let columns = json.as_array().unwrap().iter();
    columns
        .map(|column| {
            (
                column[0].as_str().unwrap().to_string(),
                Type::parse(column[1].as_str().unwrap()).unwrap(),
            )
        })
        .collect()
}

fn rows_of(columns: Vec<(String, Type)>, json: &Json) -> Rows {
    let rows = (json.as_array().unwrap().iter())
        .map(|row| {
            let cells = row.as_array().unwrap().iter().zip(&columns);
            cells.map(|(cell, (_, kind))| decode(cell, kind).unwrap()).collect()
        })
        .collect();
    Rows { columns, rows }
}

/// The listed columns, and all others as nulls.
fn telemetry_rows(table: &Json, schema: &Json) -> Rows {
    let columns = columns_of(schema);
    let listed: Vec<&str> = table["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let rows = (table["rows"].as_array().unwrap().iter())
        .map(|row| {
            (columns.iter())
                .map(|(name, kind)| match listed.iter().position(|listed| listed == name) {
                    Some(place) => decode(&row[place], kind).unwrap_or_else(|fault| panic!("{name}: {fault}")),
                    None => Value::Null,
                })
                .collect()
        })
        .collect();
    Rows { columns, rows }
}

/// How two results differ: as multisets of rows, columns by name, floats with a relative tolerance of 1e-9. Each difference is one line.
pub fn differences(expected: &Rows, actual: &Rows, left_out: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut places = Vec::new();
    for (place, (name, _)) in expected.columns.iter().enumerate() {
        match actual
            .columns
            .iter()
            .position(|(found, _)| found.eq_ignore_ascii_case(name))
        {
            Some(_) if left_out.contains(&name.as_str()) => {}
            Some(found) => places.push((place, found)),
            None => faults.push(format!("no column `{name}`")),
        }
    }
    for (name, _) in &actual.columns {
        if !expected
            .columns
            .iter()
            .any(|(wanted, _)| wanted.eq_ignore_ascii_case(name))
        {
            faults.push(format!("unexpected column `{name}`"));
        }
    }
    if expected.rows.len() != actual.rows.len() {
        faults.push(format!("{} rows, expected {}", actual.rows.len(), expected.rows.len()));
    }
    let mut taken = vec![false; actual.rows.len()];
    for wanted in &expected.rows {
        let mut nearest: Option<(usize, usize)> = None;
        let mut found = false;
        for (place, row) in actual.rows.iter().enumerate() {
            if taken[place] {
                continue;
            }
            let unequal = places.iter().filter(|(a, b)| !same(&wanted[*a], &row[*b])).count();
            if unequal == 0 {
                taken[place] = true;
                found = true;
                break;
            }
            if nearest.is_none_or(|(_, least)| unequal < least) {
                nearest = Some((place, unequal));
            }
        }
        if found {
            continue;
        }
        match nearest {
            None => faults.push(format!("no row left for {wanted:?}")),
            Some((place, _)) => {
                for (a, b) in places
                    .iter()
                    .filter(|(a, b)| !same(&wanted[*a], &actual.rows[place][*b]))
                {
                    let (name, row) = (&expected.columns[*a].0, &actual.rows[place]);
                    faults.push(format!(
                        "{name}: {:?}, expected {:?} (row {:?})",
                        row[*b],
                        wanted[*a],
                        &wanted[..wanted.len().min(3)]
                    ));
                }
            }
        }
    }
    faults
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float64(a), Value::Float64(b)) => near(*a, *b),
        (Value::Numeric(_), Value::Numeric(_) | Value::Float64(_) | Value::Int64(_))
        | (Value::Float64(_), Value::Numeric(_)) => near(a.as_f64().unwrap(), b.as_f64().unwrap()),
        (Value::Json(a), Value::Json(b)) => {
            serde_json::from_str::<Json>(a).unwrap() == serde_json::from_str::<Json>(b).unwrap()
        }
        (Value::Array(a), Value::Array(b)) | (Value::Struct(a), Value::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (a, b) => a == b,
    }
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Stand-ins for the functions that are private: the others are the program's own.
pub fn stand_ins(shared: &Path) -> std::sync::Arc<isobar::diagnostics::Source> {
    let text = std::fs::read_to_string(shared.join("fixtures/sql/functions.sql")).unwrap();
    let is_private =
        |part: &&str| part.contains("udf.monetized_search`(") || part.contains("udf.normalize_search_engine`(");
    let private: Vec<&str> = text.split("\n\n").filter(is_private).collect();
    std::sync::Arc::new(isobar::diagnostics::Source {
        path: "functions.sql".into(),
        text: private.join("\n\n"),
    })
}
