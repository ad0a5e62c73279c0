//! Nothing is silent: whatever the data, every branch and every comparison of every statistic ends as a number or as a state with a reason.

use std::collections::BTreeSet;
use std::sync::Arc;

use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::{Comparison, Compat, Estimates, NAMES};
use serde_json::json;

/// Rows of branch, value, covariate, which is also the denominator of ratios; by what is special about them.
fn data() -> Vec<(&'static str, Vec<(&'static str, String, String)>)> {
    let rows = |of: &dyn Fn(usize) -> (&'static str, String, String)| (0..60).map(of).collect::<Vec<_>>();
    let branch = |i: usize| ["control", "a", "b"][i % 3];
    let number = |i: usize| ((i * 37) % 23) as f64 / 4.0 + 1.0;
    let with = |value: &'static str| {
        rows(&|i| {
            let special = if i % 3 == 1 {
                value.to_string()
            } else {
                number(i).to_string()
            };
            (branch(i), special, number(i + 5).to_string())
        })
    };
    let mixed = |value: &'static str| {
        rows(&|i| {
            let special = if i % 7 == 1 {
                value.to_string()
            } else {
                number(i).to_string()
            };
            (branch(i), special, number(i + 5).to_string())
        })
    };
    vec![
        (
            "ordinary",
            rows(&|i| (branch(i), number(i).to_string(), number(i + 5).to_string())),
        ),
        (
            "zeros and ones",
            rows(&|i| (branch(i), (i % 2).to_string(), "1".into())),
        ),
        (
            "one branch",
            rows(&|i| ("control", number(i).to_string(), number(i + 5).to_string())),
        ),
        ("a branch of one unit", {
            let mut rows = rows(&|i| ("control", number(i).to_string(), number(i + 5).to_string()));
            rows.push(("a", "3".into(), "2".into()));
            rows
        }),
        ("all zero", rows(&|i| (branch(i), "0".into(), "0".into()))),
        ("all the same", rows(&|i| (branch(i), "7.3".into(), "7.3".into()))),
        ("a branch of zeros", with("0")),
        ("a branch of nulls", with("")),
        ("a branch of infinities", with("Infinity")),
        ("nulls", mixed("")),
        ("infinities", mixed("Infinity")),
        ("minus infinities", mixed("-Infinity")),
        ("not numbers", mixed("NaN")),
        (
            "negative",
            rows(&|i| (branch(i), (-number(i)).to_string(), (-number(i + 5)).to_string())),
        ),
        (
            "both signs",
            rows(&|i| {
                (
                    branch(i),
                    (number(i) - 3.5).to_string(),
                    (number(i + 5) - 3.5).to_string(),
                )
            }),
        ),
        (
            "tiny",
            rows(&|i| {
                (
                    branch(i),
                    format!("{:e}", number(i) * 1e-310),
                    format!("{:e}", number(i) * 1e-310),
                )
            }),
        ),
        (
            "huge",
            rows(&|i| {
                (
                    branch(i),
                    format!("{:e}", number(i) * 1e300),
                    format!("{:e}", number(i + 5) * 1e300),
                )
            }),
        ),
        (
            "far from zero",
            rows(&|i| {
                (
                    branch(i),
                    format!("{}", 1e12 + number(i)),
                    format!("{}", 1e12 + number(i + 5)),
                )
            }),
        ),
        (
            "no covariates",
            rows(&|i| (branch(i), number(i).to_string(), String::new())),
        ),
        ("nothing", Vec::new()),
    ]
}

fn estimate(extract: &Extract, statistic: &str, compat: Compat) -> Estimates {
    let params = match statistic {
        "population_ratio" | "ratio" | "sequential_ratio" => json!({"numerator": "v", "denominator": "v_pre"}),
        "linear_model_mean" | "sequential_mean" => json!({"covariate_adjustment": {"period": "preenrollment_week"}}),
        _ => json!({}),
    };
    let text = json!({
        "metric": "v", "statistic": statistic, "params": params, "pre_treatments": [], "analysis_period": "week",
        "experiment": {"branches": ["control", "a", "b"]},
        "column_types": {"branch": "STRING", "v": "FLOAT64", "v_pre": "FLOAT64"}
    });
    let source = Source {
        path: "request.json".into(),
        text: text.to_string(),
    };
    let request = extract::parse(&Arc::new(source)).unwrap_or_else(|faults| panic!("{faults}"));
    extract
        .estimate(&request, compat)
        .unwrap_or_else(|faults| panic!("{statistic}: {faults}"))
}

/// The places without a number and without a reason.
fn silent(statistic: &str, branches: &BTreeSet<&str>, estimates: &Estimates) -> Vec<String> {
    let has_reason = |names: &[&str]| {
        estimates.states.iter().any(|state| {
            let concerned = state.branch.as_deref().is_none_or(|branch| names.contains(&branch));
            concerned && !state.state.is_remark()
        })
    };
    let number = |branch: &str, comparison: Option<Comparison>, reference: Option<&str>, has_bounds: bool| {
        estimates.rows.iter().any(|row| {
            (row.branch == branch && row.comparison == comparison && row.comparison_to_branch.as_deref() == reference)
                && row.point.is_some()
                && (!has_bounds || (row.lower.is_some() && row.upper.is_some()))
        })
    };
    let has_bounds = !["count", "sum", "empirical_cdf", "kernel_density_estimate"].contains(&statistic);
    let mut silent = Vec::new();
    if branches.is_empty() && !has_reason(&[]) {
        silent.push("no data".to_string());
    }
    for branch in branches {
        if statistic != "per_client_dau_impact" && !number(branch, None, None, has_bounds) && !has_reason(&[branch]) {
            silent.push(branch.to_string());
        }
        for reference in branches.iter().filter(|reference| *reference != branch && has_bounds) {
            for comparison in [Comparison::Difference, Comparison::RelativeUplift] {
                if !number(branch, Some(comparison), Some(reference), true) && !has_reason(&[branch, reference]) {
                    silent.push(format!("{comparison:?} of {branch} and {reference}"));
                }
            }
        }
    }
    silent
}

fn check(compat: Compat) {
    let folder = tempfile::tempdir().expect("a folder");
    let types = ["branch", "v", "v_pre"].into_iter().zip([
        isobar::sql::types::Type::String,
        isobar::sql::types::Type::Float64,
        isobar::sql::types::Type::Float64,
    ]);
    let types = types.map(|(name, kind)| (name.to_string(), kind)).collect();
    let mut failures = Vec::new();
    for (special, rows) in data() {
        let file = folder.path().join("data.csv");
        let mut text = String::from("branch,v,v_pre\n");
        for (branch, value, covariate) in &rows {
            text.push_str(&format!("{branch},{value},{covariate}\n"));
        }
        std::fs::write(&file, text).expect("the file is writable");
        let extract = Extract::load(&file, &types).unwrap_or_else(|faults| panic!("{faults}"));
        let branches: BTreeSet<&str> = rows.iter().map(|(branch, _, _)| *branch).collect();
        for statistic in NAMES {
            let estimates = estimate(&extract, statistic, compat);
            for row in &estimates.rows {
                let numbers = [row.point, row.lower, row.upper];
                assert!(
                    numbers.into_iter().flatten().all(f64::is_finite),
                    "{special}, {statistic}"
                );
                if let [Some(point), Some(lower), Some(upper)] = numbers {
                    assert!(
                        lower <= upper,
                        "{special}, {statistic}: {lower} above {upper} around {point}"
                    );
                }
            }
            let silent = silent(statistic, &branches, &estimates);
            if !silent.is_empty() {
                failures.push(format!("{special}, {statistic}: {}", silent.join("; ")));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_default_mode_gives_a_number_or_a_reason() {
    check(Compat::None);
}

/// The reference leaves out bounds of other widths than 0.95 and 0.99 and rows of references that raise; states say so.
#[test]
fn the_compat_mode_gives_a_number_or_a_reason() {
    check(Compat::Jetstream);
}
