//! Kinds of enrollment that no public config asks for: the background task, Fenix without enrollment events, servers (Cirrus), and
//! Firefox desktop by Glean ids. Each case has telemetry and a plain query, written by hand; `generate.py` had Google's reference
//! implementation of GoogleSQL compute what it returns. Our statements must return the same.

#[path = "../equality/mod.rs"]
mod equality;

use std::path::{Path, PathBuf};

use equality::differences::differences;
use equality::fixtures::{rows, table_name};
use isobar::config;
use isobar::experiment;
use isobar::pipeline::{self, Selection, Work};
use isobar::sql::duckdb::Functions;
use isobar::sql::script::Statement;
use isobar::tables::Destination;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Rows, Warehouse};
use serde_json::Value as Json;

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/enrollment_kinds/cases")
        .join(case)
}

fn json(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The work of a case's whole life, by Glean ids where its name says so.
fn work(case: &str) -> Work {
    let tree = tempfile::tempdir().unwrap();
    let experiment = json(&folder(case).join("experiment.json"));
    let config = tree
        .path()
        .join("jetstream")
        .join(format!("{}.toml", experiment["slug"].as_str().unwrap()));
    std::fs::create_dir(tree.path().join("jetstream")).unwrap();
    std::fs::copy(folder(case).join("config.toml"), config).unwrap();
    let configs = config::load(&[tree.path().to_path_buf()]).unwrap();
    let (experiments, _) = experiment::load(&[folder(case).join("experiment.json")]).unwrap();
    let analysis = configs.resolve(&experiments[0]).unwrap();
    let analysis = match case.starts_with("glean") {
        true => analysis.with_glean_ids().unwrap(),
        false => analysis,
    };
    let selection = Selection::default();
    let destination = Destination {
        project: "results".to_string(),
        dataset: "cases".to_string(),
        slug: analysis.experiment.slug.clone(),
    };
    pipeline::compile(&analysis, &selection, &destination).unwrap()
}

/// Runs a case's statements on the embedded engine; every expected file must have one. Returns how many rows were compared.
fn check(case: &str) -> usize {
    let limits = Limits {
        memory: None,
        threads: Some(1),
    };
    let engine = DuckDb::in_memory(Functions::load(&[]).unwrap(), &limits).unwrap();
    for (name, table) in json(&folder(case).join("telemetry.json")).as_object().unwrap() {
        engine.load(&table_name(name), &rows(table)).unwrap();
    }
    let work = work(case);
    let cohort = work.cohort.as_ref().expect("the experiment has enrolled");
    let enrollments = expected(case, "enrollments");
    compare(&engine, case, &cohort.statement, &enrollments);
    engine.load(&cohort.node.target, &enrollments).unwrap();
    let mut compared = enrollments.rows.len();
    for statement in work.script().statements {
        if folder(case).join(format!("{}.json", statement.name)).exists() && statement.name != "enrollments" {
            let expected = expected(case, &statement.name);
            compare(&engine, case, &statement, &expected);
            compared += expected.rows.len();
        }
    }
    compared
}

fn expected(case: &str, name: &str) -> Rows {
    rows(&json(&folder(case).join(format!("{name}.json"))))
}

fn compare(engine: &DuckDb, case: &str, statement: &Statement, expected: &Rows) {
    let actual = engine
        .query(&statement.name, &statement.sql)
        .unwrap_or_else(|faults| panic!("{case}/{}: {faults}", statement.name));
    let found = differences(expected, &actual, &[]);
    assert!(found.is_empty(), "{case}/{}:\n{}", statement.name, found.join("\n"));
}

#[test]
fn background_update() {
    assert_eq!(check("background-update"), 20);
}

#[test]
fn fenix_fallback() {
    assert_eq!(check("fenix-fallback"), 30);
}

#[test]
fn cirrus() {
    assert_eq!(check("cirrus"), 33);
}

#[test]
fn glean_client_ids() {
    assert_eq!(check("glean-client-ids"), 2 * 27);
}

#[test]
fn glean_profile_groups() {
    assert_eq!(check("glean-profile-groups"), 2 * 39);
}
