//! How layers combine, and the deviations from the reference that this is about (docs/deviations.md).

use isobar::analysis::{Analysis, Period};
use isobar::config;

use crate::tree::{Tree, json, nimbus, parse};

fn resolve(files: &[(&str, &str)]) -> Analysis {
    let tree = Tree::new(files);
    tree.resolve("x")
        .unwrap_or_else(|faults| panic!("{}", tree.text(&faults)))
}

/// `metric.statistic` of each summary of the weekly period.
fn weekly(analysis: &Analysis) -> Vec<String> {
    let summaries = analysis.periods[&Period::Week].iter();
    summaries
        .map(|summary| format!("{}.{}", summary.metric, summary.statistic))
        .collect()
}

const TWO_STATISTICS: &str =
    "statistics = { s1 = {}, s2 = {} }\nselect_expression = \"SUM(x)\"\ndata_source = \"events\"\n";

#[test]
fn the_newest_layer_comes_last_and_backwards() {
    let defaults = format!(
        "[metrics]\nweekly = [\"a\", \"b\"]\n[metrics.a]\n{TWO_STATISTICS}[metrics.b]\n{TWO_STATISTICS}[metrics.c]\n{TWO_STATISTICS}"
    );
    let analysis = resolve(&[
        ("jetstream/defaults/firefox_desktop.toml", &defaults),
        ("jetstream/x.toml", "[metrics]\nweekly = [\"b\", \"c\"]\n"),
    ]);
    assert_eq!(weekly(&analysis), ["b.s2", "b.s1", "a.s2", "a.s1", "c.s2", "c.s1"]);
}

#[test]
fn a_definition_without_expression_borrows_the_apps() {
    let config = "[metrics]\nweekly = [\"clicks\"]\n[metrics.clicks]\nfriendly_name = \"Ignored\"\nanalysis_bases = [\"exposures\"]\n\
                  statistics = { sum = {} }\n";
    let analysis = resolve(&[("jetstream/x.toml", config)]);
    let clicks = &analysis.metrics["clicks"];
    assert_eq!(clicks.select_expression.as_deref(), Some("COALESCE(SUM(clicks), 0)"));
    assert_eq!(clicks.friendly_name, None);
    assert_eq!(clicks.analysis_bases.len(), 1);
}

#[test]
fn false_survives_every_layer() {
    let analysis = resolve(&[
        (
            "jetstream/definitions/firefox_desktop.toml",
            "[metrics.searches]\ndescription = \"more\"\n",
        ),
        ("jetstream/defaults/firefox_desktop.toml", "[experiment]\nskip = true\n"),
        (
            "jetstream/x.toml",
            "[experiment]\nskip = false\n[metrics]\nweekly = [\"searches\"]\n",
        ),
    ]);
    assert!(!analysis.metrics["searches"].bigger_is_better);
    assert_eq!(analysis.metrics["searches"].description.as_deref(), Some("more"));
    assert!(!analysis.experiment.skip);
}

#[test]
fn an_explicit_true_overrides_false() {
    let overlay = "[metrics.searches]\nbigger_is_better = true\n";
    let analysis = resolve(&[
        ("jetstream/definitions/firefox_desktop.toml", overlay),
        ("jetstream/x.toml", "[metrics]\nweekly = [\"searches\"]\n"),
    ]);
    assert!(analysis.metrics["searches"].bigger_is_better);
}

#[test]
fn empty_values_override_nothing() {
    let analysis = resolve(&[
        (
            "jetstream/defaults/firefox_desktop.toml",
            "[experiment]\nsegments = [\"new_users\"]\nsample_size = 20.0\nreference_branch = \"treatment\"\n",
        ),
        (
            "jetstream/x.toml",
            "[experiment]\nsegments = []\nsample_size = 0\nreference_branch = \"\"\nenrollment_period = 0\n",
        ),
    ]);
    assert_eq!(analysis.experiment.segments.len(), 1);
    assert_eq!(analysis.experiment.sample_size, Some(20));
    assert_eq!(analysis.experiment.reference_branch.as_deref(), Some("treatment"));
    assert_eq!(analysis.experiment.enrollment_period, 8);
}

#[test]
fn patterns_do_not_rename() {
    let analysis = resolve(&[
        (
            "jetstream/defaults/firefox_desktop.toml",
            "[metrics]\nweekly = [\"tab_a\", \"tab_b\"]\n\
             [metrics.tab_a]\nselect_expression = \"SUM(a)\"\ndata_source = \"events\"\n\
             [metrics.tab_b]\nselect_expression = \"SUM(b)\"\ndata_source = \"events\"\n",
        ),
        ("jetstream/x.toml", "[metrics.\"tab_*\"]\nstatistics = { sum = {} }\n"),
    ]);
    assert_eq!(weekly(&analysis), ["tab_b.sum", "tab_a.sum"]);
    assert_eq!(analysis.metrics["tab_a"].select_expression.as_deref(), Some("SUM(a)"));
}

#[test]
fn parameters_of_a_config_count() {
    let analysis = resolve(&[(
        "jetstream/x.toml",
        "[metrics]\nweekly = [\"m\"]\n[metrics.m]\nselect_expression = \"COUNTIF(id = {{ parameters.id }})\"\n\
         data_source = \"events\"\nstatistics = { sum = {} }\n\
         [parameters.id]\ndistinct_by_branch = true\nvalue = { control = \"a\", treatment = \"b\" }\n",
    )]);
    let select = analysis.metrics["m"].select_expression.as_deref();
    let expected = "COUNTIF(id = CASE e.branch WHEN \"control\" THEN \"a\" WHEN \"treatment\" THEN \"b\" END)";
    assert_eq!(select, Some(expected));
}

#[test]
fn values_of_a_config_complete_the_defaults_of_an_outcome() {
    let outcome = "friendly_name = \"a\"\ndescription = \"b\"\n\
                   [parameters.id]\ndistinct_by_branch = true\ndefault = { control = \"0\", treatment = \"0\" }\n";
    let analysis = resolve(&[
        ("jetstream/outcomes/firefox_desktop/o.toml", outcome),
        (
            "jetstream/x.toml",
            "[experiment]\noutcomes = [\"o\"]\n[parameters.id]\nvalue = { treatment = \"1\" }\n",
        ),
    ]);
    let value = &analysis.parameters["id"]["value"];
    assert_eq!(*value, serde_json::json!({"control": "0", "treatment": "1"}));
}

#[test]
fn outcomes_lie_under_the_experiment() {
    let outcome = "friendly_name = \"a\"\ndescription = \"b\"\n\
                   [metrics.tiles]\nselect_expression = \"SUM(tiles)\"\ndata_source = \"tiles\"\nstatistics = { sum = {} }\n\
                   [data_sources.tiles]\nfrom_expression = \"tiles\"\n";
    let analysis = resolve(&[
        ("jetstream/outcomes/firefox_desktop/o.toml", outcome),
        (
            "jetstream/outcomes/fenix/o.toml",
            "friendly_name = \"a\"\ndescription = \"b\"\n",
        ),
        (
            "jetstream/x.toml",
            "[experiment]\noutcomes = [\"o\"]\n[metrics]\nweekly = [\"searches\"]\n\
             [metrics.tiles]\nselect_expression = \"MAX(tiles)\"\n",
        ),
    ]);
    assert_eq!(weekly(&analysis), ["tiles.sum", "searches.bootstrap_mean"]);
    assert_eq!(
        analysis.metrics["tiles"].select_expression.as_deref(),
        Some("MAX(tiles)")
    );
    assert_eq!(analysis.periods[&Period::Overall].len(), 1);
}

#[test]
fn a_ratio_sees_the_statistics_that_the_experiment_gave_earlier() {
    let config = |weekly: &str| {
        format!(
            "[metrics]\nweekly = {weekly}\n[metrics.clicks.statistics.sum]\n\
             [metrics.r]\ndepends_on = [\"clicks\"]\nstatistics = {{ population_ratio = {{}} }}\n"
        )
    };
    let analysis = resolve(&[("jetstream/x.toml", &config("[\"clicks\", \"r\"]"))]);
    assert_eq!(analysis.metrics["r"].depends_on[0].statistic, "sum");
    assert_eq!(analysis.metrics.keys().collect::<Vec<_>>(), ["clicks", "r"]);
    let tree = Tree::new(&[("jetstream/x.toml", &config("[\"r\", \"clicks\"]"))]);
    assert!(tree.faults("x").contains("metric `clicks` has no statistics"));
}

#[test]
fn nothing_leaks_from_one_experiment_to_the_next() {
    let tree = Tree::new(&[
        (
            "jetstream/x.toml",
            "[metrics]\nweekly = [\"clicks\"]\n[metrics.clicks.statistics.sum]\n",
        ),
        ("jetstream/y.toml", "[metrics]\nweekly = [\"clicks\"]\n"),
    ]);
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    assert!(configs.resolve(&nimbus("x")).is_ok());
    let faults = configs.resolve(&nimbus("y")).expect_err("y gives clicks no statistics");
    assert!(faults.to_string().contains("metric `clicks` has no statistics"));
}

#[test]
fn later_trees_lie_on_top() {
    let lower = Tree::new(&[("jetstream/x.toml", "[metrics]\nweekly = [\"searches\"]\n")]);
    let upper = Tree::new(&[
        (
            "definitions/firefox_desktop.toml",
            "[metrics.searches]\nselect_expression = \"MAX(searches)\"\n",
        ),
        ("jetstream/x.toml", "[experiment]\nenrollment_period = 3\n"),
    ]);
    let paths = [lower.path().to_path_buf(), upper.path().to_path_buf()];
    let configs = config::load(&paths).unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = configs
        .resolve(&nimbus("x"))
        .unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(
        analysis.metrics["searches"].select_expression.as_deref(),
        Some("MAX(searches)")
    );
    assert_eq!(analysis.experiment.enrollment_period, 3);
}

#[test]
fn a_folder_without_jetstream_is_one_layer() {
    let tree = Tree::new(&[("alone/x.toml", "[experiment]\nskip = true\n")]);
    let configs = config::load(&[tree.path().join("alone")]).unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = configs
        .resolve(&nimbus("x"))
        .unwrap_or_else(|faults| panic!("{faults}"));
    assert!(analysis.experiment.skip);
}

#[test]
fn keys_of_definitions_in_any_case_and_explicit_names() {
    let analysis = resolve(&[(
        "jetstream/x.toml",
        "[metrics]\nweekly = [\"m\"]\n[metrics.m]\nName = \"n\"\nSelect_Expression = \"SUM(x)\"\nDATA_SOURCE = \"events\"\n\
         statistics = { sum = {} }\n",
    )]);
    assert_eq!(weekly(&analysis), ["n.sum"]);
}

#[test]
fn datasets() {
    let tree = Tree::new(&[
        (
            "definitions/fenix.toml",
            "[metrics.m]\nselect_expression = \"SUM(x)\"\ndata_source = \"d\"\nstatistics = { sum = {} }\n\
             [data_sources.d]\nfrom_expression = \"`p.{dataset}.t`\"\ndefault_dataset = \"mobile\"\n\
             [segments.s]\nselect_expression = \"LOGICAL_OR(x)\"\ndata_source = \"p\"\n\
             [segments.data_sources.p]\nfrom_expression = \"`p.{dataset}.s`\"\n",
        ),
        (
            "jetstream/x.toml",
            "[experiment]\nsegments = [\"s\"]\n[metrics]\nweekly = [\"m\"]\n[experiment.exposure_signal]\nname = \"e\"\n\
             data_source = \"d\"\nselect_expression = \"x\"\nfriendly_name = \"\"\ndescription = \"\"\n",
        ),
    ]);
    let mut json = json("x");
    json["appName"] = "fenix".into();
    json["appId"] = "org.mozilla.Firefox".into();
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = configs
        .resolve(&parse(&json))
        .unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(analysis.data_sources["d"].from.sql, "`p.org_mozilla_firefox.t`");
    assert_eq!(
        analysis.experiment.segments[0].data_source.from.sql,
        "`p.org_mozilla_firefox.s`"
    );
    let signal = analysis.experiment.exposure_signal.expect("the config has a signal");
    assert_eq!(signal.from.sql, "`p.mobile.t`");
}

#[test]
fn segment_windows() {
    let tree = Tree::new(&[(
        "jetstream/x.toml",
        "[experiment]\nsegments = [\"s\"]\n[segments.s]\nselect_expression = \"LOGICAL_OR(x)\"\ndata_source = \"d\"\n\
         [segments.data_sources.d]\nfrom_expression = \"t\"\nwindow_start = 0\nwindow_end = -1\n",
    )]);
    let said = tree.faults("x");
    assert!(
        said.contains("E0215") && said.contains("starts on day 0, after its end on day -1"),
        "{said}"
    );
}

#[test]
fn unset_values_in_templates() {
    let query = "[experiment]\nenrollment_query = \"SELECT '{{experiment.end_date_str}}' AS analysis_id\"\n";
    let tree = Tree::new(&[("jetstream/x.toml", query)]);
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = configs
        .resolve(&nimbus("x"))
        .unwrap_or_else(|faults| panic!("{faults}"));
    let rendered = analysis.experiment.enrollment_query.expect("the config has a query");
    assert_eq!(rendered.sql, "SELECT '2025-03-10' AS analysis_id");
    let mut json = json("x");
    json["endDate"] = serde_json::Value::Null;
    let faults = configs.resolve(&parse(&json)).expect_err("the end date is not known");
    assert!(
        faults
            .to_string()
            .contains("uses `experiment.end_date_str`, which is not defined"),
        "{faults}"
    );
}

#[test]
fn texts_that_are_numbers() {
    let config = "[metrics]\nweekly = [\"m\"]\n[metrics.m]\nselect_expression = 1.50\ndata_source = \"events\"\n\
                  statistics = { sum = {} }\n";
    let tree = Tree::new(&[("jetstream/x.toml", config)]);
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    let analysis = configs
        .resolve(&nimbus("x"))
        .unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(analysis.metrics["m"].select_expression.as_deref(), Some("1.50"));
    assert!(
        configs
            .warnings(&nimbus("x"))
            .to_string()
            .contains("write it in quotes: \"1.50\"")
    );
}

#[test]
fn an_end_date_makes_an_experiment_complete() {
    let mut json = json("x");
    json["endDate"] = "2999-12-31".into();
    let tree = Tree::new(&[]);
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    let complete = |json: &serde_json::Value| {
        let analysis = configs.resolve(&parse(json));
        analysis.map(|analysis| analysis.experiment.is_complete)
    };
    assert_eq!(complete(&json), Ok(true));
    json["endDate"] = serde_json::Value::Null;
    assert_eq!(complete(&json), Ok(false));
}

#[test]
fn names_with_other_characters_are_left_out() {
    let config = "[metrics]\nweekly = [\"my-metric\"]\n[metrics.my-metric]\nselect_expression = \"SUM(x)\"\ndata_source = \"events\"\n\
                  statistics = { sum = {} }\n";
    let tree = Tree::new(&[("jetstream/x.toml", config)]);
    assert!(tree.faults("x").contains("there is no metric `my-metric`"));
    let configs = tree.load().unwrap_or_else(|faults| panic!("{faults}"));
    assert!(
        configs
            .warnings(&nimbus("x"))
            .to_string()
            .contains("names consist of letters, digits and `_`")
    );
}
