//! A few experiments of the row fixtures as a user would analyse them: telemetry through `import`, the analysis through `run`, the result
//! tables through `query`, private functions through `--functions`. The rows must be those of Google's reference implementation.

#[path = "../equality/mod.rs"]
mod equality;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use equality::differences::differences;
use equality::fixtures::{raw, rows, schemas, shared};
use isobar::warehouse::Rows;
use serde_json::Value as Json;

/// What each stands for.
const SLUGS: [&str; 6] = [
    // An app without a config of the experiment's own.
    "no-config-klar-ios-2",
    // Fenix with an exposure signal and segments.
    "cbhqps-german-hold-back-mobile-android",
    // Firefox for iOS with a segment.
    "no-config-firefox-ios-2",
    // Desktop with a custom enrollment query and an exposure signal.
    "desktop-credit-card-autofill-global-enablement-holdback",
    // Profile groups with segments.
    "easy-setup-part-4",
    // Profile groups with an exposure signal, segments and ratios.
    "interaction-frecency-enhancement-v3",
];

/// Periods of one window each, whose tables therefore end in `_1`.
const PERIODS: [&str; 3] = ["overall", "preenrollment_week", "preenrollment_days28"];

fn isobar(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_isobar"))
        .args(arguments)
        .output()
        .unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let output = isobar(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "isobar {}: {said}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// Imports a case's telemetry into the database, table by table. A view and its table are two tables here.
fn import(case: &Json, schemas: &serde_json::Map<String, Json>, folder: &Path, database: &str) {
    for (name, table) in case["telemetry"].as_object().unwrap() {
        let schema = folder.join("schema.json");
        std::fs::write(&schema, schemas[name].to_string()).unwrap();
        let file = folder.join("rows.ndjson");
        let mut out = std::fs::File::create(&file).unwrap();
        let columns: Vec<&str> = (table["columns"].as_array().unwrap().iter())
            .map(|column| column.as_str().unwrap())
            .collect();
        for row in table["rows"].as_array().unwrap() {
            let cells = columns.iter().zip(row.as_array().unwrap());
            let object: serde_json::Map<String, Json> =
                cells.map(|(name, cell)| (name.to_string(), cell.clone())).collect();
            writeln!(out, "{}", Json::Object(object)).unwrap();
        }
        drop(out);
        let (schema, file) = (schema.to_str().unwrap(), file.to_str().unwrap());
        succeed(&[
            "import",
            "--database",
            database,
            "--table",
            name,
            "--schema",
            schema,
            file,
        ]);
    }
}

/// The rows of a BigQuery statement.
fn query(database: &str, sql: &str) -> Rows {
    let answer = succeed(&["query", "--database", database, "--format", "json", sql]);
    rows(&serde_json::from_str(&answer).unwrap())
}

/// Runs one experiment and compares its tables and views. Returns how many rows were compared.
fn check(shared: &Path, schemas: &serde_json::Map<String, Json>, slug: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("database");
    let database = database.to_str().unwrap();
    let case = raw(shared, slug);
    import(&case, schemas, folder.path(), database);
    let path = |name: &str| shared.join(name).to_str().unwrap().to_string();
    let periods = PERIODS.join(",");
    let report = succeed(&[
        "run",
        "--configs",
        &path("metric-hub"),
        "--experiments",
        &path(&format!("corpus/experiments/{slug}.json")),
        "--database",
        database,
        "--functions",
        &path("fixtures/sql/functions.sql"),
        "--date",
        "all",
        "--analysis-periods",
        &periods,
        "--source-views",
        "--format",
        "json",
    ]);
    let report: Json = serde_json::from_str(&report).unwrap();
    assert_eq!(report["experiments"][0]["state"], "complete", "{report}");
    let name = slug.replace('-', "_");
    let mut compared = 0;
    for statement in case["statements"].as_array().unwrap() {
        let file = statement["file"].as_str().unwrap();
        let table = match file.trim_end_matches(".sql").strip_prefix("metrics_") {
            None => format!("enrollments_{name}"),
            Some(window) => {
                let (period, basis) = window.rsplit_once('_').unwrap();
                if !PERIODS.contains(&period) {
                    continue;
                }
                format!("{name}_{basis}_{period}_1")
            }
        };
        let expected = rows(statement);
        let sql = format!("SELECT * FROM `moz-fx-data-experiments.mozanalysis.{table}`");
        let found = differences(&expected, &query(database, &sql), &[]);
        assert!(found.is_empty(), "{slug}/{file}:\n{}", found.join("\n"));
        compared += expected.rows.len();
    }
    source_views(&report, database, &name);
    compared
}

/// The views of single data sources hold, side by side, the columns and rows of the view of all.
fn source_views(report: &Json, database: &str, name: &str) {
    let tables = report["experiments"][0]["tables"].as_array().unwrap().iter();
    let prefix = format!("moz-fx-data-experiments.mozanalysis.{name}_enrollments_");
    let views: Vec<&str> = tables
        .filter_map(|table| table.as_str().unwrap().strip_prefix(&prefix))
        .filter(|view| view.starts_with("source_") && view.ends_with("_overall"))
        .collect();
    assert!(!views.is_empty(), "{name} has views of sources");
    let all = query(database, &format!("SELECT * FROM `{prefix}overall`"));
    let mut columns: Vec<String> = Vec::new();
    for view in views {
        let rows = query(database, &format!("SELECT * FROM `{prefix}{view}`"));
        let names: Vec<&str> = rows.columns.iter().map(|(name, _)| name.as_str()).collect();
        let same = query(database, &format!("SELECT {} FROM `{prefix}overall`", names.join(", ")));
        assert_eq!(differences(&same, &rows, &[]), Vec::<String>::new(), "{view}");
        columns.extend(names.into_iter().map(str::to_string));
    }
    let missing = all.columns.iter().filter(|(name, _)| !columns.contains(name));
    assert_eq!(missing.count(), 0, "every column is in a view of a source");
}

#[test]
fn result_tables_hold_the_reference_rows() {
    let Some(shared) = shared() else { return };
    let schemas = schemas(&shared);
    let mut compared = 0;
    for slug in SLUGS {
        compared += check(&shared, &schemas, slug);
    }
    println!(
        "{} experiments through import, run and query: {compared} rows, 0 differences",
        SLUGS.len()
    );
    assert!(compared > 0);
}
