//! How long estimates take from their summaries, on one core: no SQL, no reading.
//!
//! `cargo bench --bench statistics [-- WORD]` (with the features of the build) runs the cases whose name has the word. The median of
//! several runs is shown, with the least and the most.

mod statistics_cells;

use std::time::Instant;

use indexmap::IndexMap;
use isobar::analysis::{Basis, Period};
use isobar::stats::distribution::normal_quantile;
use isobar::stats::kernel_density::{Bandwidth, Kernel};
use isobar::stats::{Bootstrap, Compat, Context, Points, Request, Statistic};
use isobar::summary::{Bin, Branch, CellSummary, ColumnKind, Group, Summaries};

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs per case.
const RUNS: usize = 5;
/// Distinct values of each branch.
const VALUES: usize = 1_000_000;
const BRANCHES: [&str; 3] = ["control", "a", "b"];

/// What is measured: what a run of it computes is counted, so that nothing is left out.
type Case = (String, Box<dyn Fn() -> usize>);

fn main() {
    let word = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    for (name, run) in cases() {
        if word.as_ref().is_some_and(|word| !name.contains(word.as_str())) {
            continue;
        }
        let mut times: Vec<f64> = Vec::new();
        // The first run makes the data.
        let mut rows = run();
        for _ in 0..RUNS {
            let start = Instant::now();
            rows = run();
            times.push(start.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: {:.4} s ({:.4} to {:.4}), {rows} rows",
            times[RUNS / 2],
            times[0],
            times[RUNS - 1]
        );
    }
}

fn cases() -> Vec<Case> {
    let bootstrap = |drop_highest| Bootstrap {
        confidence: 0.95,
        drop_highest,
        samples: 10_000.0,
    };
    let points = Points {
        size: 256,
        log_space: false,
    };
    let density = |kernel| Statistic::KernelDensityEstimate {
        bandwidth: Bandwidth::Scott,
        kernel,
        adjust: 1.0,
        points,
    };
    let mut cases: Vec<Case> = Vec::new();
    let mut histogram = |name: &str, statistic: Statistic| {
        cases.push(estimate(&format!("{name}, histograms"), statistic, |seed| {
            values(seed, VALUES)
        }));
    };
    histogram(
        "deciles",
        Statistic::Deciles {
            confidence: 0.95,
            samples: 10_000.0,
        },
    );
    histogram("bootstrap_mean", Statistic::BootstrapMean(bootstrap(0.005)));
    histogram("bootstrap_mean unclipped", Statistic::BootstrapMean(bootstrap(0.0)));
    histogram("empirical_cdf", Statistic::EmpiricalCdf(points));
    for (name, kernel) in Kernel::NAMES {
        histogram(&format!("kernel_density_estimate {name}"), density(kernel));
    }
    cases.push(estimate(
        "population_ratio, histograms",
        Statistic::PopulationRatio {
            numerator: "clicks".into(),
            denominator: "searches".into(),
            bootstrap: bootstrap(0.005),
        },
        |seed| pairs(seed, VALUES),
    ));
    cases.push(estimate(
        "bootstrap_mean small heavy, 1,000 values",
        Statistic::BootstrapMean(bootstrap(0.0)),
        |seed| values(seed, 1000),
    ));
    cases.extend(statistics_cells::cases());
    cases
}

/// A statistic of three branches, every branch as the reference of the others. The data is made once, when the case first runs.
fn estimate(name: &str, statistic: Statistic, branch: impl Fn(u64) -> Branch + 'static) -> Case {
    let request = Request {
        metric: "hours".into(),
        statistic,
        pre_treatments: Vec::new(),
    };
    let summaries = std::cell::OnceCell::new();
    let run = move || {
        let names = BRANCHES.map(str::to_string);
        let context = Context {
            period: Period::Overall,
            days: 28,
            basis: Basis::Enrollments,
            window_index: None,
            branches: &names,
            compat: Compat::None,
        };
        let summaries = summaries.get_or_init(|| {
            let branches = names.iter().enumerate();
            Summaries {
                cells: vec![CellSummary {
                    cell: request.cell(&context),
                    column: Some(ColumnKind::Float),
                    covariate_column: Some(ColumnKind::Float),
                    groups: IndexMap::from([(
                        "all".to_string(),
                        Group {
                            branches: branches.map(|(i, name)| (name.clone(), branch(i as u64))).collect(),
                            ..Group::default()
                        },
                    )]),
                }],
            }
        });
        let estimates = request.estimate(summaries, &context);
        estimates.rows.iter().filter(|row| row.point.is_some()).count()
    };
    (name.to_string(), Box::new(run))
}

/// Zeros, and distinct values of a log-normal law: hours of use.
fn values(seed: u64, count: usize) -> Branch {
    let mut uniform = uniforms(seed);
    let mut values: Vec<f64> = (1..count)
        .map(|_| (0.3 + 1.3 * normal_quantile(uniform()) + 0.002 * seed as f64).exp())
        .collect();
    values.push(0.0);
    values.sort_by(f64::total_cmp);
    let bin = |value: &f64| Bin {
        value: *value,
        denominator: 0.0,
        count: if *value == 0.0 {
            300_000.min(count as i64 / 3)
        } else {
            1
        },
    };
    Branch {
        histogram: values.iter().map(bin).collect(),
        ..Branch::default()
    }
}

/// Distinct pairs, the numerator a share of the denominator.
fn pairs(seed: u64, count: usize) -> Branch {
    let mut uniform = uniforms(seed);
    let mut bins: Vec<Bin> = (0..count)
        .map(|_| {
            let denominator = (1.0 + normal_quantile(uniform())).exp();
            Bin {
                value: denominator * 0.1 * (0.5 * normal_quantile(uniform())).exp(),
                denominator,
                count: 1,
            }
        })
        .collect();
    bins.sort_by(|a, b| a.value.total_cmp(&b.value));
    Branch {
        histogram: bins,
        ..Branch::default()
    }
}

/// Numbers between 0 and 1, both excluded, by the generator of G. L. Steele et al., "Fast splittable pseudorandom number generators" (2014).
fn uniforms(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }
}
