//! How long the public configs take from their files to SQL: load, resolve all experiments, compile them on all cores.
//!
//! `cargo bench --bench compile` (with the features of the build). Each figure is of a new process, since a process remembers
//! the fragments that it has parsed. Needs the reference corpus in `$ISOBAR_SHARED`; says so where there is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use isobar::analysis::{Analysis, Period};
use isobar::pipeline::{self, Selection};
use isobar::schedule;
use isobar::tables::Destination;
use isobar::{config, experiment};
use jiff::civil::Date;
use rayon::prelude::*;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Processes per figure; the median is shown.
const RUNS: usize = 7;
const STAGES: [&str; 4] = [
    "load",
    "resolve",
    "compile the first window of each period",
    "compile every window",
];

fn main() {
    let shared = std::env::var_os("ISOBAR_SHARED")
        .map(PathBuf::from)
        .filter(|shared| shared.is_dir());
    let Some(shared) = shared else {
        println!("skipped: there is no reference corpus (ISOBAR_SHARED)");
        return;
    };
    if std::env::args().any(|argument| argument == "--once") {
        return once(&shared);
    }
    let program = std::env::current_exe().expect("a program knows its path");
    let mut runs: Vec<Vec<f64>> = Vec::new();
    for _ in 0..RUNS {
        let output = Command::new(&program)
            .arg("--once")
            .output()
            .expect("the bench can run itself");
        let line = String::from_utf8_lossy(&output.stdout).into_owned();
        runs.push(
            line.split_whitespace()
                .filter_map(|number| number.parse().ok())
                .collect(),
        );
    }
    let median = |column: usize| {
        let mut values: Vec<f64> = runs.iter().map(|run| run[column]).collect();
        values.sort_by(f64::total_cmp);
        (values[RUNS / 2], values[0], values[RUNS - 1])
    };
    for (column, stage) in STAGES.iter().enumerate() {
        let (middle, least, most) = median(column);
        println!("{stage}: {middle:.2} s ({least:.2} to {most:.2})");
    }
    let together: f64 = (0..3).map(|column| median(column).0).sum();
    println!("load, resolve and the first windows together: {together:.2} s");
    println!(
        "{} experiments, {} first windows' statements, {} statements in all",
        runs[0][4], runs[0][5], runs[0][6]
    );
}

/// One run: prints the seconds of the stages and the counts.
fn once(shared: &Path) {
    let mut seconds = Vec::new();
    let mut started = Instant::now();
    let mut lap = || {
        seconds.push(started.elapsed().as_secs_f64().to_string());
        started = Instant::now();
    };
    let configs = config::load(&[shared.join("metric-hub")]).expect("the public configs load");
    let (experiments, _) = experiment::load(&[shared.join("corpus/experiments")]).expect("the corpus loads");
    lap();
    let analyses: Vec<Analysis> = experiments
        .par_iter()
        .filter_map(|experiment| configs.resolve(experiment).ok())
        .collect();
    lap();
    let first: usize = analyses.par_iter().map(first_windows).sum();
    lap();
    let all: usize = analyses
        .par_iter()
        .map(|analysis| statements(analysis, None, Period::ALL.to_vec()))
        .sum();
    lap();
    println!("{} {} {first} {all}", seconds.join(" "), analyses.len());
}

/// Compiles the enrollments and the first window of each period with both bases, as the reference corpus has them; and the
/// statements of summaries, which the reference does not have.
fn first_windows(analysis: &Analysis) -> usize {
    let Some(last) = schedule::last_date(&analysis.experiment) else {
        return 0;
    };
    let dates = Period::ALL.into_iter().filter_map(|period| {
        let (date, _) = schedule::calendar(&analysis.experiment, period, last)
            .ok()?
            .into_iter()
            .next()?;
        Some((date, period))
    });
    // Periods that begin on the same date are compiled in one go.
    let mut by_date: BTreeMap<Date, Vec<Period>> = BTreeMap::new();
    for (date, period) in dates {
        by_date.entry(date).or_default().push(period);
    }
    let dates = by_date.into_iter();
    dates
        .map(|(date, periods)| statements(analysis, Some(date), periods))
        .sum()
}

fn statements(analysis: &Analysis, date: Option<Date>, periods: Vec<Period>) -> usize {
    let destination = Destination {
        project: "project".to_string(),
        dataset: "dataset".to_string(),
        slug: analysis.experiment.slug.clone(),
    };
    let selection = Selection {
        date,
        periods,
        ..Selection::default()
    };
    // An experiment that does not compile has been reported by then.
    pipeline::compile(analysis, &selection, &destination).map_or(0, |work| work.into_script().statements.len())
}
