//! `isobar diff`: which statements a change of the configs alters, and by what.

use serde_json::{Value, json};

use crate::world::{Ended, World, experiment};

const DEFINITIONS: &str = "hub/definitions/firefox_desktop.toml";
const CONFIG: &str = "hub/jetstream/x.toml";

/// A repository `hub` with the configs, all committed; two experiments of the app, of which one has a config.
fn hub() -> World {
    let world = World::new();
    world.write("experiments/y.json", &experiment("y").to_string());
    world.init("hub");
    world.write(
        DEFINITIONS,
        "[metrics.searches]
select_expression = \"sum(searches)\"
data_source = \"events\"
statistics = { bootstrap_mean = {} }

[metrics.clicks]
select_expression = \"SUM(clicks)\"
data_source = \"events\"
statistics = { bootstrap_mean = {} }

[data_sources.events]
from_expression = \"`p.telemetry.events`\"
",
    );
    world.write(
        CONFIG,
        "[metrics]
weekly = [\"searches\"]
overall = [\"searches\"]
",
    );
    world.commit("hub", "2025-01-01T12:00:00Z");
    world
}

fn change(world: &World, file: &str, from: &str, to: &str) {
    let path = world.path(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

fn diff(world: &World, more: &[&str]) -> Ended {
    let mut arguments = vec!["diff", "--configs", "hub", "--experiments", "experiments"];
    arguments.extend(more);
    world.isobar(&arguments)
}

/// The changes of `x`, the only experiment that changes.
fn changes(world: &World, more: &[&str]) -> Vec<Value> {
    let ended = diff(world, &[&["--base", "HEAD", "--format", "json"], more].concat());
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let found: Value = serde_json::from_str(&ended.stdout).unwrap();
    let [experiment] = found["experiments"].as_array().unwrap().as_slice() else {
        panic!("{found}");
    };
    assert_eq!(experiment["slug"], "x");
    experiment["changes"].as_array().unwrap().clone()
}

/// The kinds and names of the changes.
fn kinds(changes: &[Value]) -> Vec<String> {
    let word = |change: &Value, key: &str| change[key].as_str().unwrap().to_string();
    let kinds = changes
        .iter()
        .map(|change| format!("{} {}", word(change, "kind"), word(change, "name")));
    kinds.collect()
}

#[test]
fn nothing_differs_where_statements_stay_the_same() {
    let world = hub();
    // A description stands in no statement.
    change(
        &world,
        DEFINITIONS,
        "data_source = \"events\"\n",
        "data_source = \"events\"\ndescription = \"d\"\n",
    );
    let ended = diff(&world, &["--base", "main"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "0 of 2 experiments change: 0 statements\n");
}

#[test]
fn a_change_of_all_windows_is_shown_once() {
    let world = hub();
    change(&world, DEFINITIONS, "sum(searches)", "SUM(IF(is_real, searches, 0))");
    let ended = diff(&world, &["--base", "HEAD", "--analysis-periods", "week,overall"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "x: 18 statements

  metric searches: metrics_week_enrollments_1 to _8, metrics_week_exposures_1 to _8, \
         metrics_overall_enrollments, metrics_overall_exposures
    @@ -1,2 +1,2 @@
    -SUM(searches)
    +SUM(IF(is_real, searches, 0))
     -- of events

1 of 2 experiments changes: 18 statements
"
    );
    let changes = changes(&world, &[]);
    assert_eq!(kinds(&changes), ["metric searches"]);
    assert_eq!(changes[0]["statements"].as_array().unwrap().len(), 18);
    // The layout is not the change.
    change(&world, DEFINITIONS, "SUM(IF(is_real, searches, 0))", " sum( searches )");
    assert_eq!(diff(&world, &["--base", "HEAD"]).code, Some(0));
}

#[test]
fn each_change_has_its_cause() {
    let world = hub();
    change(
        &world,
        DEFINITIONS,
        "`p.telemetry.events`",
        "(SELECT * FROM `p.telemetry.events` WHERE good)",
    );
    assert_eq!(kinds(&changes(&world, &[])), ["source events"]);

    let world = hub();
    change(
        &world,
        CONFIG,
        "overall = [\"searches\"]",
        "overall = [\"searches\", \"clicks\"]",
    );
    let found = changes(&world, &[]);
    assert_eq!(kinds(&found), ["metric clicks", "statistics clicks bootstrap_mean"]);
    assert_eq!(
        found[0]["statements"],
        json!(["metrics_overall_enrollments", "metrics_overall_exposures"])
    );
    assert_eq!(found[0]["diff"], "@@ -0,0 +1,2 @@\n+SUM(clicks)\n+-- of events\n");

    let world = hub();
    change(&world, CONFIG, "weekly = [\"searches\"]\n", "");
    let found = changes(&world, &[]);
    assert_eq!(
        kinds(&found),
        [
            "window week removed",
            "window views",
            "statistics searches bootstrap_mean"
        ]
    );

    let world = hub();
    change(
        &world,
        CONFIG,
        "[metrics]",
        "[experiment]\nenrollment_period = 3\n\n[metrics]",
    );
    let found = changes(&world, &["--analysis-periods", "overall"]);
    assert_eq!(kinds(&found), ["cohort enrollment", "window overall changed"]);
    // The summaries read the window's table, whatever its days are.
    assert_eq!(
        found[1]["statements"],
        json!(["metrics_overall_enrollments", "metrics_overall_exposures"])
    );

    let world = hub();
    change(
        &world,
        CONFIG,
        "[metrics]",
        "[experiment]\nsegments = [\"new\"]\n\n[segments.new]\nselect_expression = \"LOGICAL_OR(is_new)\"\n\
         data_source = \"all\"\n\n[segments.data_sources.all]\nfrom_expression = \"`p.telemetry.all`\"\n\n[metrics]",
    );
    let found = changes(&world, &["--analysis-periods", "overall"]);
    assert_eq!(kinds(&found), ["cohort segment new", "statistics summaries"]);

    let world = hub();
    let statistic = "[metrics.searches.statistics.bootstrap_mean]\nnum_samples = 50\n";
    let config = std::fs::read_to_string(world.path(CONFIG)).unwrap();
    world.write(CONFIG, &format!("{config}\n{statistic}"));
    let found = changes(&world, &[]);
    assert_eq!(kinds(&found), ["statistics searches bootstrap_mean"]);
    assert_eq!(found[0]["statements"], json!([]), "the summaries are the same");
}

#[test]
fn experiments_that_stop_or_start_to_resolve_are_told() {
    let world = hub();
    change(&world, CONFIG, "weekly = [\"searches\"]", "weekly = [\"serches\"]");
    let found = changes(&world, &[]);
    assert_eq!(kinds(&found), ["experiment no longer resolves"]);
    assert!(
        found[0]["diff"].as_str().unwrap().contains("did you mean `searches`?"),
        "{}",
        found[0]
    );
    world.commit("hub", "2025-01-02T12:00:00Z");
    change(&world, CONFIG, "serches", "searches");
    assert_eq!(kinds(&changes(&world, &[])), ["experiment resolves now"]);
}

#[test]
fn both_sides_can_be_revisions() {
    let world = hub();
    world.git("hub", &["tag", "v1"]);
    change(&world, DEFINITIONS, "sum(searches)", "MAX(searches)");
    world.commit("hub", "2025-01-02T12:00:00Z");
    change(&world, DEFINITIONS, "MAX(searches)", "MIN(searches)");
    let ended = diff(&world, &["--base", "v1", "--head", "HEAD"]);
    assert!(ended.stdout.contains("+MAX(searches)"), "{}", ended.stdout);
    let backwards = diff(&world, &["--base", "HEAD", "--head", "v1"]);
    assert!(backwards.stdout.contains("-MAX(searches)"), "{}", backwards.stdout);
    assert_eq!(diff(&world, &["--base", "v1", "--head", "v1"]).code, Some(0));
}

#[test]
fn what_can_not_be_compared_is_exit_code_2() {
    let world = hub();
    diff(&world, &["--base", "v9"]).fails(2, &["E0109", "hub can't be read at `v9`"]);
    diff(&world, &["--base", "--all"]).fails(2, &[]);
    diff(&world, &["--base=--all"]).fails(2, &["there is no such revision"]);
    diff(&world, &[]).fails(2, &["--base"]);
    world.write("plain/jetstream/x.toml", "[metrics]\n");
    let plain = world.isobar(&[
        "diff",
        "--configs",
        "plain",
        "--experiments",
        "experiments",
        "--base",
        "HEAD",
    ]);
    plain.fails(2, &["plain can't be read at `HEAD`"]);
    world.write(DEFINITIONS, "[metrics\n");
    diff(&world, &["--base", "HEAD"]).fails(2, &["E0102"]);
}
