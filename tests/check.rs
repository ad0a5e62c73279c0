//! The check of config files: each lint on a file that has the mistake and on one that only looks like it.

use std::path::Path;
use std::process::{Command, Output};

use isobar::check::{self, Report, Request};
use isobar::config::platforms;
use isobar::config::tree::Tree;
use isobar::experiment;
use tempfile::TempDir;

const DEFINITIONS: &str = r#"
[metrics.searches]
select_expression = '{{agg_sum("searches")}}'
data_source = "events"
statistics = { bootstrap_mean = {} }

[metrics.old_searches]
select_expression = "COALESCE(SUM(old), 0)"
data_source = "events"
statistics = { bootstrap_mean = {} }
deprecated = true
description = "Deprecated: use searches."

[data_sources.events]
from_expression = "`p.telemetry.events`"

[segments.new_users]
select_expression = "COALESCE(LOGICAL_OR(is_new), FALSE)"
data_source = "profiles"

[segments.data_sources.profiles]
from_expression = "`p.telemetry.profiles`"
"#;

const FUNCTIONS: &str = r#"
[functions.agg_sum]
definition = "COALESCE(SUM({select_expr}), 0)"

[functions.agg_any]
definition = "COALESCE(LOGICAL_OR({select_expr}), FALSE)"
"#;

/// A config tree in a temporary folder.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shared = [
        ("definitions/firefox_desktop.toml", DEFINITIONS),
        ("definitions/functions.toml", FUNCTIONS),
    ];
    for (path, text) in shared.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn report(files: &[(&str, &str)], experiments: &str) -> Report {
    let folder = tree(files);
    let mut experiments_read = Vec::new();
    if !experiments.is_empty() {
        let file = folder.path().join("experiments.json");
        std::fs::write(&file, experiments).unwrap();
        experiments_read = experiment::load(&[file]).unwrap().0;
    }
    let mut report = check::check(&Request {
        trees: vec![Tree::read(folder.path()).unwrap()],
        platforms: platforms::embedded(),
        experiments: experiments_read,
        paths: None,
    });
    report.findings.0.sort_by_key(|finding| finding.code);
    report
}

/// The findings, one line each: code, severity, file, line, what the place holds, and the message.
fn lines(report: &Report) -> String {
    let lines = report.findings.0.iter().map(|finding| {
        let span = finding.span.as_ref().unwrap();
        let file = Path::new(&span.source.path).file_name().unwrap().to_string_lossy();
        let severity = format!("{:?}", finding.severity).to_lowercase();
        format!(
            "{} {severity} {file}:{} {}\n",
            finding.code,
            span.line_column().0,
            finding.message
        )
    });
    lines.collect()
}

/// The findings in one experiment's config, checked for a stand-in.
fn check(config: &str, expected: &str) {
    let report = report(&[("jetstream/x.toml", config)], "");
    assert_eq!(lines(&report), expected.trim_start(), "{config}");
}

const LISTED: &str =
    "[metrics]\nweekly = [\"m\"]\n[metrics.m]\ndata_source = \"events\"\nstatistics = { bootstrap_mean = {} }\n";

/// A config that lists one metric of this expression.
fn metric(expression: &str) -> String {
    format!("{LISTED}select_expression = '''{expression}'''\n")
}

#[test]
fn a_sound_config_has_no_findings() {
    check(
        "[experiment]\nsegments = [\"new_users\"]\n[metrics]\nweekly = [\"searches\"]\ndaily = [\"searches\"]\noverall = [\"searches\"]\n",
        "",
    );
}

#[test]
fn unknown_keys() {
    check(
        &format!("{}exposure_basis = [\"exposures\"]\n", metric("SUM(x)")),
        "E0103 warning x.toml:7 unknown key `exposure_basis` in metric `m`: it has no effect\n",
    );
}

#[test]
fn booleans_in_quotes() {
    check(
        &format!("{}bigger_is_better = \"false\"\n", metric("SUM(x)")),
        "E0104 warning x.toml:7 `bigger_is_better` of metric `m` is a string, which counts as true\n",
    );
}

#[test]
fn unused_definitions() {
    check(
        r#"
[metrics]
weekly = ["ratio"]
[metrics.ratio]
depends_on = ["above"]
statistics = { population_ratio = { numerator = "above", denominator = "below" } }
[metrics.above]
select_expression = "SUM({{parameters.used}})"
data_source = "mine"
statistics = { sum = {} }
[metrics.below]
select_expression = "SUM(y)"
data_source = "mine"
statistics = { sum = {} }
[metrics.nobody]
select_expression = "SUM(y)"
data_source = "mine"
["metrics"."none_*"]
bigger_is_better = false
[data_sources.mine]
from_expression = "p.d.t"
[data_sources.nothing]
from_expression = "p.d.t"
[segments.unlisted]
select_expression = "COALESCE(LOGICAL_OR(x), FALSE)"
data_source = "rows"
[segments.data_sources.rows]
from_expression = "p.d.t"
[segments.data_sources.no_rows]
from_expression = "p.d.t"
[parameters.used]
value = "y"
[parameters.unused]
value = "y"
"#,
        "
E0108 warning x.toml:15 metric `nobody` is never used
E0108 warning x.toml:18 metric `none_*` is never used
E0108 warning x.toml:22 data source `nothing` is never used
E0108 warning x.toml:25 segment `unlisted` is never used
E0108 warning x.toml:30 segment data source `no_rows` is never used
E0108 warning x.toml:33 parameter `unused` is never used
",
    );
}

#[test]
fn an_outcome_may_use_what_an_experiment_changes() {
    let outcome = "friendly_name = 'o'\ndescription = 'o'\n[metrics.m]\nselect_expression = '{{agg_sum(parameters.column)}}'\ndata_source = 'own'\nstatistics = { sum = {} }\n[data_sources.own]\nfrom_expression = 'p.d.t'\n[parameters.column]\ndefault = 'x'\n";
    let config = "[metrics.m.statistics.bootstrap_mean]\n[data_sources.own]\nfrom_expression = 'p.d.u'\n[parameters.column]\nvalue = 'y'\n";
    let files = [
        ("jetstream/outcomes/firefox_desktop/o.toml", outcome),
        ("jetstream/x.toml", config),
    ];
    assert_eq!(lines(&report(&files, "")), "");
}

#[test]
fn a_metric_of_an_outcome_may_be_listed() {
    let outcome = "friendly_name = 'o'\ndescription = 'o'\nweekly = ['m']\n[metrics.m]\nselect_expression = 'SUM(x)'\ndata_source = 'events'\nstatistics = { sum = {} }\n[metrics.spare]\nselect_expression = 'SUM(x)'\ndata_source = 'events'\nstatistics = { sum = {} }\n";
    let config = "[metrics]\noverall = ['m']\n";
    let files = [
        ("jetstream/outcomes/firefox_desktop/o.toml", outcome),
        ("jetstream/x.toml", config),
    ];
    assert_eq!(
        lines(&report(&files, "")),
        "E0108 warning o.toml:8 metric `spare` is never used\n\
         E0201 warning x.toml:2 this metric is defined by the outcome `o` alone, which the config does not name\n"
    );
}

#[test]
fn the_unit_of_a_stand_in_is_that_of_the_enrollment_query() {
    check(
        "[experiment]\nenrollment_query = 'SELECT profile_group_id AS analysis_id, b AS branch, d AS enrollment_date, n AS num_enrollment_events FROM p.d.t'\n",
        "",
    );
    check(
        "[experiment]\nanalysis_unit = 'client_id'\nenrollment_query = 'SELECT profile_group_id AS analysis_id, b AS branch, d AS enrollment_date, n AS num_enrollment_events FROM p.d.t'\n",
        "E0207 error x.toml:3 the enrollment query mentions `profile_group_id`, but the unit of the experiment is `client_id`\n",
    );
}

#[test]
fn eaten_braces() {
    check(
        &metric("COUNTIF(REGEXP_CONTAINS(x, r'^[0-9]{{3}}$'))"),
        "E0216 error x.toml:6 `{{3}}` is a template that prints `3`, so the braces are lost\n",
    );
    check(&metric("COUNTIF(REGEXP_CONTAINS(x, r'^[0-9]{{ '{{3}}' }}$'))"), "");
}

#[test]
fn nested_templates() {
    let segment = |expression: &str| {
        format!(
            "[experiment]\nsegments = ['s']\n[segments.s]\ndata_source = 'profiles'\nselect_expression = '''{expression}'''\n"
        )
    };
    check(
        &segment("{{agg_any(\"slug = '{{experiment.slug}}'\")}}"),
        "E0217 error x.toml:5 `{{experiment.slug}}` stands inside a text of another template and is passed on as it is\n",
    );
    check(&segment("{{agg_any(\"slug = 'x'\")}}"), "");
}

#[test]
fn deprecated_metrics() {
    check(
        "[metrics]\nweekly = [\"old_searches\"]\n",
        "E0218 warning x.toml:2 metric `old_searches` is deprecated\n",
    );
}

fn signal(condition: &str, rest: &str) -> String {
    format!(
        "[experiment]\nenrollment_period = 7\n[experiment.exposure_signal]\nname = 's'\nfriendly_name = 's'\ndescription = 's'\ndata_source = 'events'\nselect_expression = \"{condition}\"\n{rest}\n[metrics]\nweekly = ['searches']\n"
    )
}

#[test]
fn windows_of_exposure_signals() {
    check(&signal("e IS NOT NULL", "window_end = 7"), "");
    check(&signal("e IS NOT NULL", "window_end = 'enrollment_end'"), "");
    check(
        &signal("e IS NOT NULL", "window_end = 20"),
        "E0219 warning x.toml:8 the exposure signal is looked for until 2025-01-26, but the first window of `week` ends on 2025-01-19: units count as exposed in it by what they did later\n",
    );
    check(
        &signal("e IS NOT NULL", "window_start = 9"),
        "E0219 error x.toml:8 the exposure signal is looked for from 2025-01-15 to 2025-01-13, which is no day at all\n",
    );
    check(
        &signal("e IS NOT NULL", "window_start = -9\nwindow_end = -2"),
        "E0219 error x.toml:8 the exposure signal is looked for until 2025-01-04, before enrollment starts, so nobody is exposed\n",
    );
    check(
        &signal("e IS NOT NULL", "window_end = 'analysis_window_end'"),
        "E0220 info x.toml:8 the exposure signal is looked for until the end of each analysis window, so that what the treatment did after enrollment decides who counts as exposed\n",
    );
}

#[test]
fn columns_of_enrollment_queries() {
    let config = |query: &str| format!("[experiment]\nenrollment_query = \"\"\"{query}\"\"\"\n");
    let rest = "branch, enrollment_date, num_enrollment_events";
    check(&config(&format!("SELECT id AS analysis_id, {rest} FROM t")), "");
    check(&config("SELECT * FROM t"), "");
    check(
        &config(&format!("SELECT * FROM (SELECT client_id, {rest} FROM t)")),
        "E0223 error x.toml:2 the enrollment query returns no column `analysis_id`\n",
    );
    check(
        &config("SELECT analysis_id, branch, MIN(submission_date) FROM t GROUP BY 1, 2"),
        "E0223 error x.toml:2 the enrollment query returns no column `enrollment_date`\n\
         E0223 warning x.toml:2 the enrollment query returns no column `num_enrollment_events`\n",
    );
}

#[test]
fn branches_of_the_real_experiment() {
    let experiment = r#"{"slug": "x", "startDate": "2025-01-06", "endDate": "2025-02-10", "enrollmentEndDate": "2025-01-13", "proposedEnrollment": 7,
        "referenceBranch": "control", "branches": [{"slug": "control", "ratio": 1}, {"slug": "blue", "ratio": 1}],
        "bucketConfig": {"randomizationUnit": "normandy_id", "namespace": "n", "start": 0, "count": 1, "total": 1}, "appName": "firefox_desktop", "appId": "firefox-desktop"}"#;
    let config = "[experiment]\nreference_branch = 'controll'\n[metrics]\nweekly = ['m']\n[metrics.m]\ndata_source = 'events'\nselect_expression = 'COUNTIF(x = {{parameters.p}})'\nstatistics = { sum = {} }\n[parameters.p]\ndistinct_by_branch = true\nvalue = { control = 'a', blue = 'b', red = 'c' }\n";
    let files = [("jetstream/x.toml", config)];
    assert_eq!(
        lines(&report(&files, experiment)),
        "E0221 error x.toml:2 the experiment has no branch `controll`\nE0221 warning x.toml:9 the parameter `p` has a value for `red`, a branch that the experiment lacks\n"
    );
    // A stand-in has the branches that the config speaks of.
    assert_eq!(lines(&report(&files, "")), "");
}

#[test]
fn aggregates() {
    check(&metric("COALESCE(SUM(x), 0) + COUNTIF(e.branch = 'a')"), "");
    check(
        &metric("x > 0"),
        "E0303 error x.toml:6 the expression of metric `m` does not aggregate: a unit has many rows, and `x` is a value of each\n",
    );
    check(
        &metric("1"),
        "E0303 warning x.toml:6 the expression of metric `m` does not look at any row, so all units have the same value\n",
    );
    check(
        &signal("COALESCE(SUM(x) > 0, FALSE)", ""),
        "E0303 error x.toml:8 the exposure signal aggregates, but it is a condition on a single row\n",
    );
}

#[test]
fn columns_outside_of_aggregates() {
    check(
        &metric("SUM(x) / ds.y"),
        "E0304 error x.toml:6 the expression of metric `m` has the column `ds.y` outside of its aggregates\n",
    );
    check(&metric("SUM(x) / MAX(ds.y)"), "");
    check(&metric("IF(e.branch = 'a', SUM(x), 0)"), "");
}

#[test]
fn conditions_that_can_be_null() {
    let segment = |expression: &str| {
        format!(
            "[experiment]\nsegments = ['s']\n[segments.s]\ndata_source = 'profiles'\nselect_expression = '''{expression}'''\n"
        )
    };
    check(
        &segment("LOGICAL_OR(is_new)"),
        "E0305 warning x.toml:5 segment `s` can be NULL: such units are neither in the segment nor in its complement\n",
    );
    check(&segment("LOGICAL_OR(COALESCE(is_new, TRUE))"), "");
    check(
        &segment("MAX(d) IS NULL OR DATE_DIFF(MIN(e.enrollment_date), MAX(d), DAY) > 9"),
        "",
    );
    check(
        &signal("event = 'shown'", ""),
        "E0305 info x.toml:8 the exposure signal can be NULL: such rows are no exposure\n",
    );
    check(&signal("COALESCE(event = 'shown', FALSE)", ""), "");
}

fn source(from: &str) -> String {
    format!(
        "{}[data_sources.mine]\nfrom_expression = '''{from}'''\n",
        metric("SUM(x)").replace("\"events\"", "\"mine\"")
    )
}

#[test]
fn sources_that_read_all_dates() {
    check(
        &source("(SELECT client_id, submission_date, x, ROW_NUMBER() OVER (PARTITION BY client_id) AS n FROM p.d.t)"),
        "E0306 warning x.toml:8 data source `mine` reads every date of `p.d.t`: the dates of a window do not reach it\n",
    );
    check(
        &source("(SELECT client_id, submission_date, x + 1 AS x FROM p.d.t)"),
        "",
    );
    check(
        &source("(SELECT client_id, submission_date, SUM(x) AS x FROM p.d.t GROUP BY client_id, submission_date)"),
        "",
    );
}

#[test]
fn sources_that_group_without_their_date() {
    check(
        &source("(SELECT client_id, SUM(x) AS x FROM p.d.t WHERE submission_date > '2025-01-01' GROUP BY client_id)"),
        "E0307 error x.toml:8 data source `mine` groups its rows and gives no column `submission_date`, by which windows are cut\n",
    );
    check(
        &source(
            "(SELECT client_id, MIN(submission_date) AS submission_date, SUM(x) AS x FROM p.d.t WHERE submission_date > '2025-01-01' GROUP BY 1)",
        ),
        "E0307 warning x.toml:8 data source `mine` groups its rows without their date: `submission_date` is one date of many, so that a window holds all of a group or nothing\n",
    );
}

#[test]
fn statistics_of_the_wrong_type() {
    let with = |statistic: &str, expression: &str| metric(expression).replace("bootstrap_mean", statistic);
    check(
        &with("linear_model_mean", "COALESCE(LOGICAL_OR(x), FALSE)"),
        "E0505 error x.toml:5 linear_model_mean can't be computed of metric `m`: quantiles of a BOOL column are undefined\n",
    );
    check(
        &with("bootstrap_mean", "CAST(SUM(x) AS STRING)"),
        "E0505 error x.toml:5 bootstrap_mean can't be computed of metric `m`: the column holds neither numbers nor booleans\n",
    );
    check(
        &with("binomial", "COALESCE(SUM(x), 0)"),
        "E0505 info x.toml:5 binomial needs values of 0 and 1, but metric `m` counts: it fails as soon as a unit has more\n",
    );
    check(&with("binomial", "COALESCE(LOGICAL_OR(x), FALSE)"), "");
    check(&with("binomial", "COUNTIF(x) > 0"), "");
    check(&with("binomial", "MAX(CAST(x AS INT64))"), "");
    check(&with("count", "CAST(SUM(x) AS STRING)"), "");
}

#[test]
fn a_ratio_of_metrics_that_are_not_there() {
    let with = |depends_on: &str| {
        format!(
            r#"
[metrics]
weekly = ["r"]
[metrics.r]
depends_on = [{depends_on}]
statistics = {{ ratio = {{ numerator = "above", denominator = "below" }} }}
[metrics.above]
select_expression = "SUM(x)"
data_source = "events"
statistics = {{ sum = {{}} }}
[metrics.below]
select_expression = "SUM(x)"
data_source = "events"
statistics = {{ sum = {{}} }}
"#
        )
    };
    check(&with(r#""above", "below""#), "");
    check(
        &with(r#""above""#),
        "E0505 error x.toml:6 ratio of metric `r` needs metric `below`, which is not computed in its period\n",
    );
}

#[test]
fn definitions_are_checked_by_themselves() {
    let files = [(
        "definitions/fenix.toml",
        "[metrics.a]\nselect_expression = 'x'\ndata_source = 'mine'\n[metrics.b]\nselect_expression = 'SUM(x)'\ndata_source = 'mine'\n[data_sources.mine]\nfrom_expression = 'p.d.t'\n[data_sources.spare]\nfrom_expression = '(SELECT client_id, 1 AS n FROM p.d.t GROUP BY client_id)'\n",
    )];
    assert_eq!(
        lines(&report(&files, "")),
        "E0303 error fenix.toml:2 the expression of metric `a` does not aggregate: a unit has many rows, and `x` is a value of each\n\
         E0306 warning fenix.toml:10 data source `spare` reads every date of `p.d.t`: the dates of a window do not reach it\n\
         E0307 error fenix.toml:10 data source `spare` groups its rows and gives no column `submission_date`, by which windows are cut\n"
    );
}

#[test]
fn no_kind_of_fault_hides_another() {
    check(
        r#"
[metrics]
weekly = ["m", "nowhere", "n"]
overal = ["m"]
[metrics.m]
select_expression = "COUNTIF(x) / y"
data_source = "events"
[metrics.m.statistics.bootstrap_meen]
[metrics.n]
select_expression = ["SUM(x)"]
data_source = "events"
statistics = { sum = {} }
[experiment]
segments = ["s"]
[segments.s]
select_expression = "LOGICAL_OR(x)"
data_source = "profiles"
"#,
        "
E0104 error x.toml:4 `overal` of `[metrics]` must be a table that defines a metric, but is a list
E0104 error x.toml:10 `select_expression` of metric `n` must be a string, but is a list
E0201 error x.toml:3 there is no metric `nowhere`, neither in the experiment's configs nor in the definitions of firefox_desktop
E0304 error x.toml:6 the expression of metric `m` has the column `y` outside of its aggregates
E0305 warning x.toml:16 segment `s` can be NULL: such units are neither in the segment nor in its complement
E0501 error x.toml:8 unknown statistic \"bootstrap_meen\"
",
    );
}

#[test]
fn a_fault_of_one_definition_hides_nothing_of_another() {
    let files = [(
        "definitions/fenix.toml",
        "[metrics.a]\nselect_expression = 'SUM(x)'\ndata_source = 'nowhere'\n[metrics.b]\nselect_expression = 'x'\ndata_source = 'mine'\nstatistics = { deciles = { confidence = 0.9 } }\n[data_sources.mine]\nfrom_expression = 'p.d.t'\n",
    )];
    let found = lines(&report(&files, ""));
    for code in [
        "E0202 error fenix.toml:3",
        "E0303 error fenix.toml:5",
        "E0501 error fenix.toml:7",
    ] {
        assert!(found.contains(code), "{found}");
    }
}

#[test]
fn a_broken_shared_file_does_not_hide_the_others() {
    let files = [
        ("definitions/fenix.toml", "[metrics"),
        ("jetstream/x.toml", "[experiment]\nskipp = true\n"),
    ];
    let lines = lines(&report(&files, ""));
    assert!(lines.contains("E0102 error fenix.toml:1"), "{lines}");
    assert!(lines.contains("E0103 warning x.toml:2"), "{lines}");
}

#[test]
fn a_fault_of_a_shared_file_is_reported_once() {
    let outcome = "friendly_name = 'o'\ndescription = 'o'\n[metrics.m]\nselect_expression = 'SUM('\ndata_source = 'events'\nstatistics = { sum = {} }\n";
    let config = "[experiment]\noutcomes = ['o']\n";
    let files = [
        ("jetstream/outcomes/firefox_desktop/o.toml", outcome),
        ("jetstream/x.toml", config),
        ("jetstream/y.toml", config),
    ];
    let found = lines(&report(&files, ""));
    assert_eq!(found.matches("E0301").count(), 1, "{found}");
}

fn isobar(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_isobar"))
        .current_dir(folder)
        .arg("check")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn exit_codes_and_formats() {
    let unknown = "[experiment]\nskipp = true\n";
    let faulty = "[metrics]\nweekly = ['serches']\n";
    let folder = tree(&[("jetstream/a.toml", unknown), ("jetstream/b.toml", faulty)]);
    let run = |arguments: &[&str]| isobar(folder.path(), arguments);
    assert_eq!(run(&["."]).status.code(), Some(1));
    assert_eq!(run(&["jetstream/a.toml"]).status.code(), Some(0));
    assert_eq!(run(&["jetstream/a.toml", "--deny", "warnings"]).status.code(), Some(1));
    assert_eq!(run(&["definitions", "--deny", "info"]).status.code(), Some(0));
    for unusable in [
        &["nowhere"][..],
        &[],
        &["definitions/nothing.toml"],
        &[".", "--experiments", "nowhere.json"],
    ] {
        let output = run(unusable);
        assert_eq!(output.status.code(), Some(2), "{unusable:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    let text = stdout(&run(&["jetstream"]));
    assert!(
        text.contains("warning[E0103]") && text.contains("jetstream/b.toml:2:11"),
        "{text}"
    );
    assert!(
        text.ends_with("2 files: 1 error, 1 warning, 0 remarks\nMore about a code: isobar explain-code E0103\n"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&stdout(&run(&["jetstream", "--format", "json"]))).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[1]["code"], "E0201");
    assert_eq!(findings[1]["line"], 2);
    assert_eq!(findings[1]["column"], 11);
    assert_eq!(findings[1]["suggestion"], "did you mean `searches`?");
    let github = stdout(&run(&["jetstream/b.toml", "--format", "github"]));
    assert!(
        github.starts_with("::error file=jetstream/b.toml,line=2,col=11,title=E0201::"),
        "{github}"
    );
}

#[test]
fn the_tree_around_a_file_is_found() {
    let folder = tree(&[("jetstream/a.toml", "[metrics]\nweekly = ['searches']\n")]);
    // From within, by an absolute path, and beside a tree that is named.
    assert_eq!(
        isobar(&folder.path().join("jetstream"), &["a.toml"]).status.code(),
        Some(0)
    );
    let absolute = folder.path().join("jetstream/a.toml");
    assert_eq!(
        isobar(Path::new("/"), &[absolute.to_str().unwrap()]).status.code(),
        Some(0)
    );
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::write(elsewhere.path().join("b.toml"), "[metrics]\nweekly = ['searches']\n").unwrap();
    let alone = isobar(elsewhere.path(), &["b.toml"]);
    assert!(stdout(&alone).contains("E0201"), "{}", stdout(&alone));
    let beside = isobar(
        elsewhere.path(),
        &["b.toml", "--configs", folder.path().to_str().unwrap()],
    );
    assert_eq!(beside.status.code(), Some(0), "{}", stdout(&beside));
}

/// The mistakes that are known to stand in the public configs, and how often each kind of finding is made there.
#[test]
fn public_configs() {
    let Some(shared) = std::env::var_os("ISOBAR_SHARED").filter(|shared| Path::new(shared).is_dir()) else {
        println!("skipped: there are no public configs (ISOBAR_SHARED)");
        return;
    };
    let report = check::check(&Request {
        trees: vec![Tree::read(&Path::new(&shared).join("metric-hub")).unwrap()],
        platforms: platforms::embedded(),
        ..Request::default()
    });
    let count = |text: &str| {
        report
            .findings
            .0
            .iter()
            .filter(|finding| finding.message.contains(text))
            .count()
    };
    assert_eq!(count("unknown key `exposure_basis`"), 21);
    assert_eq!(count("`enrollment_end_date` has no effect"), 6);
    assert_eq!(count("`exposure_query_type` has no effect"), 3);
    assert_eq!(count("unknown key `enrollments_query`"), 1);
    let mut kinds = std::collections::BTreeMap::new();
    for finding in &report.findings.0 {
        assert!(finding.span.is_some(), "a finding without a place: {finding:?}");
        *kinds.entry((finding.code, finding.severity)).or_insert(0) += 1;
    }
    println!("{} files", report.files);
    for ((code, severity), number) in kinds {
        println!("{code} {severity:?}: {number}");
    }
}
