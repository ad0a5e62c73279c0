//! The cases of enrollment kinds that no public config asks for: `tests/enrollment_kinds/cases`.

use std::path::{Path, PathBuf};

use isobar::config;
use isobar::experiment;
use isobar::pipeline::{self, Selection, Work};
use isobar::tables::Destination;
use isobar::warehouse::Rows;
use serde_json::Value as Json;

use super::fixtures::rows;

/// The cases' folders.
pub const CASES: [&str; 5] = [
    "background-update",
    "fenix-fallback",
    "cirrus",
    "glean-client-ids",
    "glean-profile-groups",
];

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
pub fn work(case: &str) -> Work {
    let tree = tempfile::tempdir().unwrap();
    let experiment = json(&folder(case).join("experiment.json"));
    let config = format!("{}.toml", experiment["slug"].as_str().unwrap());
    std::fs::create_dir(tree.path().join("jetstream")).unwrap();
    std::fs::copy(
        folder(case).join("config.toml"),
        tree.path().join("jetstream").join(config),
    )
    .unwrap();
    let configs = config::load(&[tree.path().to_path_buf()]).unwrap();
    let (experiments, _) = experiment::load(&[folder(case).join("experiment.json")]).unwrap();
    let analysis = configs.resolve(&experiments[0]).unwrap();
    let analysis = match case.starts_with("glean") {
        true => analysis.with_glean_ids().unwrap(),
        false => analysis,
    };
    let destination = Destination {
        project: "results".to_string(),
        dataset: "cases".to_string(),
        slug: analysis.experiment.slug.clone(),
    };
    pipeline::compile(&analysis, &Selection::default(), &destination).unwrap()
}

/// The source tables of a case.
pub fn telemetry(case: &str) -> Vec<(String, Rows)> {
    let tables = json(&folder(case).join("telemetry.json"));
    let tables = tables.as_object().unwrap().iter();
    tables.map(|(name, table)| (name.clone(), rows(table))).collect()
}

/// The rows that a statement must return; `None` of statements without a plain query.
pub fn expected(case: &str, statement: &str) -> Option<Rows> {
    let path = folder(case).join(format!("{statement}.json"));
    (statement != "telemetry" && path.exists()).then(|| rows(&json(&path)))
}

/// The plain query beside the expected rows. It reads the enrollments as `results.cases.enrollments`.
pub fn plain_query(case: &str, statement: &str) -> String {
    std::fs::read_to_string(folder(case).join(format!("{statement}.sql"))).unwrap()
}
