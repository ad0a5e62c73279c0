//! The text of the demo's statements, as a reviewer reads it. Each snapshot was read line by line.

use isobar::config;
use isobar::demo;
use isobar::experiment;
use isobar::pipeline::{self, Selection};
use isobar::tables::Destination;

/// The statements of an experiment of the demo over its whole life: name and text.
fn statements(slug: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let demo = demo::write(&folder.path().join("demo"), 50, 1, &mut |_| ()).unwrap();
    let configs = config::load(&[demo.configs]).unwrap();
    let (experiments, rejected) = experiment::load(&[demo.experiments]).unwrap();
    assert!(rejected.is_empty());
    let experiment = experiments.iter().find(|experiment| experiment.slug == slug).unwrap();
    let analysis = configs.resolve(experiment).unwrap();
    let selection = Selection::default();
    let destination = Destination {
        project: "my-project".to_string(),
        dataset: "results".to_string(),
        slug: slug.to_string(),
    };
    let script = pipeline::compile(&analysis, &selection, &destination).unwrap().script();
    script
        .statements
        .into_iter()
        .map(|statement| (statement.name, statement.sql))
        .collect()
}

fn check(slug: &str, names: &[&str]) {
    let statements = statements(slug);
    for name in names {
        let (_, sql) = statements
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{slug} has {name}"));
        insta::assert_snapshot!(format!("{slug}__{name}"), sql);
    }
}

#[test]
fn desktop_statements() {
    check(
        "demo-search-panel",
        &[
            "enrollments",
            "metrics_day_enrollments_1",
            "metrics_week_exposures_2",
            "summaries_day_exposures_3",
            "view_week_statistics",
        ],
    );
}

#[test]
fn glean_statements() {
    check("demo-start-page", &["enrollments", "metrics_overall_exposures"]);
}
