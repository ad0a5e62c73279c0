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

/// An end at exactly 0 is 0, not the rounding of a search beside it: whether the interval holds 0 is what people ask.
#[test]
fn equal_quantiles_have_a_difference_of_zero() {
    let values: Vec<f64> = (0..30).map(|i| f64::from((i - 20).max(0)) * 1.1).collect();
    let estimates = of_values(
        &[("a", &values), ("b", &values)],
        "quantiles",
        json!({"quantiles": [0.5]}),
    );
    let [point, lower, upper] = numbers(&estimates, "b", Some("difference"), Some("0.5"));
    assert_eq!(point, Some(0.0));
    assert!(lower <= Some(0.0) && upper >= Some(0.0), "{lower:?} {upper:?}");
}

#[test]
fn winsorized_means_say_why_they_have_no_interval() {
    let one = of_values(&[("a", &[1.0]), ("b", &[2.0, 3.0, 4.0])], "winsorized_mean", json!({}));
    assert!(states(&one).contains(&"too few units"));
    assert_eq!(numbers(&one, "a", None, None)[1], None);
    let same = of_values(&[("a", &[0.1; 30]), ("b", &[0.1; 40])], "winsorized_mean", json!({}));
    assert!(states(&same).contains(&"no variation"));
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

/// Columns of a ratio with values before enrollment; branches by turns.
fn clicks(units: usize, before: impl Fn(usize) -> (Value, Value)) -> Value {
    let column = |of: &dyn Fn(usize) -> Value| (0..units).map(of).collect::<Vec<_>>();
    json!({
        "branch": column(&|i| json!(["a", "b"][i % 2])),
        "num": column(&|i| json!((i * 37 % 101) as f64 + 1.0)),
        "den": column(&|i| json!((i * 53 % 17) as f64 + 5.0)),
        "num_pre": column(&|i| before(i).0),
        "den_pre": column(&|i| before(i).1),
    })
}

fn ratio_request(statistic: &str) -> Value {
    json!({"metric": "clicks_per_search", "statistic": statistic, "pre_treatments": [], "params": {
        "numerator": "num", "denominator": "den", "covariate_adjustment": {"period": "preenrollment_week"},
    }})
}

#[test]
fn ratios_say_what_the_covariate_did() {
    let of = |columns: &Value| estimate(columns, &ratio_request("ratio"), Compat::None);
    let reasons = |estimates: &Estimates| {
        estimates
            .states
            .iter()
            .map(|state| state.state.to_string())
            .collect::<Vec<_>>()
    };
    // The same ratio before enrollment removes all of the variance.
    let same = clicks(100, |i| {
        (json!((i * 37 % 101) as f64 + 1.0), json!((i * 53 % 17) as f64 + 5.0))
    });
    let adjusted = of(&same);
    let removed = reasons(&adjusted);
    assert!(
        removed
            .iter()
            .any(|reason| reason.starts_with("adjusted: the covariate removed 100.0 %")),
        "{removed:?}"
    );
    let constant = of(&clicks(100, |_| (json!(2.0), json!(0.1))));
    assert_eq!(states(&constant), ["constant covariate"]);
    let nothing = of(&clicks(100, |_| (Value::Null, Value::Null)));
    assert_eq!(states(&nothing), ["constant covariate"]);
    let mut missing = same.clone();
    missing.as_object_mut().expect("columns").remove("den_pre");
    let missing = of(&missing);
    assert_eq!(states(&missing), ["covariate missing"]);
    for kind in [None, Some("difference"), Some("relative_uplift")] {
        assert_eq!(numbers(&constant, "a", kind, None), numbers(&missing, "a", kind, None));
        assert_eq!(numbers(&nothing, "a", kind, None), numbers(&missing, "a", kind, None));
        let (with, without) = (numbers(&adjusted, "a", kind, None), numbers(&missing, "a", kind, None));
        assert_eq!(kind.is_none(), with == without, "{kind:?}");
    }
}

#[test]
fn ratios_do_not_hide_what_they_lack() {
    let with = |num: Value, den: Value| {
        let columns = json!({"branch": ["a", "a", "a", "b", "b", "b"], "num": num, "den": den});
        let request = json!({"metric": "r", "statistic": "ratio", "pre_treatments": [], "params": {"numerator": "num", "denominator": "den"}});
        estimate(&columns, &request, Compat::None)
    };
    let zero = with(json!([1, 2, 3, 1, 2, 3]), json!([0, 0, 0, 1, 2, 4]));
    assert!(states(&zero).contains(&"not finite"));
    assert_eq!(numbers(&zero, "a", None, None), [None; 3]);
    assert!(numbers(&zero, "b", None, None).iter().all(Option::is_some));
    let infinite = with(json!([1, "Infinity", 3, 1, 2, 3]), json!([1, 1, 2, 1, 2, 4]));
    assert_eq!(numbers(&infinite, "a", None, None), [None; 3]);
    let huge = with(json!([1, 1e200, 3, 1, 2, 3]), json!([1, 1, 2, 1, 2, 4]));
    assert_eq!(numbers(&huge, "a", None, None), [None; 3]);
    let proportional = with(json!([1, 2, 3, 2, 4, 6]), json!([1, 2, 3, 2, 4, 6]));
    assert!(states(&proportional).contains(&"no variation"));
    let none = with(json!([null, null, null, 2, 4, 7]), json!([1, 2, 3, 2, 4, 6]));
    assert!(
        none.rows
            .iter()
            .all(|row| row.branch == "b" && row.comparison.is_none())
    );
    assert!(states(&none).contains(&"no values"));
    let one = with(json!([null, null, 1, 2, 4, 7]), json!([1, 2, 3, 2, 4, 6]));
    assert!(states(&one).contains(&"too few units"));
    let columns = json!({"branch": ["a", "b"], "num": [1, 1]});
    let request = json!({"metric": "r", "statistic": "ratio", "pre_treatments": [], "params": {"numerator": "num", "denominator": "den"}});
    let missing = estimate(&columns, &request, Compat::None);
    assert_eq!((missing.rows.len(), states(&missing)), (0, vec!["metric missing"]));
}

#[test]
fn sequential_intervals_are_wider_and_have_the_same_points() {
    let columns = clicks(200, |i| (json!(i % 7), json!(i % 5 + 1)));
    let once = estimate(&columns, &ratio_request("ratio"), Compat::None);
    let always = estimate(&columns, &ratio_request("sequential_ratio"), Compat::None);
    for kind in [None, Some("difference"), Some("relative_uplift")] {
        let (once, always) = (numbers(&once, "b", kind, None), numbers(&always, "b", kind, None));
        assert_eq!(once[0], always[0]);
        assert!(always[1] < once[1] && once[2] < always[2], "{once:?} {always:?}");
    }
}

#[test]
fn faults_of_parameters_are_told() {
    for (statistic, params, treatments, words) in [
        (
            "quantiles",
            json!({"quantiles": [0.5, 1.0]}),
            json!([]),
            "quantiles of statistic quantiles must be a list of different numbers between 0 and 1",
        ),
        (
            "quantiles",
            json!({"quantiles": [0.5, 0.5]}),
            json!([]),
            "must be a list of different numbers",
        ),
        (
            "quantiles",
            json!({"quantiles": []}),
            json!([]),
            "must be a list of different numbers",
        ),
        (
            "quantiles",
            json!({"quantile": [0.5]}),
            json!([]),
            "a parameter of statistic quantiles with a similar name exists: quantiles",
        ),
        (
            "winsorized_mean",
            json!({"lowest": 0.5, "highest": 0.5}),
            json!([]),
            "must add up to less than 1",
        ),
        (
            "winsorized_mean",
            json!({"lowest": -0.5}),
            json!([]),
            "a number from 0 to 1",
        ),
        (
            "ratio",
            json!({"numerator": "a"}),
            json!([]),
            "needs the parameter denominator",
        ),
        (
            "ratio",
            json!({"numerator": "a", "denominator": "b", "tuned_for": 5}),
            json!([]),
            "unknown parameter of statistic ratio \"tuned_for\"",
        ),
        (
            "sequential_ratio",
            json!({"numerator": "a", "denominator": "b", "tuned_for": 0}),
            json!([]),
            "a whole number from 1",
        ),
        (
            "ratio",
            json!({"numerator": "a", "denominator": "b", "covariate_adjustment": {"metric": "c", "period": "preenrollment_week"}}),
            json!([]),
            "has no metric",
        ),
        (
            "ratio",
            json!({"numerator": "a", "denominator": "b"}),
            json!(["zero_fill"]),
            "takes no pre-treatments",
        ),
    ] {
        let request = json!({"metric": "v", "statistic": statistic, "params": params, "pre_treatments": treatments, "experiment": {"branches": ["a", "b"]}});
        let source = Arc::new(Source {
            path: "request.json".into(),
            text: request.to_string(),
        });
        let faults = extract::parse(&source)
            .err()
            .unwrap_or_else(|| panic!("{request} is taken"));
        assert!(faults.to_string().contains(words), "{request}: {faults}");
    }
}
