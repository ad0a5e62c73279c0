//! Reads the row fixtures: telemetry, reference statements and the rows that these return.

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
    names(&shared.join("fixtures/sql/cases"), ".json.zst")
}

/// The names of all experiments of the corpus, in alphabetical order.
pub fn experiments(shared: &Path) -> Vec<String> {
    names(&shared.join("corpus/experiments"), ".json")
}

/// The files of a folder that end so, without that end, in alphabetical order.
fn names(folder: &Path, end: &str) -> Vec<String> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = (files)
        .filter_map(|file| Some(file.to_str()?.strip_suffix(end)?.to_string()))
        .collect();
    names.sort();
    names
}

/// The schemas of the source tables.
pub fn schemas(shared: &Path) -> Schemas {
    let text = std::fs::read_to_string(shared.join("fixtures/sql/schemas.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A case as it stands in its file.
pub fn raw(shared: &Path, slug: &str) -> Json {
    let file = std::fs::File::open(shared.join(format!("fixtures/sql/cases/{slug}.json.zst"))).unwrap();
    let mut text = String::new();
    zstd::Decoder::new(file).unwrap().read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Reads a case.
pub fn read(shared: &Path, schemas: &Schemas, slug: &str) -> Case {
    let json = raw(shared, slug);
    let telemetry = (json["telemetry"].as_object().unwrap().iter())
        .map(|(name, table)| (table_name(name), telemetry_rows(table, &schemas[name])))
        .collect();
    let statements = (json["statements"].as_array().unwrap().iter())
        .map(|statement| Expected {
            file: statement["file"].as_str().unwrap().to_string(),
            rows: rows(statement),
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

/// A table of JSON: `columns`, each with its type, and `rows`.
pub fn rows(table: &Json) -> Rows {
    rows_of(columns_of(&table["columns"]), &table["rows"])
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

/// Stand-ins for the functions that are private: the others are the program's own.
pub fn stand_ins(shared: &Path) -> std::sync::Arc<isobar::diagnostics::Source> {
    std::sync::Arc::new(isobar::diagnostics::Source {
        path: "functions.sql".into(),
        text: private_functions(shared),
    })
}

/// The `CREATE FUNCTION` statements of those stand-ins.
fn private_functions(shared: &Path) -> String {
    let text = std::fs::read_to_string(shared.join("fixtures/sql/functions.sql")).unwrap();
    let is_private =
        |part: &&str| part.contains("udf.monetized_search`(") || part.contains("udf.normalize_search_engine`(");
    let private: Vec<&str> = text.split("\n\n").filter(is_private).collect();
    private.join("\n\n")
}

/// The program's own functions as BigQuery takes them.
pub fn own_functions() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/functions");
    let files = names(&folder, ".sql").into_iter();
    let texts = files.map(|name| std::fs::read_to_string(folder.join(format!("{name}.sql"))).unwrap());
    texts.collect::<Vec<_>>().join("\n")
}

/// All functions that statements call: the program's own, and stand-ins for those that are private.
pub fn functions(shared: &Path) -> String {
    format!("{}\n{}", own_functions(), private_functions(shared))
}
