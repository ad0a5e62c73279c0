//! Estimators on small data: independent numbers, properties, degenerate input. Data goes in as a CSV file, as it does in
//! `isobar stats`; the last tests run the binary.

use std::process::Command;
use std::sync::Arc;

use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::{Comparison, Compat, Estimates, Row};

/// The default mode's estimates of a request over rows of `branch,v,v_pre` (types STRING, FLOAT64, FLOAT64).
fn estimate(rows: &[(&str, &str, &str)], statistic: &str, params: &str, treatments: &str) -> Estimates {
    estimate_in(Compat::None, rows, statistic, params, treatments)
}

fn estimate_in(
    compat: Compat,
    rows: &[(&str, &str, &str)],
    statistic: &str,
    params: &str,
    treatments: &str,
) -> Estimates {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data.csv");
    let mut text = String::from("branch,v,v_pre\n");
    for (branch, value, covariate) in rows {
        text.push_str(&format!("{branch},{value},{covariate}\n"));
    }
    std::fs::write(&file, text).expect("the file is writable");
    let request = request(statistic, params, treatments);
    let source = Arc::new(Source {
        path: "request.json".into(),
        text: request,
    });
    let request = extract::parse(&source).unwrap_or_else(|faults| panic!("{faults}"));
    let extract = Extract::load(&file, &request.column_types).unwrap_or_else(|faults| panic!("{faults}"));
    extract
        .estimate(&request, compat)
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn request(statistic: &str, params: &str, treatments: &str) -> String {
    format!(
        r#"{{"metric": "v", "statistic": "{statistic}", "params": {params}, "pre_treatments": {treatments}, "analysis_period": "week",
             "experiment": {{"branches": ["a", "b"]}}, "column_types": {{"branch": "STRING", "v": "FLOAT64", "v_pre": "FLOAT64"}}}}"#
    )
}

fn find<'a>(
    estimates: &'a Estimates,
    branch: &str,
    comparison: Option<Comparison>,
    reference: Option<&str>,
) -> &'a Row {
    let mut rows = estimates.rows.iter();
    rows.find(|row| {
        row.branch == branch && row.comparison == comparison && row.comparison_to_branch.as_deref() == reference
    })
    .unwrap_or_else(|| panic!("no row for {branch}, {comparison:?}, {reference:?}"))
}

fn check(actual: Option<f64>, expected: f64) {
    let actual = actual.expect("a number");
    assert!(
        (actual - expected).abs() <= 1e-12 * (1.0 + expected.abs()),
        "{actual} instead of {expected}"
    );
}

fn states(estimates: &Estimates) -> Vec<&str> {
    estimates.states.iter().map(|state| state.state.as_str()).collect()
}

const SMALL: [(&str, &str, &str); 8] = [
    ("a", "1", "2"),
    ("a", "2", "1"),
    ("a", "4", "5"),
    ("b", "3", "2"),
    ("b", "5", "3"),
    ("b", "10", "8"),
    ("b", "6", ""),
    ("a", "", "3"),
];

/// Numbers from numpy's `lstsq` on the design matrix, with scipy's t quantiles.
#[test]
fn classical_linear_models_match_least_squares() {
    let plain = estimate_in(Compat::Jetstream, &SMALL, "linear_model_mean_no_clip", "{}", "[]");
    let own = find(&plain, "a", None, None);
    check(own.point, 7.0 / 3.0);
    check(own.lower, 7.0 / 3.0 - 4.302652729749462 * (7.0f64 / 3.0 / 3.0).sqrt());
    let difference = find(&plain, "b", Some(Comparison::Difference), Some("a"));
    check(difference.point, 6.0 - 7.0 / 3.0);
    // s^2 = (14/3 + 26) / 5, t(0.975; 5) = 2.5705818356363146
    check(
        difference.upper,
        11.0 / 3.0 + 2.5705818356363146 * (92.0f64 / 15.0 * (1.0 / 3.0 + 1.0 / 4.0)).sqrt(),
    );
    let uplift = find(&plain, "b", Some(Comparison::RelativeUplift), Some("a"));
    check(uplift.point, 18.0 / 7.0 - 1.0);

    let params = r#"{"covariate_adjustment": {"period": "preenrollment_week"}}"#;
    let adjusted = estimate_in(Compat::Jetstream, &SMALL, "linear_model_mean_no_clip", params, "[]");
    // Rows with both: a (1,2) (2,1) (4,5); b (3,2) (5,3) (10,8). Sxx = 26/3 + 62/3, Sxy = 16/3 + 23, Syy = 14/3 + 26.
    let (sxx, sxy, syy) = (88.0 / 3.0, 85.0 / 3.0, 92.0 / 3.0);
    let slope = sxy / sxx;
    let variance = (syy - slope * sxy) / 3.0;
    let (dy, dx) = (6.0 - 7.0 / 3.0, 13.0 / 3.0 - 8.0 / 3.0);
    let half = 3.182446305284263 * f64::sqrt(variance * (2.0 / 3.0 + dx * dx / sxx));
    let difference = find(&adjusted, "b", Some(Comparison::Difference), Some("a"));
    check(difference.point, dy - slope * dx);
    check(difference.lower, dy - slope * dx - half);
}

#[test]
fn the_order_of_rows_and_the_names_of_branches_do_not_matter() {
    let forward = estimate(&SMALL, "linear_model_mean_no_clip", "{}", "[]");
    let mut reversed = SMALL;
    reversed.reverse();
    let backward = estimate(&reversed, "linear_model_mean_no_clip", "{}", "[]");
    let swapped = SMALL.map(|(branch, value, pre)| (if branch == "a" { "b" } else { "a" }, value, pre));
    let swapped = estimate(&swapped, "linear_model_mean_no_clip", "{}", "[]");
    for comparison in [Comparison::Difference, Comparison::RelativeUplift] {
        let row = find(&forward, "b", Some(comparison), Some("a"));
        for other in [
            find(&backward, "b", Some(comparison), Some("a")),
            find(&swapped, "a", Some(comparison), Some("b")),
        ] {
            check(other.point, row.point.expect("a number"));
            check(other.lower, row.lower.expect("a number"));
            check(other.upper, row.upper.expect("a number"));
        }
    }
    let there = find(&forward, "b", Some(Comparison::Difference), Some("a"));
    let back = find(&forward, "a", Some(Comparison::Difference), Some("b"));
    check(back.lower, -there.upper.expect("a number"));
}

#[test]
fn a_large_mean_costs_no_digits() {
    let shift = |value: &str| {
        value
            .parse::<f64>()
            .map_or(String::new(), |value| format!("{}", value + 1e12))
    };
    let texts: Vec<(&str, String, &str)> = SMALL
        .iter()
        .map(|(branch, value, pre)| (*branch, shift(value), *pre))
        .collect();
    let shifted: Vec<(&str, &str, &str)> = texts
        .iter()
        .map(|(branch, value, pre)| (*branch, value.as_str(), *pre))
        .collect();
    let near = estimate(&SMALL, "linear_model_mean_no_clip", "{}", "[]");
    let far = estimate(&shifted, "linear_model_mean_no_clip", "{}", "[]");
    let (near, far) = (
        find(&near, "b", Some(Comparison::Difference), Some("a")),
        find(&far, "b", Some(Comparison::Difference), Some("a")),
    );
    check(far.point, near.point.expect("a number"));
    check(far.lower, near.lower.expect("a number"));
}

const ADJUSTED: &str = r#"{"covariate_adjustment": {"period": "preenrollment_week"}}"#;

#[test]
fn adjusted_estimates_say_what_the_covariate_did() {
    let adjusted = estimate(&SMALL, "linear_model_mean_no_clip", ADJUSTED, "[]");
    let state = adjusted
        .states
        .iter()
        .find(|state| state.state.as_str() == "adjusted")
        .expect("a state");
    // Of 7 units with a value one lacks the covariate.
    let text = state.state.to_string();
    assert!(text.contains("14.3 % of units have none"), "{text}");
    // A unit without a covariate counts: the means are those of all units with a value.
    check(find(&adjusted, "b", None, None).point, 6.0);
}

#[test]
fn covariates_that_say_nothing_are_left_out_and_named() {
    let plain = estimate(&SMALL, "linear_model_mean_no_clip", "{}", "[]");
    let lower = |estimates: &Estimates| find(estimates, "b", Some(Comparison::Difference), Some("a")).lower;
    for (covariates, expected) in [
        (["7.3"; 8], "constant covariate"),
        ([""; 8], "covariate missing"),
        (["0", "0", "0", "0", "5", "0", "0", "0"], "covariate of one unit"),
    ] {
        let mut rows = SMALL;
        for (row, covariate) in rows.iter_mut().zip(covariates) {
            row.2 = covariate;
        }
        let adjusted = estimate(&rows, "linear_model_mean_no_clip", ADJUSTED, "[]");
        assert_eq!(states(&adjusted), [expected]);
        assert_eq!(lower(&adjusted), lower(&plain));
    }
}

#[test]
fn widths_are_as_requested() {
    let narrow = estimate(&SMALL, "linear_model_mean", r#"{"confidence_interval": 0.5}"#, "[]");
    let wide = estimate(&SMALL, "linear_model_mean", r#"{"confidence_interval": 0.999}"#, "[]");
    for (a, b) in narrow.rows.iter().zip(&wide.rows) {
        assert_eq!((a.ci_width, b.ci_width), (Some(0.5), Some(0.999)));
        assert_eq!(a.point, b.point);
        assert!(a.lower > b.lower && a.upper < b.upper);
    }
}

/// At n units in each of two branches of the same data the sequence is wider than one look, by the factor of its boundary.
#[test]
fn sequential_intervals_are_wider_by_the_boundary() {
    let once = estimate(&SMALL, "linear_model_mean", "{}", "[]");
    let always = estimate(&SMALL, "sequential_mean", r#"{"tuned_for": 7}"#, "[]");
    let half = |estimates: &Estimates| {
        let row = find(estimates, "b", Some(Comparison::Difference), Some("a"));
        row.upper.expect("a number") - row.point.expect("a number")
    };
    let error = half(&once) / 2.7139675;
    let c = -2.0 * 0.05f64.ln() + (1.0 - 2.0 * 0.05f64.ln()).ln();
    let boundary = (2.0 * (c + 1.0) / c * (0.5 * c.ln_1p() - 0.05f64.ln())).sqrt();
    assert!(half(&always) > half(&once));
    assert!((half(&always) / error / boundary - 1.0).abs() < 0.05);
    assert!(always.rows.iter().all(|row| row.statistic == "sequential_mean"));
}

#[test]
fn p_values_come_raw_and_corrected_beside_the_intervals() {
    let rows: Vec<(&str, &str, &str)> = SMALL.into_iter().chain([("c", "2", ""), ("c", "3", "")]).collect();
    let plain = estimate(&rows, "linear_model_mean", "{}", "[]");
    let corrected = estimate(&rows, "linear_model_mean", r#"{"correction": "holm"}"#, "[]");
    let intervals = |row: &&Row| row.statistic == "mean_lm";
    assert!(corrected.rows.iter().filter(intervals).eq(plain.rows.iter()));
    let p = |statistic: &str, branch: &str, reference: &str| {
        let mut rows = corrected.rows.iter();
        rows.find(|row| {
            row.statistic == statistic
                && row.branch == branch
                && row.comparison_to_branch.as_deref() == Some(reference)
                && row.comparison == Some(Comparison::Difference)
        })
        .and_then(|row| row.point)
        .expect("a p-value")
    };
    let pairs = [("b", "a"), ("c", "a"), ("c", "b")];
    let mut raw = pairs.map(|(b, a)| p("mean_lm_p_value", b, a));
    assert_eq!(p("mean_lm_p_value", "a", "b"), raw[0]);
    let smallest = raw.into_iter().fold(1.0, f64::min);
    raw.sort_by(f64::total_cmp);
    let place = pairs
        .into_iter()
        .find(|(b, a)| p("mean_lm_p_value", b, a) == smallest)
        .expect("a pair");
    check(
        Some(p("mean_lm_p_value_holm", place.0, place.1)),
        (3.0 * smallest).min(1.0),
    );
    let refused = run(
        &request("linear_model_mean", r#"{"correction": "bonferoni"}"#, "[]"),
        "branch,v,v_pre\n",
    );
    assert_eq!(refused.0, Some(2));
    assert!(refused.2.contains("known: holm, benjamini_hochberg"), "{}", refused.2);
}

#[test]
fn pre_treatments_apply_in_order() {
    // Nulls become 0, then values above 1 stay: 2, 4 of branch a.
    let treatments = r#"["zero_fill", {"name": "censor_values_below_threshold", "args": {"threshold": 1}}]"#;
    let sums = estimate(&SMALL, "sum", "{}", treatments);
    check(find(&sums, "a", None, None).point, 6.0);
    let counts = estimate(&SMALL, "count", "{}", treatments);
    check(find(&counts, "a", None, None).point, 2.0);
    // The 7 values' median is 4: 5, 6, 10 lie above it; their logarithm to base 2, censored again below its own median.
    let twice = r#"[{"name": "censor_lowest_values", "fraction": 0.5}, {"name": "log", "base": 2},
                    {"name": "censor_highest_values", "fraction": 0.5}]"#;
    let sums = estimate(&SMALL, "sum", "{}", twice);
    check(find(&sums, "b", None, None).point, 5f64.log2());
}

#[test]
fn degenerate_data_gives_the_references_states() {
    let one = estimate_in(
        Compat::Jetstream,
        &[("a", "1", ""), ("b", "2", ""), ("b", "3", "")],
        "linear_model_mean",
        "{}",
        "[]",
    );
    assert!(states(&one).contains(&"too few units"));
    assert_eq!(find(&one, "a", None, None).lower, None);
    let same = estimate_in(
        Compat::Jetstream,
        &[("a", "7", ""), ("a", "7", ""), ("b", "7", "")],
        "linear_model_mean",
        "{}",
        "[]",
    );
    assert!(states(&same).iter().all(|state| *state == "no variation"));
    assert!(same.rows.iter().all(|row| row.point.is_none()));
    let zero = estimate_in(
        Compat::Jetstream,
        &[("a", "0", ""), ("a", "0", ""), ("b", "7", ""), ("b", "8", "")],
        "linear_model_mean",
        "{}",
        "[]",
    );
    assert!(states(&zero).contains(&"zero reference mean"));
    assert!(
        zero.rows
            .iter()
            .all(|row| row.comparison_to_branch.as_deref() != Some("a"))
    );
    let nothing = estimate_in(Compat::Jetstream, &[], "linear_model_mean", "{}", "[]");
    assert_eq!((nothing.rows.len(), states(&nothing)), (0, vec!["no values"]));
    let infinite = estimate_in(
        Compat::Jetstream,
        &[("a", "Infinity", ""), ("a", "1", ""), ("b", "2", ""), ("b", "3", "")],
        "linear_model_mean_no_clip",
        "{}",
        "[]",
    );
    assert!(states(&infinite).contains(&"not fitted"));
    assert_eq!(find(&infinite, "a", None, None).point, None);
    check(find(&infinite, "b", None, None).point, 2.5);
}

#[test]
fn degenerate_data_gives_states() {
    let model = |rows: &[(&str, &str, &str)]| estimate(rows, "linear_model_mean", "{}", "[]");
    let difference = |estimates: &Estimates, branch: &str, reference: &str| {
        let row = find(estimates, branch, Some(Comparison::Difference), Some(reference));
        (row.point, row.lower)
    };
    let one = model(&[("a", "1", ""), ("b", "2", ""), ("b", "3", "")]);
    assert!(states(&one).contains(&"too few units"));
    assert_eq!(find(&one, "a", None, None).lower, None);
    assert_eq!(difference(&one, "b", "a").1, None);

    let same = model(&[("a", "7", ""), ("a", "7", ""), ("b", "7", ""), ("b", "7", "")]);
    assert!(
        states(&same)
            .iter()
            .all(|state| *state == "no variation" || *state == "undefined ratio")
    );
    check(find(&same, "a", None, None).point, 7.0);
    assert_eq!(difference(&same, "b", "a"), (Some(0.0), None));

    // Against zeros there is a difference, but no ratio.
    let zero = model(&[("a", "0", ""), ("a", "0", ""), ("b", "7", ""), ("b", "8", "")]);
    assert!(states(&zero).contains(&"zero reference mean"));
    let (point, lower) = difference(&zero, "b", "a");
    assert!(point.is_some() && lower.is_some());
    let uplift = find(&zero, "b", Some(Comparison::RelativeUplift), Some("a"));
    assert_eq!((uplift.point, uplift.lower), (None, None));

    let nothing = model(&[]);
    assert_eq!((nothing.rows.len(), states(&nothing)), (0, vec!["no values"]));

    // An infinity costs its branch, not the others.
    let rows = [
        ("a", "Infinity", ""),
        ("a", "1", ""),
        ("b", "2", ""),
        ("b", "3", ""),
        ("c", "2", ""),
        ("c", "5", ""),
    ];
    let infinite = estimate(&rows, "linear_model_mean_no_clip", "{}", "[]");
    assert!(states(&infinite).contains(&"not finite"));
    assert_eq!(find(&infinite, "a", None, None).point, None);
    assert_eq!(difference(&infinite, "b", "a"), (None, None));
    assert!(difference(&infinite, "c", "b").1.is_some());

    let unmet = estimate(
        &[("a", "", "1"), ("b", "1", "2"), ("b", "2", "3")],
        "linear_model_mean_no_clip",
        "{}",
        "[]",
    );
    assert!(states(&unmet).contains(&"no values"));
    check(find(&unmet, "b", None, None).point, 1.5);

    let binary = estimate(&[("a", "0.5", ""), ("b", "1", "")], "binomial", "{}", "[]");
    assert_eq!((binary.rows.len(), states(&binary)), (0, vec!["not computable"]));
    let unmet = estimate(&[("a", "1", ""), ("b", "0", "")], "binomial", "{}", "[]");
    assert_eq!(
        find(&unmet, "a", Some(Comparison::RelativeUplift), Some("b")).point,
        None
    );
    assert!(states(&unmet).contains(&"infinite ratio"));
}

// Roots of P(X - Y <= d) and P(Y <= r X) for X ~ Beta(2, 2), Y ~ Beta(1, 3), by mpmath's quad with 30 digits.
const DIFFERENCE_LOWER: f64 = -0.2604728151948212;
const DIFFERENCE_UPPER: f64 = 0.7177045838914786;
const UPLIFT_LOWER: f64 = -0.9659773950718099;
const UPLIFT_UPPER: f64 = 1.2618022452599718;

#[test]
fn proportions_are_integrated() {
    let rows = [("a", "1", ""), ("a", "0", ""), ("b", "0", ""), ("b", "0", "")];
    let estimates = estimate(&rows, "binomial", r#"{"confidence_interval": 0.9}"#, "[]");
    let own = find(&estimates, "b", None, None);
    check(own.point, 0.25);
    check(own.upper, 1.0 - 0.05f64.powf(1.0 / 3.0));
    let difference = find(&estimates, "a", Some(Comparison::Difference), Some("b"));
    check(difference.point, 0.25);
    check(difference.lower, DIFFERENCE_LOWER);
    check(difference.upper, DIFFERENCE_UPPER);
    let uplift = find(&estimates, "b", Some(Comparison::RelativeUplift), Some("a"));
    check(uplift.lower, UPLIFT_LOWER);
    check(uplift.upper, UPLIFT_UPPER);
}

/// Where both branches are mostly 0, so is the difference of their deciles, with an interval that ends there.
#[test]
fn deciles_of_zero_differ_by_zero() {
    let rows: Vec<(&str, &str, &str)> = (0..200)
        .map(|i| {
            (
                ["a", "b"][i % 2],
                if i % 10 < 8 { "0" } else { ["3", "5", "8"][i % 3] },
                "",
            )
        })
        .collect();
    let deciles = estimate(&rows, "deciles", "{}", "[]");
    let middle = deciles
        .rows
        .iter()
        .filter(|row| row.parameter.as_deref() == Some("0.5"));
    for row in middle.filter(|row| row.comparison == Some(Comparison::Difference)) {
        assert_eq!((row.point, row.lower, row.upper), (Some(0.0), Some(0.0), Some(0.0)));
    }
}

/// Ties are at other values than 0, too, where rounding is larger.
#[test]
fn tied_values_differ_by_zero() {
    let rows: Vec<(&str, &str, &str)> = (0..200)
        .map(|i| {
            (
                ["a", "b"][i % 2],
                if i % 10 < 8 { "5.3" } else { ["3.1", "8.7"][i % 2] },
                "",
            )
        })
        .collect();
    for statistic in ["deciles", "quantiles"] {
        let estimates = estimate(&rows, statistic, "{}", "[]");
        let middle = estimates
            .rows
            .iter()
            .filter(|row| row.parameter.as_deref() == Some("0.5"));
        for row in middle.filter(|row| row.comparison == Some(Comparison::Difference)) {
            // A decile's point is the mean of its law, whose tails are not tied.
            assert!(row.point.expect("a number").abs() < 1e-6, "{statistic}");
            assert_eq!((row.lower, row.upper), (Some(0.0), Some(0.0)), "{statistic}");
        }
    }
}

fn run(request: &str, data: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let (request_file, data_file) = (folder.path().join("request.json"), folder.path().join("data.csv"));
    std::fs::write(&request_file, request).expect("writable");
    std::fs::write(&data_file, data).expect("writable");
    let output = Command::new(env!("CARGO_BIN_EXE_isobar"))
        .arg("stats")
        .arg("--data")
        .arg(&data_file)
        .arg("--request")
        .arg(&request_file)
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_answers_in_json() {
    let (code, stdout, stderr) = run(&request("count", "{}", "[]"), "branch,v,v_pre\nb,1,\na,2,\nb,,\n");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let answer: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(answer["rows"][0]["branch"], "b");
    assert_eq!(answer["rows"][0]["point"], 2.0);
    let keys: Vec<&String> = answer["rows"][0].as_object().expect("a row").keys().collect();
    let wanted = "metric statistic parameter branch comparison comparison_to_branch ci_width point lower upper segment analysis_basis window_index";
    assert_eq!(keys, wanted.split(' ').collect::<Vec<_>>());
    assert_eq!(answer["diagnostics"], serde_json::json!([]));

    let missing = request("sum", "{}", "[]").replace(r#""metric": "v""#, r#""metric": "w""#);
    let (code, stdout, _) = run(&missing, "branch,v\na,1\n");
    let answer: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &answer["rows"]), (Some(0), &serde_json::json!([])));
    assert_eq!(answer["diagnostics"][0]["severity"], "warning");
    assert_eq!(answer["diagnostics"][0]["code"], "E0502");
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let data = "branch,v,v_pre\na,1,\n";
    for (request, words) in [
        (
            request("linear_model_maen", "{}", "[]"),
            "a statistic with a similar name exists: linear_model_mean",
        ),
        (
            request("linear_model_mean", r#"{"drop_highest": 0}"#, "[]"),
            "must be a float, but is the integer 0",
        ),
        (
            request("linear_model_mean", r#"{"drop_higest": 0.1}"#, "[]"),
            "with a similar name exists: drop_highest",
        ),
        (
            request("sum", "{}", r#"["remove_null"]"#),
            "with a similar name exists: remove_nulls",
        ),
        (
            request("sum", "{}", r#"[{"name": "censor_values_above_threshold"}]"#),
            "needs the parameter threshold",
        ),
        (
            request(
                "sum",
                "{}",
                r#"[{"name": "censor_highest_values", "args": {"fraction": 1.5}}]"#,
            ),
            "a number from 0 to 1",
        ),
        (
            request("population_ratio", r#"{"numerator": null, "denominator": "v"}"#, "[]"),
            "numerator of statistic population_ratio must be a text, but is null",
        ),
        (
            request(
                "linear_model_mean",
                r#"{"covariate_adjustment": {"period": "week"}}"#,
                "[]",
            ),
            "must lie before enrollment",
        ),
        (r#"{"statistic": "sum"}"#.to_string(), "metric"),
        ("{".to_string(), "request.json"),
    ] {
        let (code, stdout, stderr) = run(&request, data);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{request}: {stderr}");
        assert!(stderr.contains(words), "{request}: {stderr}");
        assert!(stderr.contains("request.json:"), "{request}: no place in {stderr}");
    }
    let (code, _, stderr) = run(&request("sum", "{}", "[]"), "branch,v,v_pre\na,1,\na,x,\n");
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("data.csv"), "{stderr}");
}
