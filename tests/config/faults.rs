//! Every fault names its code, file, line, the text and, where there is one, the way out.

use std::sync::Arc;

use isobar::config;
use isobar::diagnostics::{Diagnostics, Source};
use isobar::experiment;

use crate::tree::{Tree, json, nimbus, parse};

/// Resolves an experiment with this config and compares what is said.
fn check(config: &str, expected: &str) {
    let tree = Tree::new(&[("jetstream/x.toml", config)]);
    same(&tree.faults("x"), expected);
}

fn same(said: &str, expected: &str) {
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert!(said == expected, "it said\n{said}\n\nand should have said\n{expected}");
}

/// Reads an experiment file and compares what is said.
fn check_json(text: &str, expected: &str) {
    let source = Arc::new(Source {
        path: "experiment.json".to_string(),
        text: text.to_string(),
    });
    let faults = match experiment::parse(&source) {
        Err(faults) => faults,
        Ok(read) => Diagnostics(
            read.into_iter()
                .filter_map(Result::err)
                .flat_map(|faults| faults.0)
                .collect(),
        ),
    };
    same(&faults.to_string(), expected);
}

#[test]
fn broken_toml_costs_the_experiment() {
    let tree = Tree::new(&[
        ("jetstream/x.toml", "[metrics]\nweekly = [\"clicks\"\noverall = []\n"),
        ("jetstream/y.toml", "[metrics]\nweekly = [\"searches\"]\n"),
    ]);
    same(
        &tree.faults("x"),
        r#"
error[E0102]: experiment x: the file is not valid TOML: missing comma between array elements, expected `,`
 --> jetstream/x.toml:3:1
  |
3 | overall = []
  | ^"#,
    );
    assert!(tree.resolve("y").is_ok());
}

#[test]
fn an_unreadable_file_costs_its_experiment() {
    let tree = Tree::new(&[("jetstream/y.toml", "[metrics]\nweekly = [\"searches\"]\n")]);
    std::fs::write(tree.path().join("jetstream/x.toml"), b"[experiment]\n# \xff\n").expect("a file can be written");
    let faults = tree.faults("x");
    assert!(
        faults.starts_with("error[E0101]: experiment x: can't read jetstream/x.toml: "),
        "{faults}"
    );
    assert!(tree.resolve("y").is_ok());
}

#[test]
fn broken_toml_of_a_shared_file_costs_all() {
    let tree = Tree::new(&[
        ("jetstream/defaults/fenix.toml", "[metrics\n"),
        (
            "jetstream/definitions/fenix.toml",
            "[metrics.a]\nbigger_is_better = []\n",
        ),
    ]);
    let faults = tree.load().expect_err("the defaults are no TOML");
    same(
        &tree.text(&faults),
        r#"
error[E0102]: the file is not valid TOML: unclosed table, expected `]`
 --> jetstream/defaults/fenix.toml:1:9
  |
1 | [metrics
  |         ^

error[E0104]: `bigger_is_better` of metric `a` must be true or false, but is a list
 --> jetstream/definitions/fenix.toml:2:20
  |
2 | bigger_is_better = []
  |                    ^^"#,
    );
}

#[test]
fn missing_folder() {
    let faults = config::load(&["no/such/folder".into()]).expect_err("the folder is not there");
    same(
        &faults.to_string(),
        r#"
error[E0101]: the config folder no/such/folder does not exist"#,
    );
}

#[test]
fn unknown_metric() {
    check(
        "[metrics]\nweekly = [\"searches\", \"serches\"]\noverall = [\"nothing_like_it\"]\n",
        r#"
error[E0201]: experiment x: there is no metric `serches`, neither in the experiment's configs nor in the definitions of firefox_desktop
 --> jetstream/x.toml:2:23
  |
2 | weekly = ["searches", "serches"]
  |                       ^^^^^^^^^
  |
  = help: did you mean `searches`?

error[E0201]: experiment x: there is no metric `nothing_like_it`, neither in the experiment's configs nor in the definitions of firefox_desktop
 --> jetstream/x.toml:3:12
  |
3 | overall = ["nothing_like_it"]
  |            ^^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn unknown_data_source() {
    check(
        "[metrics]\nweekly = [\"m\"]\n[metrics.m]\nselect_expression = \"SUM(x)\"\ndata_source = \"event\"\n\
         statistics = { sum = {} }\n",
        r#"
error[E0202]: experiment x: there is no data source `event`, neither in the experiment's configs nor in the definitions of firefox_desktop
 --> jetstream/x.toml:5:15
  |
5 | data_source = "event"
  |               ^^^^^^^
  |
  = help: did you mean `events`?"#,
    );
}

#[test]
fn unknown_outcome() {
    let tree = Tree::new(&[
        (
            "jetstream/x.toml",
            "[experiment]\noutcomes = [\"newtabs\", \"ios_only\"]\n",
        ),
        (
            "jetstream/outcomes/firefox_desktop/newtab.toml",
            "friendly_name = \"a\"\ndescription = \"b\"\n",
        ),
        (
            "jetstream/outcomes/firefox_ios/ios_only.toml",
            "friendly_name = \"a\"\ndescription = \"b\"\n",
        ),
    ]);
    same(
        &tree.faults("x"),
        r#"
error[E0204]: experiment x: there is no outcome `newtabs` for the platform `firefox_desktop`
 --> jetstream/x.toml:2:13
  |
2 | outcomes = ["newtabs", "ios_only"]
  |             ^^^^^^^^^
  |
  = help: did you mean `newtab`?

error[E0204]: experiment x: there is no outcome `ios_only` for the platform `firefox_desktop`
 --> jetstream/x.toml:2:24
  |
2 | outcomes = ["newtabs", "ios_only"]
  |                        ^^^^^^^^^^
  |
  = help: it exists for firefox_ios"#,
    );
}

#[test]
fn unknown_segment() {
    check(
        "[experiment]\nsegments = [\"new_user\"]\n",
        r#"
error[E0203]: experiment x: there is no segment `new_user`, neither in the experiment's configs nor in the definitions of firefox_desktop
 --> jetstream/x.toml:2:13
  |
2 | segments = ["new_user"]
  |             ^^^^^^^^^^
  |
  = help: did you mean `new_users`?"#,
    );
}

#[test]
fn metric_without_statistics() {
    check(
        "[metrics]\nweekly = [\"clicks\"]\n",
        r#"
error[E0205]: experiment x: metric `clicks` has no statistics, so there is nothing to compute of it
 --> jetstream/x.toml:2:11
  |
2 | weekly = ["clicks"]
  |           ^^^^^^^^
  |
  = help: add one, such as `[metrics.clicks.statistics.bootstrap_mean]`"#,
    );
}

#[test]
fn a_definition_that_drops_the_statistics_of_the_app() {
    check(
        "[metrics]\nweekly = [\"searches\"]\n[metrics.searches]\nanalysis_bases = [\"exposures\"]\n",
        r#"
error[E0205]: experiment x: metric `searches` has no statistics, so there is nothing to compute of it
 --> jetstream/x.toml:2:11
  |
2 | weekly = ["searches"]
  |           ^^^^^^^^^^
  |
  = help: its definition in this config replaces the app's with its statistics: repeat them, such as `[metrics.searches.statistics.bootstrap_mean]`"#,
    );
}

#[test]
fn metric_without_expression() {
    check(
        "[metrics]\nweekly = [\"click\"]\n[metrics.click.statistics.sum]\n",
        r#"
error[E0206]: experiment x: metric `click` has neither `select_expression` nor `data_source`, and the definitions of firefox_desktop do not complete it
 --> jetstream/x.toml:3:10
  |
3 | [metrics.click.statistics.sum]
  |          ^^^^^
  |
  = help: did you mean `clicks`?"#,
    );
}

#[test]
fn wrong_types() {
    check(
        "[experiment]\nskip = []\nsample_size = \"many\"\nstart_date = \"2025/01/06\"\nsegments = \"new_users\"\n\
         analysis_unit = \"client\"\n[metrics]\nweekly = \"clicks\"\nwekly = [\"clicks\"]\n[metrics.clicks]\n\
         data_source = [\"events\"]\nanalysis_bases = [\"exposure\"]\nlevel = \"diamond\"\n\
         [metrics.clicks.statistics.sum]\npre_treatments = \"remove_nulls\"\n",
        r#"
error[E0104]: experiment x: `skip` of `[experiment]` must be true or false, but is a list
 --> jetstream/x.toml:2:8
  |
2 | skip = []
  |        ^^

error[E0104]: experiment x: `sample_size` of `[experiment]` must be a whole number, but is a string
 --> jetstream/x.toml:3:15
  |
3 | sample_size = "many"
  |               ^^^^^^

error[E0105]: experiment x: `start_date` of `[experiment]` is not a date: "2025/01/06"
 --> jetstream/x.toml:4:14
  |
4 | start_date = "2025/01/06"
  |              ^^^^^^^^^^^^
  |
  = help: dates are written YYYY-MM-DD: "2025-01-06"

error[E0104]: experiment x: `segments` of `[experiment]` must be a list of strings, but is a string
 --> jetstream/x.toml:5:12
  |
5 | segments = "new_users"
  |            ^^^^^^^^^^^
  |
  = help: write `segments = ["new_users"]`

error[E0105]: experiment x: `analysis_unit` of `[experiment]` can't be "client"
 --> jetstream/x.toml:6:17
  |
6 | analysis_unit = "client"
  |                 ^^^^^^^^
  |
  = help: did you mean "client_id"?

error[E0104]: experiment x: `weekly` of `[metrics]` must be a list of strings, but is a string
 --> jetstream/x.toml:8:10
  |
8 | weekly = "clicks"
  |          ^^^^^^^^
  |
  = help: write `weekly = ["clicks"]`

error[E0104]: experiment x: `wekly` of `[metrics]` must be a table that defines a metric, but is a list
 --> jetstream/x.toml:9:9
  |
9 | wekly = ["clicks"]
  |         ^^^^^^^^^^
  |
  = help: did you mean the period list `weekly`?

error[E0104]: experiment x: `data_source` of metric `clicks` must be a string, but is a list
  --> jetstream/x.toml:11:15
   |
11 | data_source = ["events"]
   |               ^^^^^^^^^^

error[E0105]: experiment x: `analysis_bases` of metric `clicks` can't be "exposure"
  --> jetstream/x.toml:12:19
   |
12 | analysis_bases = ["exposure"]
   |                   ^^^^^^^^^^
   |
   = help: did you mean "exposures"?

error[E0105]: experiment x: `level` of metric `clicks` can't be "diamond"
  --> jetstream/x.toml:13:9
   |
13 | level = "diamond"
   |         ^^^^^^^^^
   |
   = help: one of gold, silver, bronze

error[E0104]: experiment x: `pre_treatments` of statistic `sum` of metric `clicks` must be a list, but is a string
  --> jetstream/x.toml:15:18
   |
15 | pre_treatments = "remove_nulls"
   |                  ^^^^^^^^^^^^^^
   |
   = help: write `pre_treatments = ["remove_nulls"]`"#,
    );
}

#[test]
fn sql_that_does_not_parse() {
    check(
        r#"
[metrics]
weekly = ["a", "b"]
[metrics.a]
select_expression = """
    COALESCE(
        SUM(x) + * 2,
        0
    )
"""
data_source = "s"
statistics = { sum = {} }
[metrics.b]
select_expression = '{{agg_sum("a b c")}}'
data_source = "events"
statistics = { sum = {} }
[data_sources.s]
from_expression = "(SELECT * FROM t WHERE)"
"#,
        r#"
error[E0301]: experiment x: the from expression of data source `s` is not valid SQL: Expected: an expression, found: EOF
  --> jetstream/x.toml:18:42
   |
18 | from_expression = "(SELECT * FROM t WHERE)"
   |                                          ^

error[E0301]: experiment x: the select expression of metric `a` is not valid SQL: Expected: an expression, found: *
 --> jetstream/x.toml:7:18
  |
7 |         SUM(x) + * 2,
  |                  ^

error[E0301]: experiment x: the select expression of metric `b` is not valid SQL: Expected: ), found: b
  --> jetstream/x.toml:14:21
   |
14 | select_expression = '{{agg_sum("a b c")}}'
   |                     ^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: its template renders to `COALESCE(SUM(a b c), 0)`"#,
    );
}

#[test]
fn templates() {
    check(
        r#"
[experiment]
enrollment_query = "SELECT '{{experiment.start_date_st}}' AS analysis_id"
[metrics]
weekly = ["a", "b", "c"]
[metrics.a]
select_expression = '{{agg_smu("x")}}'
data_source = "events"
statistics = { sum = {} }
[metrics.b]
select_expression = "SUM({{ parameters.amount }})"
data_source = "events"
statistics = { sum = {} }
[metrics.c]
select_expression = "SUM({{ }})"
data_source = "events"
statistics = { sum = {} }
"#,
        r#"
error[E0208]: experiment x: the template of metric `a` can't be rendered: unknown function: agg_smu is unknown
 --> jetstream/x.toml:7:24
  |
7 | select_expression = '{{agg_smu("x")}}'
  |                        ^^^^^^^^^^^^
  |
  = help: did you mean `agg_sum`?

error[E0208]: experiment x: the template of metric `b` uses `parameters.amount`, which is not defined
  --> jetstream/x.toml:11:29
   |
11 | select_expression = "SUM({{ parameters.amount }})"
   |                             ^^^^^^^^^^^^^^^^^
   |
   = help: define it under `[parameters.amount]` in the experiment's config or in the outcome

error[E0208]: experiment x: the template of metric `c` has a syntax error: unexpected end of variable block
  --> jetstream/x.toml:15:29
   |
15 | select_expression = "SUM({{ }})"
   |                             ^^

error[E0208]: experiment x: the template of the enrollment query uses `experiment.start_date_st`, which is not defined
 --> jetstream/x.toml:3:31
  |
3 | enrollment_query = "SELECT '{{experiment.start_date_st}}' AS analysis_id"
  |                               ^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `experiment.start_date_str`?"#,
    );
}

/// Texts that would cost a deep stack, or for ever.
#[test]
fn texts_without_measure() {
    let said = |select: &str| {
        let config = format!(
            "[metrics]\nweekly = [\"a\"]\n[metrics.a]\nselect_expression = '{select}'\ndata_source = \"events\"\n\
             statistics = {{ sum = {{}} }}\n"
        );
        Tree::new(&[("jetstream/x.toml", &config)]).faults("x")
    };
    for (select, expected) in [
        (
            format!("SUM(x{})", " + 1".repeat(100_000)),
            "error[E0301]: experiment x: the select expression of metric `a` is not valid SQL: more than 5000 operators nest",
        ),
        (
            format!("{{{{ {}1 }}}}", "-".repeat(100_000)),
            "error[E0208]: experiment x: the template of metric `a` has more than 2000 characters outside of strings",
        ),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}".to_string(),
            "error[E0208]: experiment x: the template of metric `a` can't be rendered: engine ran out of fuel",
        ),
    ] {
        let said = said(&select);
        assert!(
            said.starts_with(expected) && said.contains("jetstream/x.toml:4:"),
            "{:.300}",
            said
        );
    }
}

#[test]
fn braces() {
    check(
        r#"
[metrics]
weekly = ["a"]
[metrics.a]
select_expression = "COUNTIF(REGEXP_CONTAINS(x, 'a{2}'))"
data_source = "s"
statistics = { sum = {} }
[data_sources.s]
from_expression = "`p.{dataset}.t`"
"#,
        r#"
error[E0211]: experiment x: data source `s` uses `{dataset}` without `default_dataset`
 --> jetstream/x.toml:9:19
  |
9 | from_expression = "`p.{dataset}.t`"
  |                   ^^^^^^^^^^^^^^^^^

error[E0209]: experiment x: metric `a` can't be formatted: `{2}` stands for nothing here
 --> jetstream/x.toml:5:51
  |
5 | select_expression = "COUNTIF(REGEXP_CONTAINS(x, 'a{2}'))"
  |                                                   ^
  |
  = help: a template has to print a literal brace, and twice: `{{ '{{' }}` or `{{ '}}' }}`"#,
    );
}

#[test]
fn parameters() {
    check(
        "[parameters.a]\n[parameters.b]\ndistinct_by_branch = true\nvalue = \"x\"\n[parameters.c]\ndefault = { control = \"x\" }\n",
        r#"
error[E0210]: experiment x: parameter `a` has neither `value` nor `default`
 --> jetstream/x.toml:1:13
  |
1 | [parameters.a]
  |             ^
  |
  = help: write `value = "..."`

error[E0210]: experiment x: parameter `b` is distinct by branch, but its value is one string
 --> jetstream/x.toml:2:13
  |
2 | [parameters.b]
  |             ^
  |
  = help: write `value = { control = "...", treatment = "..." }`

error[E0210]: experiment x: parameter `c` has a value for each branch, but is not distinct by branch
 --> jetstream/x.toml:5:13
  |
5 | [parameters.c]
  |             ^
  |
  = help: write `distinct_by_branch = true`"#,
    );
}

#[test]
fn circles_and_units() {
    check(
        r#"
[metrics]
weekly = ["a", "c"]
[metrics.a]
depends_on = ["b"]
statistics = { population_ratio = {} }
[metrics.b]
depends_on = ["a"]
statistics = { population_ratio = {} }
[metrics.c]
select_expression = "SUM(x)"
data_source = "s"
statistics = { sum = {} }
[data_sources.s]
from_expression = "t"
analysis_units = ["client_id"]
"#,
        r#"
error[E0212]: experiment x: metrics depend on each other in a circle: b -> a -> b
 --> jetstream/x.toml:5:15
  |
5 | depends_on = ["b"]
  |               ^^^

error[E0207]: experiment x: metric `c` has the analysis unit `profile_group_id`, which its data source `s` does not have
  --> jetstream/x.toml:12:15
   |
12 | data_source = "s"
   |               ^^^
   |
   = help: set `analysis_units` of the metric to units that its data source has"#,
    );
}

#[test]
fn private_without_dataset() {
    check(
        "[experiment]\nis_private = true\n",
        r#"
error[E0211]: experiment x: the experiment is private, but the config sets no `dataset_id`
 --> jetstream/x.toml:2:14
  |
2 | is_private = true
  |              ^^^^
  |
  = help: name the dataset that holds its results: `dataset_id = "..."`"#,
    );
}

#[test]
fn exposure_signals() {
    check(
        "[experiment.exposure_signal]\nname = \"e\"\ndata_source = \"events\"\nselect_expression = \"x > 0\"\n\
         window_end = \"analysis_window\"\n",
        r#"
error[E0106]: experiment x: `[experiment.exposure_signal]` has no `friendly_name`
 --> jetstream/x.toml:1:13
  |
1 | [experiment.exposure_signal]
  |             ^^^^^^^^^^^^^^^

error[E0106]: experiment x: `[experiment.exposure_signal]` has no `description`
 --> jetstream/x.toml:1:13
  |
1 | [experiment.exposure_signal]
  |             ^^^^^^^^^^^^^^^

error[E0105]: experiment x: `window_end` of `[experiment.exposure_signal]` can't be "analysis_window"
 --> jetstream/x.toml:5:14
  |
5 | window_end = "analysis_window"
  |              ^^^^^^^^^^^^^^^^^
  |
  = help: did you mean "analysis_window_end"?"#,
    );
}

#[test]
fn unknown_keys() {
    let tree = Tree::new(&[(
        "jetstream/x.toml",
        "[experiment]\nenrollment_end_date = \"2025-01-13\"\n[metrics]\nweekly = [\"searches\"]\n[metrics.searches]\n\
         exposure_basis = [\"enrollments\"]\ndescriptionn = \"x\"\nbigger_is_better = \"false\"\n\
         statistics = { sum = {} }\n[segments.s]\n\
         select_expression = \"x\"\ndata_source = \"profiles\"\nwindow_start = 3\n",
    )]);
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    let experiment = nimbus("x");
    assert!(configs.resolve(&experiment).is_ok());
    same(
        &tree.text(&configs.warnings(&experiment)),
        r#"
warning[E0103]: `enrollment_end_date` has no effect in `[experiment]`
 --> jetstream/x.toml:2:1
  |
2 | enrollment_end_date = "2025-01-13"
  | ^^^^^^^^^^^^^^^^^^^
  |
  = help: set `enrollment_period`, in days from `start_date`

warning[E0103]: unknown key `exposure_basis` in metric `searches`: it has no effect
 --> jetstream/x.toml:6:1
  |
6 | exposure_basis = ["enrollments"]
  | ^^^^^^^^^^^^^^
  |
  = help: did you mean `analysis_bases`?

warning[E0103]: unknown key `descriptionn` in metric `searches`: it has no effect
 --> jetstream/x.toml:7:1
  |
7 | descriptionn = "x"
  | ^^^^^^^^^^^^
  |
  = help: did you mean `description`?

warning[E0104]: `bigger_is_better` of metric `searches` is a string, which counts as true
 --> jetstream/x.toml:8:20
  |
8 | bigger_is_better = "false"
  |                    ^^^^^^^
  |
  = help: write `bigger_is_better = true` or `bigger_is_better = false`, without quotes

warning[E0103]: `window_start` has no effect in segment `s`
  --> jetstream/x.toml:13:1
   |
13 | window_start = 3
   | ^^^^^^^^^^^^
   |
   = help: the window of a segment is that of its data source, under `[segments.data_sources]`"#,
    );
}

#[test]
fn outcome_faults_wait_for_the_experiments_that_use_it() {
    let tree = Tree::new(&[
        ("jetstream/x.toml", "[experiment]\noutcomes = [\"broken\"]\n"),
        ("jetstream/y.toml", ""),
        (
            "jetstream/outcomes/firefox_desktop/broken.toml",
            "friendly_name = \"a\"\ndefault_metrics = [\"tiles\"]\n[metrics.tile]\n",
        ),
    ]);
    same(
        &tree.faults("x"),
        r#"
error[E0106]: experiment x: the outcome has no `description`
 --> jetstream/outcomes/firefox_desktop/broken.toml:1:1
  |
1 | friendly_name = "a"
  | ^

error[E0201]: experiment x: `default_metrics` names `tiles`, which the outcome does not define
 --> jetstream/outcomes/firefox_desktop/broken.toml:2:20
  |
2 | default_metrics = ["tiles"]
  |                    ^^^^^^^
  |
  = help: did you mean `tile`?"#,
    );
    assert!(tree.resolve("y").is_ok());
}

#[test]
fn experiments_that_are_no_json() {
    check_json(
        "[{\"slug\": \"x\",\n  \"branches\": [}\n]",
        r#"
error[E0102]: the file is not valid JSON: expected value
 --> experiment.json:2:16
  |
2 |   "branches": [}
  |                ^"#,
    );
    check_json(
        "3",
        r#"
error[E0104]: experiments must be an object or a list of objects, but the file holds an integer
 --> experiment.json:1:1
  |
1 | 3
  | ^"#,
    );
}

#[test]
fn experiments_with_faults() {
    check_json(
        "{\n  \"slug\": \"x\",\n  \"startDate\": \"2025-01-06T00:00:00Z\",\n  \"endDate\": null,\n  \"proposedEnrollment\": \"soon\",\n\
         \x20 \"branches\": [{\"ratio\": 1}],\n  \"bucketConfig\": {},\n  \"outcomes\": [\"a\"]\n}",
        r#"
error[E0106]: experiment x: the experiment has no `referenceBranch`
 --> experiment.json:1:1
  |
1 | {
  | ^
  |
  = help: a value that is not known yet is written `"referenceBranch": null`

error[E0105]: experiment x: `startDate` of the experiment is not a date: "2025-01-06T00:00:00Z"
 --> experiment.json:3:16
  |
3 |   "startDate": "2025-01-06T00:00:00Z",
  |                ^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: dates are written YYYY-MM-DD: "2025-01-06"

error[E0104]: experiment x: `proposedEnrollment` of the experiment must be a whole number, but is a string
 --> experiment.json:5:25
  |
5 |   "proposedEnrollment": "soon",
  |                         ^^^^^^

error[E0106]: experiment x: a branch has no `slug`
 --> experiment.json:6:16
  |
6 |   "branches": [{"ratio": 1}],
  |                ^^^^^^^^^^^^

error[E0106]: experiment x: `bucketConfig` has no `randomizationUnit`
 --> experiment.json:7:3
  |
7 |   "bucketConfig": {},
  |   ^^^^^^^^^^^^^^

error[E0104]: experiment x: `outcomes` of the experiment must be a list of objects with a `slug`, but is a string
 --> experiment.json:8:16
  |
8 |   "outcomes": ["a"]
  |                ^^^"#,
    );
}

#[test]
fn unknown_randomization_unit() {
    let mut json = json("x");
    json["bucketConfig"]["randomizationUnit"] = "norman_id".into();
    let tree = Tree::new(&[]);
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    let faults = configs.resolve(&parse(&json)).expect_err("there is no such unit");
    same(
        &faults.to_string(),
        r#"
error[E0207]: experiment x: the randomization unit `norman_id` is not known
  --> experiment.json:21:26
   |
21 |     "randomizationUnit": "norman_id",
   |                          ^^^^^^^^^^^
   |
   = help: did you mean `normandy_id`?"#,
    );
}

#[test]
fn files_of_experiments() {
    let tree = Tree::new(&[
        ("e/a.json", &json("a").to_string()),
        ("e/b.json", &serde_json::json!([json("b"), json("a")]).to_string()),
        ("e/c.json", "{}"),
        ("e/notes.txt", "not JSON"),
    ]);
    let (experiments, rejected) =
        experiment::load(&[tree.path().join("e")]).unwrap_or_else(|faults| panic!("{faults}"));
    let slugs: Vec<&str> = experiments.iter().map(|experiment| experiment.slug.as_str()).collect();
    assert_eq!(slugs, ["a", "b"]);
    let said: Vec<String> = rejected.iter().map(|faults| tree.text(faults)).collect();
    assert!(
        said[0].starts_with("error[E0107]: the experiment `a` is also described in e/a.json"),
        "{}",
        said[0]
    );
    assert!(
        said[1].contains("the experiment has no `slug`") && said[1].contains("e/c.json:1:1"),
        "{}",
        said[1]
    );
    assert!(experiment::load(&[tree.path().join("nowhere.json")]).is_err());
    assert!(experiment::load(&[tree.path().join("definitions")]).is_err());
}

#[test]
fn inserted_values() {
    let config = r#"
[metrics]
weekly = ["seen"]
[metrics.seen]
select_expression = "COUNTIF(message = '{{ parameters.message }}')"
data_source = "events"
statistics = { sum = {} }
[parameters.message]
value = "x' OR 'a' = 'a"
"#;
    check(
        config,
        r#"
error[E0222]: experiment x: a value that the template of the select expression of metric `seen` inserts changes the SQL around it
 --> jetstream/x.toml:5:21
  |
5 | select_expression = "COUNTIF(message = '{{ parameters.message }}')"
  |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: it renders to `COUNTIF(message = 'x' OR 'a' = 'a')`"#,
    );
    // What an author has escaped, and what can't end anything, is as it was meant.
    for value in [r"don\\'t", "-- x", "é `;`"] {
        let tree = Tree::new(&[("jetstream/x.toml", &config.replace("x' OR 'a' = 'a", value))]);
        assert!(tree.resolve("x").is_ok(), "{value}");
    }
}
