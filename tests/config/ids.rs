//! Which ids units are joined by, and combinations of units, enrollments and ids that do not exist.

use isobar::analysis::{Analysis, Period};
use isobar::diagnostics::Diagnostics;
use isobar::pipeline::{self, Selection, Work};
use isobar::tables::Destination;

use crate::tree::{Tree, json, parse};

/// A source with both of desktop's client ids, one with none of their names, and segments of such sources.
const SOURCES: &str = r#"
[metrics]
weekly = ["of_both", "of_one"]
[metrics.of_both]
select_expression = "SUM(x)"
data_source = "both"
statistics = { sum = {} }
[metrics.of_one]
select_expression = "SUM(x)"
data_source = "one"
statistics = { sum = {} }
[data_sources.both]
from_expression = "t_both"
client_id_column = "own"
glean_client_id_column = "glean"
legacy_client_id_column = "legacy"
[data_sources.one]
from_expression = "t_one"
client_id_column = "own"
[segments.s]
select_expression = "LOGICAL_OR(x)"
data_source = "d"
[segments.data_sources.d]
from_expression = "t_segments"
[experiment]
segments = ["s"]
"#;

fn resolve(config: &str, keys: &[(&str, serde_json::Value)]) -> Result<Analysis, Diagnostics> {
    let tree = Tree::new(&[("jetstream/x.toml", config)]);
    let mut json = json("x");
    for (key, value) in keys {
        json[key] = value.clone();
    }
    tree.load()?.resolve(&parse(&json))
}

fn compile(analysis: &Analysis) -> Result<Work, Diagnostics> {
    let selection = Selection {
        periods: vec![Period::Week],
        ..Selection::default()
    };
    let destination = Destination {
        project: "p".to_string(),
        dataset: "d".to_string(),
        slug: analysis.experiment.slug.clone(),
    };
    pipeline::compile(analysis, &selection, &destination)
}

/// The columns by which the sources `both` and `one` are joined, and the segment's.
fn joined_by(analysis: &Analysis) -> [String; 3] {
    let experiment = &analysis.experiment;
    let source = |name: &str| analysis.data_sources[name].ids.of(experiment).to_string();
    let segment = experiment.segments[0].data_source.ids.of(experiment);
    [source("both"), source("one"), segment.to_string()]
}

#[test]
fn legacy_enrollments_are_joined_by_legacy_ids() {
    let analysis = resolve(SOURCES, &[]).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(joined_by(&analysis), ["legacy", "own", "client_id"]);
}

#[test]
fn enrollments_of_a_custom_query_are_joined_by_the_sources_own_ids() {
    let config = format!("{SOURCES}enrollment_query = \"SELECT 1 AS analysis_id\"\n");
    let analysis = resolve(&config, &[]).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(joined_by(&analysis), ["own", "own", "client_id"]);
}

#[test]
fn apps_other_than_desktop_have_one_kind_of_id() {
    let keys = [("appName", "fenix".into()), ("appId", "org.mozilla.firefox".into())];
    let analysis = resolve(SOURCES, &keys).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(joined_by(&analysis), ["own", "own", "client_id"]);
    let with_glean = analysis
        .clone()
        .with_glean_ids()
        .unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(with_glean, analysis);
}

#[test]
fn sources_without_glean_ids_are_faults() {
    let analysis = resolve(SOURCES, &[]).unwrap_or_else(|faults| panic!("{faults}"));
    let faults = analysis
        .with_glean_ids()
        .expect_err("two sources have no Glean ids")
        .to_string();
    let of = |what: &str| faults.contains(&format!("Glean client ids, but {what} does not say"));
    assert!(
        of("data source `one`") && of("segment data source `d`") && !of("data source `both`"),
        "{faults}"
    );
    assert!(
        faults.contains("from_expression = \"t_one\"") && faults.contains("set `glean_client_id_column`"),
        "{faults}"
    );
    // A config that asks for Glean enrollments joins the same way.
    let config = format!("{SOURCES}enrollments_query_type = \"glean-event\"\n");
    let same = resolve(&config, &[])
        .expect_err("two sources have no Glean ids")
        .to_string();
    assert_eq!(same.matches("error[E0207]").count(), 2, "{same}");
}

#[test]
fn profile_groups_have_one_id() {
    let analysis = resolve(SOURCES, &[("bucketConfig", groups())]).unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = analysis.with_glean_ids().unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(joined_by(&analysis), ["profile_group_id"; 3]);
    let work = compile(&analysis).unwrap_or_else(|faults| panic!("{faults}"));
    let sql = work.cohort.expect("enrollment has ended").statement.sql;
    assert!(
        sql.contains("e.profile_group_id AS analysis_id") && sql.contains("firefox_desktop.events_stream"),
        "{sql}"
    );
}

fn groups() -> serde_json::Value {
    serde_json::json!({"randomizationUnit": "group_id", "namespace": "n", "start": 0, "count": 1, "total": 10})
}

#[test]
fn enrollments_without_profile_groups_are_refused_where_they_are_asked_for() {
    for kind in ["fenix-fallback", "cirrus", "background-update"] {
        let config =
            format!("[experiment]\nanalysis_unit = \"profile_group_id\"\nenrollments_query_type = \"{kind}\"\n");
        let analysis = resolve(&config, &[]).unwrap_or_else(|faults| panic!("{faults}"));
        let faults = compile(&analysis).expect_err("the kind has no groups").to_string();
        let named = format!("enrollments of type `{kind}` have no profile groups");
        assert!(faults.contains(&named) && faults.contains("x.toml:3:"), "{faults}");
    }
    // The platform's kind: the unit is what asks for it.
    let keys = [
        ("appName", "fenix".into()),
        ("appId", "a".into()),
        ("bucketConfig", groups()),
    ];
    let analysis = resolve("", &keys).unwrap_or_else(|faults| panic!("{faults}"));
    let faults = compile(&analysis).expect_err("Fenix has no groups").to_string();
    assert!(
        faults.contains("experiment.json:") && faults.contains("in fenix"),
        "{faults}"
    );
}

#[test]
fn the_background_task_has_legacy_ids() {
    let config = "[experiment]\nenrollments_query_type = \"background-update\"\n";
    let analysis = resolve(config, &[]).unwrap_or_else(|faults| panic!("{faults}"));
    let faults = analysis
        .with_glean_ids()
        .expect_err("its ids are legacy ids")
        .to_string();
    assert!(
        faults.contains("x.toml:2:") && faults.contains("legacy client ids alone"),
        "{faults}"
    );
}

#[test]
fn an_experiment_without_app_id_is_its_apps() {
    for id in [serde_json::Value::Null, "".into()] {
        let keys = [("appName", "klar_android".into()), ("appId", id)];
        let analysis = resolve("", &keys).unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(analysis.experiment.dataset, "org_mozilla_klar");
    }
    let keys = [("appName", "unheard_of".into()), ("appId", "".into())];
    let analysis = resolve("", &keys).unwrap_or_else(|faults| panic!("{faults}"));
    let faults = compile(&analysis).expect_err("there is no dataset").to_string();
    assert!(
        faults.contains("E0211") && faults.contains("its app `unheard_of`"),
        "{faults}"
    );
}
