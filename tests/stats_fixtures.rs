//! The recorded cases of the reference implementation, through the path that `isobar stats` takes.
//!
//! Rules of comparison: `README.md` beside the cases. A case agrees when it has the same rows and every number lies within its
//! tolerance; the worst error is printed in units of the tolerance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::{Comparison, Compat, Row};
use serde_json::Value;

/// The statistics of the reference implementation.
const OF_THE_REFERENCE: [&str; 11] = [
    "binomial",
    "bootstrap_mean",
    "count",
    "deciles",
    "empirical_cdf",
    "kernel_density_estimate",
    "linear_model_mean",
    "linear_model_mean_no_clip",
    "per_client_dau_impact",
    "population_ratio",
    "sum",
];

fn folder() -> Option<PathBuf> {
    let shared = match std::env::var_os("ISOBAR_SHARED") {
        Some(shared) => PathBuf::from(shared),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let folder = shared.join("fixtures/statistics");
    if !folder.is_dir() {
        println!("skipped: no fixtures at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// One row as the cases and the answers have it: branch, parameter, comparison, reference; width; point, lower, upper.
#[derive(Debug, Clone)]
struct Line {
    key: (String, Option<f64>, Option<String>, Option<String>),
    width: Option<f64>,
    numbers: [Option<f64>; 3],
}

fn expected(case: &Value) -> Vec<Line> {
    let rows = case["rows"].as_array().expect("a case has rows");
    rows.iter()
        .map(|row| Line {
            key: (
                row[0].as_str().expect("a branch").to_string(),
                row[1].as_str().map(|text| text.parse().expect("a number")),
                row[2].as_str().map(str::to_string),
                row[3].as_str().map(str::to_string),
            ),
            width: row[4].as_f64(),
            numbers: [row[5].as_f64(), row[6].as_f64(), row[7].as_f64()],
        })
        .collect()
}

fn computed(rows: &[Row]) -> Vec<Line> {
    rows.iter()
        .map(|row| Line {
            key: (
                row.branch.clone(),
                row.parameter.as_ref().map(|text| text.parse().expect("a number")),
                row.comparison.map(Comparison::as_str).map(str::to_string),
                row.comparison_to_branch.clone(),
            ),
            width: row.ci_width,
            numbers: [row.point, row.lower, row.upper],
        })
        .collect()
}

fn same_key(a: &Line, b: &Line) -> bool {
    let same_parameter = match (a.key.1, b.key.1) {
        (Some(x), Some(y)) => (x - y).abs() <= 1.1e-6 + 1e-9 * x.abs() || (x.is_nan() && y.is_nan()) || x == y,
        (x, y) => x.is_none() && y.is_none(),
    };
    a.key.0 == b.key.0 && a.key.2 == b.key.2 && a.key.3 == b.key.3 && same_parameter
}

/// The error of one number in units of its tolerance; more than 1 is a disagreement.
fn error(case: &Value, index: usize, field: usize, expected: Option<f64>, computed: Option<f64>, exact: bool) -> f64 {
    if case["kind"] == "deterministic" {
        let accept = &case["point_accept"][index];
        if field == 0 && accept.is_array() {
            let (low, high) = (accept[0].as_f64().expect("low"), accept[1].as_f64().expect("high"));
            return computed.map_or(f64::INFINITY, |x| ((low - x).max(x - high) / 1e-9).max(0.0));
        }
        let Some(tolerance) = case["tolerance"][index][field].as_f64() else {
            return 0.0;
        };
        return match (expected, computed) {
            (None, None) => 0.0,
            (Some(x), Some(y)) if x == y => 0.0,
            (Some(x), Some(y)) => (x - y).abs() / tolerance,
            _ => f64::INFINITY,
        };
    }
    let monte_carlo = &case["monte_carlo"];
    let repeats = monte_carlo["repeats"].as_f64().expect("repeats");
    let stats = &monte_carlo["rows"][index];
    let at = |k: usize| stats[5 * field + k].as_f64();
    let nulls = at(4).expect("a count of nulls");
    match computed {
        None if nulls == 0.0 => f64::INFINITY,
        None => 0.0,
        Some(_) if nulls == repeats => f64::INFINITY,
        Some(x) => {
            let (Some(mean), Some(sd)) = (at(0), at(1)) else {
                return 0.0;
            };
            if exact {
                return (x - mean).abs() / (1e-10 * (1.0 + mean.abs()));
            }
            let bounds = &case["bound_accept"][index];
            if field > 0 && bounds.is_array() {
                let (low, high) = (bounds[2 * field - 2].as_f64(), bounds[2 * field - 1].as_f64());
                let slack = 1e-9 * (1.0 + x.abs());
                let below = low.map_or(0.0, |low| (low - x) / slack);
                let above = high.map_or(0.0, |high| (x - high) / slack);
                return below.max(above).max(0.0);
            }
            (x - mean).abs() / (6.0 * sd * (1.0 + 1.0 / repeats).sqrt() + 1e-9 * (1.0 + mean.abs()))
        }
    }
}

/// Compares an answer with a case: the worst error, or what differs in kind.
fn compare(case: &Value, rows: &[Row]) -> Result<f64, String> {
    let (expected, mut computed) = (expected(case), computed(rows));
    let mut worst: f64 = 0.0;
    for (index, want) in expected.iter().enumerate() {
        let Some(place) = computed.iter().position(|got| same_key(want, got)) else {
            return Err(format!("no row {:?}", want.key));
        };
        let got = computed.swap_remove(place);
        if got.width != want.width {
            return Err(format!(
                "ci_width of {:?}: {:?} instead of {:?}",
                want.key, got.width, want.width
            ));
        }
        let exact = case["statistic"] == "binomial" && want.key.2.is_none();
        for field in 0..3 {
            let error = error(case, index, field, want.numbers[field], got.numbers[field], exact);
            if error.is_nan() || error > 1.0 {
                return Err(format!(
                    "{:?} field {field}: {:?} instead of {:?}, {error:.3} tolerances",
                    want.key, got.numbers[field], want.numbers[field]
                ));
            }
            worst = worst.max(error);
        }
    }
    match computed.first() {
        Some(extra) => Err(format!("{} rows too many, such as {:?}", computed.len(), extra.key)),
        None => Ok(worst),
    }
}

/// What a case gave: rows, or a refused request.
fn answer(
    extracts: &mut BTreeMap<String, Extract>,
    folder: &Path,
    text: &str,
    case: &Value,
    compat: Compat,
) -> Vec<Row> {
    let source = Arc::new(Source {
        path: "case.json".to_string(),
        text: text.to_string(),
    });
    let request = match extract::parse(&source) {
        Ok(request) => request,
        Err(faults) => {
            assert!(!case["raised"].is_null(), "{} is refused: {faults}", case["id"]);
            return Vec::new();
        }
    };
    let data = case["data"].as_str().expect("a data file").to_string();
    let extract = extracts.entry(data).or_insert_with_key(|data| {
        Extract::load(&folder.join(data), &request.column_types).unwrap_or_else(|faults| panic!("{faults}"))
    });
    let estimates = extract
        .estimate(&request, compat)
        .unwrap_or_else(|faults| panic!("{}: {faults}", case["id"]));
    if !case["raised"].is_null() || !case["logs"].as_array().is_none_or(Vec::is_empty) {
        assert!(
            !estimates.states.is_empty(),
            "{}: the reference logs, but no state says why",
            case["id"]
        );
    }
    for row in &estimates.rows {
        assert_eq!(row.metric, case["result"]["metric"]);
        assert_eq!(
            row.statistic,
            case["result"]["statistic"].as_str().unwrap_or(&row.statistic)
        );
    }
    estimates.rows
}

/// Cases whose difference in default mode is deliberate: `docs/deviations.md`, "Statistics".
fn is_deliberate(case: &Value) -> bool {
    let asks_other_width = case["params"]["confidence_interval"]
        .as_f64()
        .is_some_and(|width| width != 0.95 && width != 0.99);
    let has_infinite_ratio = || {
        expected(case).iter().enumerate().any(|(index, row)| {
            let point = &case["monte_carlo"]["rows"][index];
            row.key.2.as_deref() == Some("relative_uplift") && point[1].as_f64() > Some(1.0)
        })
    };
    // The linear models of the default mode are others: `tests/linear_models`.
    let models = [
        "linear_model_mean",
        "linear_model_mean_no_clip",
        "per_client_dau_impact",
    ];
    if models.contains(&case["statistic"].as_str().unwrap_or_default()) {
        return true;
    }
    // Deciles that draws show as certain, or as finite, are neither; nothing is 100 % below an infinite ratio.
    let rare = [
        "nulls__inf_pos__deciles",
        "ties__days__deciles",
        "ratio__ratio__population_ratio__zero_den",
    ];
    let widths = ["binomial", "bootstrap_mean", "population_ratio"];
    // Rule bandwidths are scaled by the standard deviation, and `adjust` is not refused.
    let has_rule = case["statistic"] == "kernel_density_estimate"
        && (case["params"]["bandwidth"].as_f64().is_none() || !case["params"]["adjust"].is_null());
    if has_rule {
        return true;
    }
    (asks_other_width && widths.contains(&case["statistic"].as_str().unwrap_or_default()))
        || (widths.contains(&case["statistic"].as_str().unwrap_or_default()) && has_infinite_ratio())
        || rare.contains(&case["id"].as_str().unwrap_or_default())
}

/// Compares all cases that a mode has to agree with, and counts the statistics among them.
fn check(compat: Compat) -> Option<usize> {
    let folder = folder()?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("cases"))
        .expect("the cases are readable")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut extracts = BTreeMap::new();
    let mut totals: BTreeMap<String, (usize, usize, f64)> = BTreeMap::new();
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a case is readable");
        let case: Value = serde_json::from_str(&text).expect("a case is JSON");
        let statistic = case["statistic"].as_str().expect("a statistic").to_string();
        if !OF_THE_REFERENCE.contains(&statistic.as_str()) || (compat == Compat::None && is_deliberate(&case)) {
            continue;
        }
        let rows = answer(&mut extracts, &folder, &text, &case, compat);
        let total = totals.entry(statistic).or_default();
        total.0 += 1;
        total.1 += rows.len();
        match compare(&case, &rows) {
            Ok(worst) => total.2 = total.2.max(worst),
            Err(difference) => failures.push(format!("{}: {difference}", case["id"].as_str().unwrap_or("?"))),
        }
    }
    for (statistic, (cases, rows, worst)) in &totals {
        println!("{statistic}: {cases} cases, {rows} rows, worst error {worst:.3} tolerances");
    }
    assert!(
        failures.is_empty(),
        "{} cases differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
    Some(totals.len())
}

#[test]
fn default_mode_agrees_but_for_linear_models() {
    if let Some(statistics) = check(Compat::None) {
        assert_eq!(statistics, OF_THE_REFERENCE.len() - 3);
    }
}

#[test]
fn compat_mode_agrees() {
    if let Some(statistics) = check(Compat::Jetstream) {
        assert_eq!(statistics, OF_THE_REFERENCE.len(), "every statistic has cases");
    }
}
