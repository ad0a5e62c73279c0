//! Texts that nobody would write: whatever stands in a file, the answer is an analysis or located faults, never a panic.

use std::sync::Arc;

use isobar::analysis::{Period, json, refusal};
use isobar::diagnostics::Source;
use isobar::{experiment, schedule};
use proptest::prelude::*;

use crate::tree::{DEFINITIONS, Tree, json, nimbus};

/// A config that uses most of the grammar.
const CONFIG: &str = r#"
[experiment]
enrollment_query = """SELECT '{{experiment.start_date_str}}' AS analysis_id"""
enrollment_period = 7
start_date = 2025-01-06
segments = ["new_users"]
sample_size = "20"
[experiment.exposure_signal]
name = "e"
data_source = "events"
select_expression = "x > 0"
friendly_name = "f"
description = "d"
window_start = 0
window_end = "analysis_window_end"
[metrics]
weekly = ["clicks", "r", "m"]
28_day = ["searches"]
[metrics.m]
select_expression = """
    {{agg_sum("x /* \u00fc */")}} + '{{ parameters.p }}'
"""
data_source = 'd'
owner = ["a", "b"]
statistics = { sum = {}, mean = { drop = 0.5, pre_treatments = ["remove_nulls", {name = "log", base = 2}] } }
[metrics.clicks.statistics.sum]
[metrics.r]
depends_on = ["clicks"]
statistics.population_ratio = { numerator = "clicks" }
[data_sources.d]
from_expression = '''
(SELECT * FROM `p.{dataset}.t` WHERE a = '{{experiment.normandy_slug}}')
'''
default_dataset = "d"
[parameters.p]
value = "v"
"#;

/// A text with a few of its pieces cut out, doubled or replaced.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}\"'=,.#\\\\\n -]{1,3}",
        "[0-9]{1,20}",
        "(true|false|-|\u{fc}|\\{\\{|\\}\\}|\"\"\"|'''|SELECT|\\(|\\)|--|/\\*|nan|inf)",
    ];
    let edit = (0..text.len(), 0..12_usize, piece);
    prop::collection::vec(edit, 1..4).prop_map(move |edits| {
        let mut text = text.to_string();
        for (at, length, piece) in edits {
            let boundary = |at: usize| (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at));
            let start = boundary(at).unwrap_or(text.len());
            let end = boundary(start + length).unwrap_or(text.len());
            text.replace_range(start..end, &piece);
        }
        text
    })
}

#[test]
fn the_config_is_valid() {
    let tree = Tree::new(&[("jetstream/x.toml", CONFIG)]);
    tree.resolve("x")
        .unwrap_or_else(|faults| panic!("{}", tree.text(&faults)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn configs(config in mutated(CONFIG), definitions in prop_oneof![2 => Just(DEFINITIONS.to_string()), 1 => mutated(DEFINITIONS)]) {
        let tree = Tree::new(&[("jetstream/x.toml", &config), ("definitions/firefox_desktop.toml", &definitions)]);
        match tree.load() {
            Err(faults) => prop_assert!(faults.has_errors() && !faults.to_string().is_empty()),
            Ok(configs) => match configs.resolve(&nimbus("x")) {
                Err(faults) => prop_assert!(faults.has_errors() && !faults.to_string().is_empty()),
                Ok(analysis) => {
                    let _ = json::to_json(&analysis);
                    let start = analysis.experiment.start_date.expect("the experiment has a start date");
                    let _ = refusal(&analysis.experiment, start);
                    let _ = schedule::due(&analysis.experiment, start, &Period::ALL);
                }
            },
        }
    }

    #[test]
    fn experiments(edits in prop::collection::vec((0..400_usize, 0..6_usize, "[\\[\\]{}\":,\\\\u0-9a-z\u{fc} ]{0,3}"), 1..4)) {
        let mut text = json("x").to_string();
        for (at, length, piece) in edits {
            let at = at.min(text.len());
            let boundary = |at: usize| (at.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at));
            let start = boundary(at).unwrap_or(text.len());
            let end = boundary(start + length).unwrap_or(text.len());
            text.replace_range(start..end, &piece);
        }
        let source = Arc::new(Source { path: "experiment.json".to_string(), text });
        match experiment::parse(&source) {
            Err(faults) => prop_assert!(!faults.to_string().is_empty()),
            Ok(read) => for experiment in read {
                if let Err(faults) = experiment {
                    prop_assert!(faults.has_errors() && !faults.to_string().is_empty());
                }
            },
        }
    }
}
