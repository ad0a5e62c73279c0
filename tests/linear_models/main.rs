//! The linear models of the default mode against statsmodels' HC2 and scipy's Welch intervals (`generate.py`).

use std::sync::Arc;

use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::{Comparison, Compat};
use serde_json::{Value, json};

/// The largest error in units of 1e-9 of the numbers' size.
fn check(case: &Value, which: &str) -> f64 {
    let kind = &case["type"];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data.csv");
    let list = |name: &str| case[name].as_array().expect("a list").clone();
    let cell = |value: &Value| {
        if value.is_null() {
            String::new()
        } else {
            value.to_string()
        }
    };
    let mut text = String::from("branch,y,y_pre\n");
    for ((branch, y), x) in list("branch").iter().zip(list("y")).zip(list("x")) {
        let branch = branch.as_str().expect("a branch");
        text.push_str(&format!("{branch},{},{}\n", cell(&y), cell(&x)));
    }
    std::fs::write(&file, text).expect("the file is writable");
    let mut params = json!({"drop_highest": case["drop_highest"]});
    if which == "adjusted" {
        params["covariate_adjustment"] = json!({"period": "preenrollment_week"});
    }
    let request = json!({
        "metric": "y", "statistic": "linear_model_mean", "params": params, "pre_treatments": [], "analysis_period": "week",
        "experiment": {"branches": ["control", "a", "b"]}, "column_types": {"branch": "STRING", "y": kind, "y_pre": kind}
    });
    let source = Source {
        path: "request.json".into(),
        text: request.to_string(),
    };
    let request = extract::parse(&Arc::new(source)).unwrap_or_else(|faults| panic!("{faults}"));
    let extract = Extract::load(&file, &request.column_types).unwrap_or_else(|faults| panic!("{faults}"));
    let estimates = extract
        .estimate(&request, Compat::None)
        .unwrap_or_else(|faults| panic!("{faults}"));
    let mut worst: f64 = 0.0;
    for want in list(which) {
        let row = estimates
            .rows
            .iter()
            .find(|row| {
                Some(row.branch.as_str()) == want[0].as_str()
                    && row.comparison.map(Comparison::as_str) == want[1].as_str()
                    && row.comparison_to_branch.as_deref() == want[2].as_str()
            })
            .unwrap_or_else(|| panic!("{}: no row {want}", case["name"]));
        for (got, want) in [row.point, row.lower, row.upper]
            .into_iter()
            .zip(&want.as_array().expect("a row")[3..])
        {
            let (got, want) = (got.expect("a number"), want.as_f64().expect("a number"));
            worst = worst.max((got - want).abs() / (1e-9 * want.abs()));
        }
    }
    worst
}

#[test]
fn linear_models_match_statsmodels_and_scipy() {
    let cases: Value = serde_json::from_str(include_str!("expected.json")).expect("the file is JSON");
    for case in cases.as_array().expect("a list") {
        for which in ["plain", "adjusted"] {
            let worst = check(case, which);
            println!("{} {which}: worst error {worst:.5} of 1e-9", case["name"]);
            assert!(worst < 1.0, "{} {which}: {worst} of 1e-9", case["name"]);
        }
    }
}
