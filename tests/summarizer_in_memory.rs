//! The summariser of simulations against the summary statements on the embedded engine: every statistic has the same rows from both.

#[path = "support/summarizer.rs"]
mod summarizer;

use std::sync::Arc;

use isobar::analysis::{Basis, Period};
use isobar::demo::random::{Purpose, Stream, unit_key};
use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::{Compat, Context};
use serde_json::{Value, json};
use summarizer::{Sample, Unit};

/// Two branches with ties, zeros, a heavy tail, and a fifth of the units without values before enrollment.
fn samples() -> Vec<Sample> {
    let of_branch = |branch: u64, units: usize| {
        let mut stream = Stream::new(unit_key(1, 2, 3), Purpose::Traits, branch);
        let mut unit = || {
            let level = stream.normal();
            let value = (10.0 * (level + 0.5 * stream.normal()).exp()).floor();
            let before = [
                (8.0 * (level + stream.normal()).exp()).floor(),
                1.0 + (3.0 * stream.uniform()).floor(),
            ];
            Unit {
                value,
                denominator: 1.0 + (5.0 * stream.uniform()).floor(),
                before: stream.chance(0.8).then_some(before),
            }
        };
        (0..units).map(|_| unit()).collect()
    };
    vec![("a", of_branch(0, 500)), ("b", of_branch(1, 300))]
}

fn load(samples: &[Sample]) -> Extract {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data.csv");
    let mut text = "branch,v,d,v_pre,d_pre\n".to_string();
    for (branch, unit) in samples
        .iter()
        .flat_map(|(branch, units)| units.iter().map(move |unit| (branch, unit)))
    {
        let [v, d] = unit.before.map_or([const { String::new() }; 2], |before| {
            before.map(|value| value.to_string())
        });
        text.push_str(&format!("{branch},{},{},{v},{d}\n", unit.value, unit.denominator));
    }
    std::fs::write(&file, text).expect("the file is writable");
    Extract::load(&file, &parsed("count", &json!({})).column_types).unwrap_or_else(|faults| panic!("{faults}"))
}

fn parsed(statistic: &str, params: &Value) -> extract::Request {
    let request = json!({
        "metric": "v", "statistic": statistic, "params": params, "analysis_period": "overall",
        "experiment": {"branches": ["a", "b"]},
        "column_types": {"branch": "STRING", "v": "FLOAT64", "d": "FLOAT64", "v_pre": "FLOAT64", "d_pre": "FLOAT64"},
    });
    let source = Arc::new(Source {
        path: "request.json".into(),
        text: request.to_string(),
    });
    extract::parse(&source).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn every_statistic_has_the_same_rows_from_both() {
    let samples = samples();
    let extract = load(&samples);
    let before = json!({"period": "preenrollment_days28"});
    let ratio = json!({"numerator": "v", "denominator": "d"});
    let mut adjusted = ratio.clone();
    adjusted["covariate_adjustment"] = before.clone();
    for (statistic, params) in [
        ("count", json!({})),
        ("sum", json!({})),
        ("linear_model_mean", json!({})),
        (
            "linear_model_mean",
            json!({"drop_highest": 0.1, "covariate_adjustment": before}),
        ),
        ("linear_model_mean_no_clip", json!({"covariate_adjustment": before})),
        ("sequential_mean", json!({})),
        ("deciles", json!({})),
        ("quantiles", json!({})),
        ("winsorized_mean", json!({"lowest": 0.1})),
        ("bootstrap_mean", json!({})),
        ("empirical_cdf", json!({})),
        ("population_ratio", ratio.clone()),
        ("ratio", ratio),
        ("ratio", adjusted.clone()),
        ("sequential_ratio", adjusted),
    ] {
        let request = parsed(statistic, &params);
        let context = Context {
            period: Period::Overall,
            days: 1,
            basis: Basis::Enrollments,
            window_index: None,
            branches: &request.branches,
            compat: Compat::None,
        };
        let summaries = summarizer::summarize(&request.statistics[0].cell(&context), &samples);
        let ours = request.statistics[0].estimate(&summaries, &context);
        let theirs = extract
            .estimate(&request, Compat::None)
            .unwrap_or_else(|faults| panic!("{faults}"));
        assert_eq!(ours.states.len(), theirs.states.len(), "{statistic}");
        assert!(!ours.rows.is_empty());
        assert_eq!(ours.rows.len(), theirs.rows.len(), "{statistic}");
        for (one, other) in ours.rows.iter().zip(&theirs.rows) {
            assert_eq!(
                (&one.branch, one.comparison, &one.parameter),
                (&other.branch, other.comparison, &other.parameter)
            );
            for (x, y) in [
                (one.point, other.point),
                (one.lower, other.lower),
                (one.upper, other.upper),
            ] {
                let is_close = match (x, y) {
                    (Some(x), Some(y)) => (x - y).abs() <= 1e-9 * (1.0 + y.abs()),
                    (x, y) => x == y,
                };
                assert!(is_close, "{statistic} {params}: {one:?} instead of {other:?}");
            }
        }
    }
}

/// More distinct values than are read one by one: the statement gives buckets, the summariser the values.
#[test]
fn quantiles_and_winsorised_means_of_buckets_are_those_of_values() {
    let of_branch = |branch: u64, units: usize| {
        let mut stream = Stream::new(unit_key(1, 2, 4), Purpose::Traits, branch);
        let unit = |value: f64| Unit {
            value,
            ..Unit::default()
        };
        (0..units).map(|_| unit(stream.lognormal(0.0, 1.0))).collect()
    };
    let samples: Vec<Sample> = vec![("a", of_branch(0, 90_000)), ("b", of_branch(1, 70_000))];
    let extract = load(&samples);
    for (statistic, params) in [
        ("quantiles", json!({"quantiles": [0.1, 0.5, 0.99]})),
        ("winsorized_mean", json!({"lowest": 0.01, "highest": 0.02})),
    ] {
        let request = parsed(statistic, &params);
        let context = Context {
            period: Period::Overall,
            days: 1,
            basis: Basis::Enrollments,
            window_index: None,
            branches: &request.branches,
            compat: Compat::None,
        };
        let summaries = summarizer::summarize(&request.statistics[0].cell(&context), &samples);
        let values = request.statistics[0].estimate(&summaries, &context).rows;
        let buckets = extract
            .estimate(&request, Compat::None)
            .unwrap_or_else(|faults| panic!("{faults}"))
            .rows;
        assert_eq!(values.len(), buckets.len());
        for (value, bucket) in values.iter().zip(&buckets) {
            let numbers =
                |row: &isobar::stats::Row| [row.point, row.lower, row.upper].map(|number| number.expect("a number"));
            let (value, bucket) = (numbers(value), numbers(bucket));
            let width = value[2] - value[1];
            for (x, y) in value.into_iter().zip(bucket) {
                assert!(
                    (x - y).abs() < 0.05 * width,
                    "{statistic}: {bucket:?} instead of {value:?}"
                );
            }
        }
    }
}
