//! Statistics beyond the reference against independent numbers (`cases.json`, written by `generate.py`), their symmetries, and what they say of
//! data that they can't use. Data goes in as a CSV file, as it does in `isobar stats`.

use std::sync::Arc;

use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::{Compat, Estimates};
use serde_json::{Value, json};

/// The estimates of a request over columns of numbers.
fn estimate(columns: &Value, request: &Value, compat: Compat) -> Estimates {
    let columns = columns.as_object().expect("columns");
    let rows = columns["branch"].as_array().expect("labels").len();
    let mut text = columns.keys().cloned().collect::<Vec<_>>().join(",");
    let mut types = serde_json::Map::new();
    for name in columns.keys() {
        let kind = if name == "branch" { "STRING" } else { "FLOAT64" };
        types.insert(name.clone(), json!(kind));
    }
    for row in 0..rows {
        let cells = columns.values().map(|column| match &column[row] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            number => number.to_string(),
        });
        text.push('\n');
        text.push_str(&cells.collect::<Vec<_>>().join(","));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data.csv");
    std::fs::write(&file, text + "\n").expect("the file is writable");
    let request = json!({
        "metric": request["metric"], "statistic": request["statistic"], "params": request["params"],
        "pre_treatments": request["pre_treatments"], "analysis_period": "week",
        "experiment": {"branches": ["a", "b"]}, "column_types": types,
    });
    let source = Arc::new(Source {
        path: "request.json".into(),
        text: request.to_string(),
    });
    let request = extract::parse(&source).unwrap_or_else(|faults| panic!("{faults}"));
    let extract = Extract::load(&file, &request.column_types).unwrap_or_else(|faults| panic!("{faults}"));
    extract
        .estimate(&request, compat)
        .unwrap_or_else(|faults| panic!("{faults}"))
}

/// The estimates of one metric `v` with values by branch.
fn of_values(branches: &[(&str, &[f64])], statistic: &str, params: Value) -> Estimates {
    let labels: Vec<&str> = branches
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |_| *name))
        .collect();
    let values: Vec<Value> = branches
        .iter()
        .flat_map(|(_, values)| {
            values.iter().map(|value| match value.is_finite() {
                true => json!(value),
                false => json!(format!("{value}")),
            })
        })
        .collect();
    let request = json!({"metric": "v", "statistic": statistic, "params": params, "pre_treatments": []});
    estimate(&json!({"branch": labels, "v": values}), &request, Compat::None)
}

/// The numbers of one row.
fn numbers(estimates: &Estimates, branch: &str, comparison: Option<&str>, parameter: Option<&str>) -> [Option<f64>; 3] {
    let found = estimates.rows.iter().find(|row| {
        row.branch == branch
            && row.comparison.map(|kind| kind.as_str()) == comparison
            && row.parameter.as_deref() == parameter
    });
    let row = found.unwrap_or_else(|| panic!("no row for {branch}, {comparison:?}, {parameter:?}"));
    [row.point, row.lower, row.upper]
}

fn states(estimates: &Estimates) -> Vec<&str> {
    estimates.states.iter().map(|state| state.state.as_str()).collect()
}

fn is_close(actual: Option<f64>, expected: Option<f64>) -> bool {
    match (actual, expected) {
        (Some(actual), Some(expected)) => (actual - expected).abs() <= 1e-9 * (1.0 + expected.abs()),
        (actual, expected) => actual == expected,
    }
}

#[test]
fn numbers_are_those_of_independent_programs() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("cases.json")).expect("JSON");
    assert!(!cases.is_empty());
    for case in &cases {
        for compat in [Compat::None, Compat::Jetstream] {
            let estimates = estimate(&case["columns"], case, compat);
            let rows = case["rows"].as_array().expect("rows");
            assert_eq!(estimates.rows.len(), rows.len(), "{}", case["name"]);
            for row in rows {
                let text = |key: &str| row[key].as_str();
                let actual = numbers(
                    &estimates,
                    text("branch").expect("a branch"),
                    text("comparison"),
                    text("parameter"),
                );
                let expected = ["point", "lower", "upper"].map(|key| row[key].as_f64());
                let agree = actual
                    .iter()
                    .zip(expected)
                    .all(|(actual, expected)| is_close(*actual, expected));
                assert!(agree, "{}: {actual:?} instead of {row}", case["name"]);
            }
        }
    }
}

#[test]
fn swapping_the_branches_mirrors_the_comparisons() {
    let (x, y): (Vec<f64>, Vec<f64>) = (
        (0..60).map(|i| f64::from(i * 37 % 101) + 1.0).collect(),
        (0..45).map(|i| f64::from(i * 53 % 89) * 1.5 + 1.0).collect(),
    );
    for (statistic, parameter) in [("quantiles", Some("0.9")), ("winsorized_mean", None)] {
        let estimates = of_values(&[("a", &x), ("b", &y)], statistic, json!({}));
        let there = numbers(&estimates, "a", Some("difference"), parameter);
        let back = numbers(&estimates, "b", Some("difference"), parameter);
        assert!(
            is_close(there[1], back[2].map(|end| -end)),
            "{statistic}: {there:?} {back:?}"
        );
        let there = numbers(&estimates, "a", Some("relative_uplift"), parameter);
        let back = numbers(&estimates, "b", Some("relative_uplift"), parameter);
        assert!(
            is_close(there[1], back[2].map(|end| 1.0 / (1.0 + end) - 1.0)),
            "{statistic}: {there:?} {back:?}"
        );
    }
}

#[test]
fn quantiles_say_what_they_can_not_bound() {
    let one = of_values(
        &[("a", &[1.0]), ("b", &[2.0])],
        "quantiles",
        json!({"quantiles": [0.5]}),
    );
    assert_eq!(numbers(&one, "a", None, Some("0.5")), [Some(1.0), None, None]);
    assert_eq!(
        numbers(&one, "b", Some("difference"), Some("0.5")),
        [Some(1.0), None, None]
    );
    assert!(states(&one).contains(&"too few units for the quantile"));
    // An infinite value bounds nothing, and leaves the other end alone.
    let values: Vec<f64> = (1..=9).map(f64::from).chain([f64::INFINITY]).collect();
    let infinite = of_values(
        &[("a", &values), ("b", &values[..9])],
        "quantiles",
        json!({"quantiles": [0.5, 0.8]}),
    );
    assert_eq!(numbers(&infinite, "a", None, Some("0.8"))[2], None);
    assert!(numbers(&infinite, "a", None, Some("0.8"))[1].is_some());
    assert!(numbers(&infinite, "a", None, Some("0.5")).iter().all(Option::is_some));
    // A zero reference has no relative uplift.
    let zero = of_values(
        &[("a", &[0.0; 20]), ("b", &[1.0; 20])],
        "quantiles",
        json!({"quantiles": [0.5]}),
    );
    assert_eq!(numbers(&zero, "b", Some("relative_uplift"), Some("0.5")), [None; 3]);
    assert_eq!(
        numbers(&zero, "a", Some("relative_uplift"), Some("0.5")),
        [Some(-1.0), None, None]
    );
    assert_eq!(numbers(&zero, "b", Some("difference"), Some("0.5")), [Some(1.0); 3]);
    assert!(states(&zero).contains(&"undefined ratio"));
}

#[test]
fn winsorized_means_say_why_they_have_no_interval() {
    let one = of_values(&[("a", &[1.0]), ("b", &[2.0, 3.0, 4.0])], "winsorized_mean", json!({}));
    assert!(states(&one).contains(&"too few units"));
    assert_eq!(numbers(&one, "a", None, None)[1], None);
    let same = of_values(&[("a", &[0.1; 30]), ("b", &[0.1; 40])], "winsorized_mean", json!({}));
    assert!(states(&same).contains(&"no spread"));
    assert_eq!(numbers(&same, "b", Some("difference"), None), [Some(0.0), None, None]);
    let infinite = of_values(
        &[("a", &[1.0, f64::INFINITY]), ("b", &[2.0, 3.0])],
        "winsorized_mean",
        json!({"highest": 0.0}),
    );
    assert_eq!((infinite.rows.len(), states(&infinite)), (0, vec!["not finite"]));
    // A large mean costs no digits.
    let values = |shift: f64| [1.0, 2.5, 4.0, 8.0].map(|value| value + shift);
    let params = json!({"lowest": 0.2, "highest": 0.2});
    let near = of_values(
        &[("a", &values(0.0)), ("b", &values(1.0))],
        "winsorized_mean",
        params.clone(),
    );
    let far = of_values(
        &[("a", &values(1e12)), ("b", &values(1e12 + 1.0))],
        "winsorized_mean",
        params,
    );
    let ends = |estimates: &Estimates| numbers(estimates, "b", Some("difference"), None);
    for (near, far) in ends(&near).into_iter().zip(ends(&far)) {
        assert!(
            (near.expect("a number") - far.expect("a number")).abs() < 1e-3,
            "{near:?} {far:?}"
        );
    }
}
