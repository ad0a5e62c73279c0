//! The statistics that need a histogram: compressed histograms against the values themselves, kernel densities against scipy, and data that
//! breaks careless arithmetic.

use std::sync::Arc;

use indexmap::IndexMap;
use isobar::analysis::{Basis, Period};
use isobar::diagnostics::Source;
use isobar::extract::{self, Extract};
use isobar::stats::distribution::normal_quantile;
use isobar::stats::histogram;
use isobar::stats::kernel_density::{Bandwidth, Density, Kernel, densities, direct};
use isobar::stats::{Bootstrap, Comparison, Compat, Context, Estimates, Points, Request, Row, Statistic};
use isobar::summary::{Bin, Branch, CellSummary, ColumnKind, Group, Summaries};

/// A branch of pairs of numerator and denominator with counts; for values the denominators are 0.
fn branch(bins: &[(f64, f64, i64)]) -> Branch {
    let mut histogram: Vec<Bin> = bins
        .iter()
        .map(|(value, denominator, count)| Bin {
            value: *value,
            denominator: *denominator,
            count: *count,
        })
        .collect();
    histogram.sort_by(|a, b| {
        a.value
            .total_cmp(&b.value)
            .then(a.denominator.total_cmp(&b.denominator))
    });
    Branch {
        histogram,
        ..Branch::default()
    }
}

fn values(values: &[f64]) -> Branch {
    branch(&values.iter().map(|value| (*value, 0.0, 1)).collect::<Vec<_>>())
}

fn estimate(branches: &[(&str, Branch)], statistic: &Statistic, compat: Compat) -> Estimates {
    let names: Vec<String> = branches.iter().map(|(name, _)| (*name).to_string()).collect();
    let context = Context {
        period: Period::Week,
        days: 7,
        basis: Basis::Enrollments,
        window_index: None,
        branches: &names,
        compat,
    };
    let request = Request {
        metric: "v".into(),
        statistic: statistic.clone(),
        pre_treatments: Vec::new(),
    };
    let group = Group {
        branches: branches
            .iter()
            .map(|(name, branch)| ((*name).to_string(), branch.clone()))
            .collect(),
        ..Group::default()
    };
    let summaries = Summaries {
        cells: vec![CellSummary {
            cell: request.cell(&context),
            column: Some(ColumnKind::Float),
            covariate_column: Some(ColumnKind::Float),
            groups: IndexMap::from([("all".to_string(), group)]),
        }],
    };
    request.estimate(&summaries, &context)
}

const POINTS: Points = Points {
    size: 64,
    log_space: false,
};

fn bootstrap(drop_highest: f64) -> Bootstrap {
    Bootstrap {
        confidence: 0.95,
        drop_highest,
        samples: 10_000.0,
    }
}

fn deciles() -> Statistic {
    Statistic::Deciles {
        confidence: 0.95,
        samples: 10_000.0,
    }
}

fn ratio() -> Statistic {
    Statistic::PopulationRatio {
        numerator: "n".into(),
        denominator: "d".into(),
        bootstrap: bootstrap(0.005),
    }
}

fn kernel_density(bandwidth: Bandwidth, adjust: f64) -> Statistic {
    Statistic::KernelDensityEstimate {
        bandwidth,
        kernel: Kernel::Gaussian,
        adjust,
        points: POINTS,
    }
}

/// The statistics of single values.
fn all() -> Vec<Statistic> {
    vec![
        deciles(),
        Statistic::BootstrapMean(bootstrap(0.005)),
        Statistic::BootstrapMean(bootstrap(0.0)),
        Statistic::EmpiricalCdf(POINTS),
        kernel_density(Bandwidth::Scott, 1.0),
        kernel_density(Bandwidth::Silverman, 0.5),
    ]
}

/// Numbers between 0 and 1 in no visible order, all different.
fn uniform(i: u32, stride: f64) -> f64 {
    (f64::from(i) * stride + 0.5 * stride).fract().clamp(1e-9, 1.0 - 1e-9)
}

const GOLDEN: f64 = 0.618_033_988_749_894_9;
const SILVER: f64 = 0.414_213_562_373_095_1;

// --- Compression

/// How many units per branch: more distinct values than are read one by one.
const UNITS: u32 = 80_000;

/// Rows of branch, numerator and denominator. Each shape has more than 65,536 distinct values per branch.
fn rows(shape: &str) -> Vec<(&'static str, f64, f64)> {
    let row = |i: u32| {
        let name = if i.is_multiple_of(2) { "a" } else { "b" };
        let (z, w) = (normal_quantile(uniform(i, GOLDEN)), normal_quantile(uniform(i, SILVER)));
        let lift = if name == "b" { 0.02 } else { 0.0 };
        let value = match shape {
            "hours" if w > 1.2 => 0.0,
            "hours" => (0.5 + lift + 1.3 * z).exp(),
            "signed" => z * z * z + 2.0 * z - 1.0 + lift,
            "remote" => 1e10 + z + lift,
            _ => panic!("no such shape"),
        };
        (name, value, (1.0 + w).exp() + 0.2 * value.abs().min(1e3))
    };
    (0..2 * UNITS).map(row).collect()
}

/// The estimates through a file, the engine and the buckets.
fn through_engine(rows: &[(&str, f64, f64)], statistics: &str) -> Estimates {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data.csv");
    let mut text = String::from("branch,v,d\n");
    for (branch, value, denominator) in rows {
        text.push_str(&format!("{branch},{value:?},{denominator:?}\n"));
    }
    std::fs::write(&file, text).expect("the file is writable");
    let source = Arc::new(Source {
        path: "request.json".into(),
        text: format!(
            r#"{{"metric": "v", "statistics": {statistics}, "analysis_period": "week", "experiment": {{"branches": ["a", "b"]}},
                 "column_types": {{"branch": "STRING", "v": "FLOAT64", "d": "FLOAT64"}}}}"#
        ),
    });
    let request = extract::parse(&source).unwrap_or_else(|faults| panic!("{faults}"));
    let extract = Extract::load(&file, &request.column_types).unwrap_or_else(|faults| panic!("{faults}"));
    extract
        .estimate(&request, Compat::None)
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn in_memory(rows: &[(&str, f64, f64)], pairs: bool, statistic: &Statistic) -> Vec<Row> {
    let of = |wanted: &str| {
        let bins: Vec<(f64, f64, i64)> = (rows.iter())
            .filter(|(name, _, _)| *name == wanted)
            .map(|(_, value, denominator)| (*value, if pairs { *denominator } else { 0.0 }, 1))
            .collect();
        branch(&bins)
    };
    estimate(&[("a", of("a")), ("b", of("b"))], statistic, Compat::None).rows
}

/// The worst difference of estimates and bounds, in units of the interval's width.
fn worst(found: &[Row], exact: &[Row]) -> f64 {
    assert_eq!(found.len(), exact.len());
    let mut worst: f64 = 0.0;
    for row in exact {
        let same = found.iter().find(|other| {
            other.branch == row.branch && other.comparison == row.comparison && other.parameter == row.parameter
        });
        let same = same.unwrap_or_else(|| panic!("no row like {row:?}"));
        if row.point.is_none() {
            // A decile of 0 has no uplift.
            assert_eq!((same.point, same.upper), (row.point, row.upper));
            continue;
        }
        let number = |value: Option<f64>| value.unwrap_or_else(|| panic!("no number in {row:?} or {same:?}"));
        let width = number(row.upper) - number(row.lower);
        for (x, y) in [
            (same.point, row.point),
            (same.lower, row.lower),
            (same.upper, row.upper),
        ] {
            // Where nearly all units are equal the interval has no width to compare with.
            let slack = 1e-9 + 1e-15 * number(y).abs();
            worst = worst.max(((number(x) - number(y)).abs() - slack) / width.max(slack));
        }
    }
    worst
}

#[test]
fn compressed_histograms_give_the_same_intervals() {
    for shape in ["hours", "signed", "remote"] {
        let rows = rows(shape);
        let statistics = r#"[{"statistic": "deciles"}, {"statistic": "bootstrap_mean"},
            {"statistic": "bootstrap_mean", "params": {"drop_highest": 0.0}}]"#;
        let estimates = through_engine(&rows, statistics);
        let states: Vec<String> = estimates.states.iter().map(|state| state.state.to_string()).collect();
        println!("{shape}: {}", states.first().map_or("not compressed", String::as_str));
        assert!(
            (estimates.states.iter())
                .filter(|state| state.state.as_str() == "compressed histogram")
                .count()
                == 6,
            "{states:?}"
        );
        let (deciles_found, means) = estimates.rows.split_at(54);
        let (clipped, unclipped) = means.split_at(6);
        for (name, found, statistic) in [
            ("deciles", deciles_found, deciles()),
            ("bootstrap_mean", clipped, Statistic::BootstrapMean(bootstrap(0.005))),
            ("unclipped", unclipped, Statistic::BootstrapMean(bootstrap(0.0))),
        ] {
            let keep = |rows: &[Row]| -> Vec<Row> {
                // Relative uplifts of means on both sides of zero have no point, and a huge mean has no digits for them.
                let is_uplift = |row: &Row| row.comparison == Some(Comparison::RelativeUplift);
                let mut rows = rows.to_vec();
                rows.retain(|row| {
                    row.comparison_to_branch.as_deref() != Some("b") && !(shape != "hours" && is_uplift(row))
                });
                rows
            };
            let error = worst(&keep(found), &keep(&in_memory(&rows, false, &statistic)));
            println!("{shape}, {name}: {error:.1e} of an interval's width");
            // 10,000 draws leave 0.7 % of the width in a bound of a mean.
            assert!(error < 0.01, "{shape}, {name}: {error}");
        }
    }
}

#[test]
fn compressed_pairs_give_the_same_intervals() {
    for shape in ["hours", "remote"] {
        let rows = rows(shape);
        let statistics = r#"[{"statistic": "population_ratio", "params": {"numerator": "v", "denominator": "d"}}]"#;
        let estimates = through_engine(&rows, statistics);
        println!("{shape}: {}", estimates.states[0].state);
        let error = worst(&estimates.rows, &in_memory(&rows, true, &ratio()));
        println!("{shape}, population_ratio: {error:.1e} of an interval's width");
        assert!(error < 0.01, "{shape}: {error}");
    }
}

#[test]
fn compressed_curves_stay_within_their_bounds() {
    for shape in ["hours", "signed", "remote"] {
        let rows = rows(shape);
        let statistics = r#"[{"statistic": "empirical_cdf", "params": {"grid_size": 64}},
            {"statistic": "kernel_density_estimate", "params": {"grid_size": 64}}]"#;
        let estimates = through_engine(&rows, statistics);
        for (name, statistic, bound) in [
            ("empirical_cdf", Statistic::EmpiricalCdf(POINTS), 2e-4),
            ("kernel_density_estimate", kernel_density(Bandwidth::Scott, 1.0), 1e-5),
        ] {
            let exact = in_memory(&rows, false, &statistic);
            let found: Vec<&Row> = estimates.rows.iter().filter(|row| row.statistic == name).collect();
            assert_eq!(found.len(), exact.len());
            let highest = exact.iter().filter_map(|row| row.point).fold(0.0, f64::max);
            for (found, exact) in found.iter().zip(&exact) {
                assert_eq!(found.parameter, exact.parameter);
                let error = (found.point.expect("a share") - exact.point.expect("a share")).abs() / highest;
                assert!(error < bound, "{shape}, {name} at {:?}: {error}", exact.parameter);
            }
        }
    }
}

#[test]
fn small_histograms_are_read_as_they_are() {
    let rows: Vec<(&str, f64, f64)> = (0..40_000)
        .map(|i| (if i % 2 == 0 { "a" } else { "b" }, f64::from(i % 7919) * 0.1, 1.0))
        .collect();
    let estimates = through_engine(&rows, r#"[{"statistic": "deciles"}]"#);
    assert!(estimates.states.is_empty());
    let exact = in_memory(&rows, false, &deciles());
    assert_eq!(exact.len(), estimates.rows.len());
    for (found, exact) in estimates.rows.iter().zip(&exact) {
        assert_eq!(found.point, exact.point);
    }
}

// --- Requests of several statistics

fn refusal(statistics: &str) -> String {
    let source = Arc::new(Source {
        path: "request.json".into(),
        text: format!("{{{statistics}}}"),
    });
    match extract::parse(&source) {
        Ok(request) => panic!("{:?}", request.statistics),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn a_request_lists_statistics_of_several_metrics() {
    let rows: Vec<(&str, f64, f64)> = (0..100)
        .map(|i| (if i % 2 == 0 { "a" } else { "b" }, f64::from(i), 2.0))
        .collect();
    let estimates = through_engine(
        &rows,
        r#"[{"statistic": "sum"}, {"statistic": "sum", "metric": "d", "pre_treatments": ["remove_nulls"]}, {"statistic": "deciles"}]"#,
    );
    let sums: Vec<(&str, &str, Option<f64>)> = (estimates.rows.iter())
        .filter(|row| row.statistic == "sum")
        .map(|row| (row.metric.as_str(), row.branch.as_str(), row.point))
        .collect();
    assert_eq!(
        sums,
        [
            ("v", "a", Some(2450.0)),
            ("v", "b", Some(2500.0)),
            ("d", "a", Some(100.0)),
            ("d", "b", Some(100.0))
        ]
    );
    assert_eq!(estimates.rows.len(), 4 + 54);
}

#[test]
fn all_faults_of_a_list_are_told_at_once() {
    let faults = refusal(r#""metric": "v", "statistics": [{"statistic": "decile"}, 3, {"params": {}}]"#);
    for part in ["decile", "deciles", "is an object", "`statistic`"] {
        assert!(faults.contains(part), "{part}: {faults}");
    }
    assert!(refusal(r#""statistics": [{"statistic": "sum"}]"#).contains("`metric`"));
    assert!(refusal(r#""metric": "v", "statistics": []"#).contains("empty"));
    assert!(refusal(r#""metric": "v""#).contains("`statistic`"));
}

// --- Kernel densities

const SAMPLE: [f64; 7] = [0.5, 1.0, 1.0, 2.25, 3.0, 7.5, -1.25];

/// `scipy.stats.gaussian_kde(SAMPLE, rule)` at 5 points from -1.25 to 7.5, scipy 1.16.
#[test]
fn densities_are_those_of_scipy() {
    for (bandwidth, adjust, expected) in [
        (
            Bandwidth::Scott,
            1.0,
            [
                0.08730743862453848,
                0.146000009480498,
                0.10494732936521252,
                0.04322023790821552,
                0.032851264680297795,
            ],
        ),
        (
            Bandwidth::Silverman,
            1.0,
            [
                0.08734917631591499,
                0.1407589697045768,
                0.10407874031559806,
                0.046130911042306245,
                0.032079226826025674,
            ],
        ),
        (
            Bandwidth::Scott,
            0.5,
            [
                0.07832001906821952,
                0.2078424012811084,
                0.11006877562383058,
                0.007264518921346299,
                0.06066995219970335,
            ],
        ),
    ] {
        let density = Density {
            bandwidth,
            adjust,
            kernel: Kernel::Gaussian,
        };
        let (grid, found) = density
            .curve(&values(&SAMPLE), 5, false, Compat::None)
            .expect("a curve");
        assert_eq!(grid.points, [-1.25, 0.9375, 3.125, 5.3125, 7.5]);
        for (x, y) in found.iter().zip(expected) {
            assert!((x / y - 1.0).abs() < 1e-9, "{bandwidth:?}: {x} instead of {y}");
        }
    }
}

/// A density integrates to 1, and moves and stretches with its values, for every kernel and rule.
#[test]
fn densities_integrate_to_one_and_follow_their_values() {
    for (_, kernel) in Kernel::NAMES {
        let density = Density {
            bandwidth: Bandwidth::Scott,
            adjust: 0.7,
            kernel,
        };
        let atoms: Vec<(f64, f64)> = histogram::atoms(&values(&SAMPLE));
        let h = density.width(&atoms, Compat::None);
        let reach = kernel.reach().min(40.0) * h;
        let step = (8.75 + 2.0 * reach) / 400_000.0;
        let points: Vec<f64> = (0..400_000)
            .map(|i| -1.25 - reach + (f64::from(i) + 0.5) * step)
            .collect();
        let integral: f64 = densities(&atoms, kernel, h, &points).iter().map(|k| k * step).sum();
        assert!((integral - 1.0).abs() < 1e-5, "{kernel:?}: {integral}");

        let moved: Vec<f64> = SAMPLE.iter().map(|v| 1000.0 - 8.0 * v).collect();
        let of = |sample: &[f64]| {
            density
                .curve(&values(sample), 33, false, Compat::None)
                .expect("a curve")
                .1
        };
        let (here, there) = (of(&SAMPLE), of(&moved));
        for (x, y) in here.iter().zip(there.iter().rev()) {
            assert!((x - 8.0 * y).abs() < 1e-9, "{kernel:?}: {x} and {y}");
        }
    }
}

/// Sums over cells against sums over values: at most 2e-11 / h apart, whatever the bandwidth.
#[test]
fn cells_keep_their_error_bound() {
    let atoms: Vec<(f64, f64)> = (0..30_000)
        .map(|i| (normal_quantile((f64::from(i) + 0.5) / 30_000.0), f64::from(1 + i % 3)))
        .map(|(z, weight)| ((1.5 * z).exp() - 2.0, weight))
        .collect();
    let n: f64 = atoms.iter().map(|atom| atom.1).sum();
    let points: Vec<f64> = (0..200)
        .map(|i| -3.0 + f64::from(i) * 0.173)
        .chain([atoms[100].0])
        .collect();
    for (name, kernel) in Kernel::NAMES {
        for h in [0.003, 0.4, 20.0] {
            let found = densities(&atoms, kernel, h, &points);
            let mut worst: f64 = 0.0;
            for (point, found) in points.iter().zip(found) {
                let exact = direct(&atoms, kernel, h, *point) / (n * h);
                worst = worst.max((found - exact).abs() * h);
            }
            println!("{name}, h {h}: {worst:.1e} / h");
            assert!(worst < 2e-11, "{name}, h {h}: {worst}");
        }
    }
}

#[test]
fn what_does_not_vary_has_no_rule_bandwidth() {
    for constant in [vec![5.0; 9], vec![0.0; 3], vec![2.0]] {
        let groups = [("a", values(&constant)), ("b", values(&SAMPLE))];
        let found = estimate(&groups, &kernel_density(Bandwidth::Scott, 1.0), Compat::None);
        assert_eq!(found.states.len(), 1);
        assert_eq!(found.states[0].state.as_str(), "no variation");
        assert_eq!(found.states[0].branch.as_deref(), Some("a"));
        assert!(found.rows.iter().all(|row| row.branch == "b") && !found.rows.is_empty());
        let fixed = estimate(&groups, &kernel_density(Bandwidth::Fixed(0.5), 2.0), Compat::None);
        let peak = 1.0 / (2.0 * std::f64::consts::PI).sqrt();
        assert!((fixed.rows[0].point.expect("a density") - peak).abs() < 1e-12);
    }
}

#[test]
fn adjust_is_refused_in_compatibility_mode() {
    let groups = [("a", values(&SAMPLE))];
    let refused = estimate(&groups, &kernel_density(Bandwidth::Scott, 2.0), Compat::Jetstream);
    assert!(refused.rows.is_empty());
    assert_eq!(refused.states[0].state.as_str(), "not computable");
    let negative = estimate(&groups, &kernel_density(Bandwidth::Scott, -2.0), Compat::None);
    assert!(negative.rows.is_empty());
    // The unscaled rule of the reference.
    let density = Density {
        bandwidth: Bandwidth::Scott,
        adjust: 1.0,
        kernel: Kernel::Gaussian,
    };
    let atoms = histogram::atoms(&values(&SAMPLE));
    assert_eq!(density.width(&atoms, Compat::Jetstream), 7f64.powf(-0.2));
}

// --- Data that breaks careless arithmetic

fn own<'a>(estimates: &'a Estimates, branch: &str) -> &'a Row {
    let mut rows = estimates.rows.iter();
    rows.find(|row| row.branch == branch && row.comparison.is_none())
        .expect("a row")
}

fn near(found: Option<f64>, expected: f64, tolerance: f64) {
    let found = found.expect("a number");
    assert!((found - expected).abs() <= tolerance, "{found} instead of {expected}");
}

/// Every number of every statistic is finite or absent; nothing panics.
fn survives(branches: &[(&str, Branch)]) {
    for statistic in all() {
        for compat in [Compat::None, Compat::Jetstream] {
            for row in estimate(branches, &statistic, compat).rows {
                for number in [row.point, row.lower, row.upper].into_iter().flatten() {
                    assert!(number.is_finite(), "{row:?}");
                }
                if let (Some(lower), Some(upper)) = (row.lower, row.upper) {
                    assert!(lower <= upper, "{row:?}");
                }
            }
        }
    }
}

#[test]
fn a_mean_of_1e12_with_a_deviation_of_1() {
    let n = 10_000;
    let of = |shift: f64| -> Vec<f64> {
        (0..n)
            .map(|i| 1e12 + shift + normal_quantile((f64::from(i) + 0.5) / f64::from(n)))
            .collect()
    };
    let groups = [("a", values(&of(0.0))), ("b", values(&of(1.0)))];
    let means = estimate(&groups, &Statistic::BootstrapMean(bootstrap(0.0)), Compat::None);
    let half = 1.959964 / f64::from(n).sqrt();
    let row = own(&means, "a");
    near(row.point, 1e12, 1e-4);
    near(row.lower, 1e12 - half, 0.02 * half);
    near(row.upper, 1e12 + half, 0.02 * half);
    let difference = (means.rows.iter())
        .find(|row| row.branch == "b" && row.comparison == Some(Comparison::Difference))
        .expect("a comparison");
    near(difference.point, 1.0, 1e-3);
    near(difference.lower, 1.0 - half * f64::sqrt(2.0), 0.03 * half);
    let median = estimate(&groups, &deciles(), Compat::None);
    let row = (median.rows.iter())
        .find(|row| row.parameter.as_deref() == Some("0.5"))
        .expect("a median");
    near(row.point, 1e12, 1e-3);
    near(row.upper, 1e12 + half * 1.2533, 0.02 * half);
    let pairs: Vec<(f64, f64, i64)> = of(0.0).iter().zip(of(3.0)).map(|(x, y)| (*x, y, 1)).collect();
    let ratios = estimate(&[("a", branch(&pairs))], &ratio(), Compat::None);
    near(own(&ratios, "a").point, 1.0, 1e-11);
    survives(&groups);
}

#[test]
fn one_unit_no_variation_and_huge_or_tiny_values() {
    for data in [
        vec![3.0],
        vec![0.0; 1000],
        vec![f64::MIN_POSITIVE / 8.0, f64::MIN_POSITIVE / 4.0, 0.0],
        vec![-1e300, 1e300, 1e299],
        vec![-5.0, -4.0, -4.0, -1.0],
        vec![f64::INFINITY, 1.0, 2.0],
        vec![f64::NEG_INFINITY, 1.0, f64::INFINITY],
        vec![f64::INFINITY],
    ] {
        survives(&[
            ("a", values(&data)),
            ("b", values(&[1.0, 2.0, 3.0, 4.0])),
            ("c", values(&data)),
        ]);
    }
    let lonely = estimate(
        &[("a", values(&[3.0]))],
        &Statistic::BootstrapMean(bootstrap(0.005)),
        Compat::None,
    );
    assert_eq!(
        (
            own(&lonely, "a").point,
            own(&lonely, "a").lower,
            own(&lonely, "a").upper
        ),
        (Some(3.0), Some(3.0), Some(3.0))
    );
}

/// Two units beside ten million, most of them tied: the difference is as wide as that of the two.
#[test]
fn two_units_beside_ten_million() {
    let many = branch(&[(0.0, 0.0, 6_000_000), (1.0, 0.0, 3_000_000), (2.0, 0.0, 1_000_000)]);
    let few = values(&[1.0, 3.0]);
    let groups = [("many", many), ("few", few)];
    survives(&groups);
    let means = estimate(&groups, &Statistic::BootstrapMean(bootstrap(0.0)), Compat::None);
    near(own(&means, "many").point, 0.5, 1e-12);
    // Variance (0.3 + 0.4 - 0.25) / (n + 1).
    // The skewness that is left moves it by 3e-4 standard deviations.
    near(own(&means, "many").upper, 0.5 + 1.959964 * (0.45f64 / 1e7).sqrt(), 1e-7);
    let difference = (means.rows.iter())
        .find(|row| row.branch == "few" && row.comparison == Some(Comparison::Difference))
        .expect("a comparison");
    // The mean of two is uniform between them.
    near(difference.point, 1.5, 1e-9);
    near(difference.lower, 0.55, 2e-3);
    near(difference.upper, 2.45, 2e-3);
    // A million ties: every draw of the sixth decile of the many lies where the values jump, and of the fifth where they do not.
    let quantiles = estimate(&groups, &deciles(), Compat::None);
    let at = |parameter: &str| {
        (quantiles.rows.iter())
            .find(|row| row.branch == "many" && row.parameter.as_deref() == Some(parameter) && row.comparison.is_none())
            .expect("a row")
    };
    near(at("0.5").point, 0.0, 0.0);
    near(at("0.6").point, 0.5, 1e-3);
    near(at("0.6").upper, 1.0, 0.0);
}

/// Scaling and shifting all values scales and shifts estimates, also where only a buckets' worth of digits is left.
#[test]
fn estimates_follow_their_values() {
    let sample: Vec<f64> = (0..500)
        .map(|i| (1.2 * normal_quantile(uniform(i, GOLDEN))).exp())
        .collect();
    let (scale, shift) = (-3.0, 40.0);
    let moved: Vec<f64> = sample.iter().map(|v| scale * v + shift).collect();
    for statistic in [deciles(), Statistic::BootstrapMean(bootstrap(0.0))] {
        let here = estimate(&[("a", values(&sample))], &statistic, Compat::None).rows;
        let mut there = estimate(&[("a", values(&moved))], &statistic, Compat::None).rows;
        if matches!(statistic, Statistic::Deciles { .. }) {
            there.reverse();
        }
        for (x, y) in here.iter().zip(&there) {
            let to = |v: Option<f64>| scale * v.expect("a number") + shift;
            near(y.point, to(x.point), 1e-6);
            near(y.lower, to(x.upper), 2e-3);
            near(y.upper, to(x.lower), 2e-3);
        }
    }
}
