//! `isobar demo`: writes synthetic telemetry, configs and experiments, runs every window of the experiments' lives on them, and
//! prints the estimates beside the true effects.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{ExperimentArgs, Inputs, ResultsPlace, TreeArgs};
use super::run::{export, statement_bar};
use super::{Outcome, files, inputs, print, report};
use crate::analysis::Period;
use crate::demo::{self, Demo, Truth};
use crate::diagnostics::Result;
use crate::pipeline::{self, Selection};
use crate::run::{self, Report};
use crate::sql::duckdb::Functions;
use crate::stats::{Comparison, Compat, Row};
use crate::summary::ALL_SEGMENT;
use crate::warehouse::DuckDb;
use crate::warehouse::duckdb::{Access, Limits};

/// Write synthetic telemetry with known effects and analyse it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder to write; a demo that lies there is replaced.
    #[arg(long, value_name = "DIR", default_value = "isobar-demo")]
    pub dir: PathBuf,
    /// Desktop clients; there are a quarter as many Fenix clients beside them.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub clients: u64,
    /// Another seed gives other clients with the same effects.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Threads of the engine; with more than one, the last bits of results can differ from run to run. One by default, all cores for
    /// more than 100,000 clients
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

/// Writes the demo's folder. The progress bar goes to stderr and is hidden where that is not a terminal.
pub fn write(arguments: &Arguments) -> Result<Demo> {
    let bar = ProgressBar::with_draw_target(
        Some(demo::total_clients(arguments.clients)),
        ProgressDrawTarget::stderr(),
    );
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos} of {human_len} clients")
        .expect("the template of the progress bar is well formed");
    bar.set_style(style);
    bar.set_message("writing telemetry");
    let written = demo::write(&arguments.dir, arguments.clients, arguments.seed, &mut |done| {
        bar.set_position(done)
    });
    bar.finish_and_clear();
    written
}

/// Writes the folder, runs both experiments and prints the overall results.
///
/// # Errors
/// A folder that can't be written, or an experiment that can't run.
pub fn run(args: &Arguments) -> Result<Outcome> {
    let mut stopwatch = Stopwatch::start("telemetry");
    let demo = write(args)?;
    let inputs = Inputs {
        trees: TreeArgs {
            configs: vec![demo.configs.clone()],
            ..TreeArgs::default()
        },
        experiments: ExperimentArgs {
            experiments: vec![demo.experiments.clone()],
            ..ExperimentArgs::default()
        },
        use_glean_ids: false,
    };
    let functions = Functions::load(&[])?;
    let warehouse = DuckDb::open(
        &demo.database,
        functions,
        Access::Write,
        &Limits {
            memory: None,
            threads: args.threads.or((args.clients <= 100_000).then_some(1)),
        },
    )?;
    let selection = Selection::default();
    let results = args.dir.join("results");
    let sql = args.dir.join("sql");
    let mut outcome = Outcome::Complete;
    let mut coverage = Coverage::default();
    for selected in inputs::select(&inputs)?.experiments {
        let analysis = selected.analysis?;
        let destination = ResultsPlace::default().destination(&analysis.experiment);
        stopwatch.enter("compile");
        let work = pipeline::compile(&analysis, &selection, &destination)?;
        files::write_script(&sql.join(&destination.slug), &work.script())?;
        let bar = statement_bar(&destination.slug, &work);
        let done = run::run(&analysis, &work, &destination, Compat::None, &warehouse, &mut |name| {
            // The first word of a statement's name says what it is for.
            stopwatch.enter(name.split([' ', '_']).next().unwrap_or(name));
            bar.inc(1);
            bar.set_message(name.to_string());
        });
        bar.finish_and_clear();
        let done = done?;
        stopwatch.enter("report");
        export(&results, &destination, &done)?;
        if done.cells.failed > 0 {
            report(&done.diagnostics);
            outcome = Outcome::Incomplete;
        }
        coverage.add(&demo.truths, &destination.slug, &done);
        print(&table(&demo.truths, &destination.slug, &done))?;
    }
    print(&format!(
        "{} of {} intervals of 95 % contain the true effect ({:.1} %), over all windows, segments and bases.\n\n",
        coverage.inside,
        coverage.cells,
        100.0 * coverage.inside as f64 / coverage.cells.max(1) as f64
    ))?;
    print(&places(args, &demo))?;
    print(&stopwatch.stop())?;
    Ok(outcome)
}

/// Wall time by stage.
struct Stopwatch {
    stage: String,
    entered: Instant,
    spent: IndexMap<String, Duration>,
}

impl Stopwatch {
    fn start(stage: &str) -> Self {
        Self {
            stage: stage.to_string(),
            entered: Instant::now(),
            spent: IndexMap::new(),
        }
    }

    /// Ends the stage that runs and begins another.
    fn enter(&mut self, stage: &str) {
        let now = Instant::now();
        *self
            .spent
            .entry(std::mem::replace(&mut self.stage, stage.to_string()))
            .or_default() += now - self.entered;
        self.entered = now;
    }

    fn stop(mut self) -> String {
        self.enter("");
        let stages = self
            .spent
            .iter()
            .map(|(stage, spent)| format!("{stage} {:.1} s", spent.as_secs_f64()));
        format!("\nTime: {}\n", stages.collect::<Vec<_>>().join(", "))
    }
}

/// How many intervals contain the truth.
#[derive(Default)]
struct Coverage {
    inside: u64,
    cells: u64,
}

impl Coverage {
    fn add(&mut self, truths: &[Truth], slug: &str, report: &Report) {
        let known = known_truths(truths, slug);
        for (period, index, rows) in &report.statistics {
            for row in rows {
                let truth = Key::of_row(*period, *index, row).and_then(|key| known.get(&key));
                if let (Some(truth), Some(lower), Some(upper)) = (truth, row.lower, row.upper) {
                    self.cells += 1;
                    self.inside += u64::from((lower..=upper).contains(truth));
                }
            }
        }
    }
}

/// What a truth and a row are matched by.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    metric: String,
    statistic: String,
    period: String,
    index: i64,
    basis: String,
    segment: String,
    branch: String,
    comparison: String,
    reference: String,
}

impl Key {
    fn of_truth(truth: &Truth) -> Self {
        Self {
            metric: truth.metric.to_string(),
            statistic: truth.statistic.to_string(),
            period: truth.period.to_string(),
            index: truth.window_index,
            basis: truth.analysis_basis.to_string(),
            segment: truth.segment.to_string(),
            branch: truth.branch.to_string(),
            comparison: truth.comparison.to_string(),
            reference: truth.comparison_to_branch.to_string(),
        }
    }

    /// `None` for a branch's own row, which has no truth.
    fn of_row(period: Period, index: i64, row: &Row) -> Option<Self> {
        Some(Self {
            metric: row.metric.clone(),
            statistic: row.statistic.clone(),
            period: period.as_str().to_string(),
            index,
            basis: row.analysis_basis.to_string(),
            segment: row.segment.clone(),
            branch: row.branch.clone(),
            comparison: row.comparison?.as_str().to_string(),
            reference: row.comparison_to_branch.clone()?,
        })
    }
}

/// The truths of one experiment by what rows are matched by.
fn known_truths(truths: &[Truth], slug: &str) -> HashMap<Key, f64> {
    let of_experiment = truths.iter().filter(|truth| truth.experiment == slug);
    of_experiment.map(|truth| (Key::of_truth(truth), truth.point)).collect()
}

/// The overall window of everybody: relative effects against the control branch, in per cent, beside the truth.
fn table(truths: &[Truth], slug: &str, report: &Report) -> String {
    let known = known_truths(truths, slug);
    let mut lines = vec![
        [
            "metric",
            "statistic",
            "basis",
            "branch",
            "effect %",
            "95 % interval",
            "true effect %",
        ]
        .map(str::to_string),
    ];
    let overall = report
        .statistics
        .iter()
        .filter(|(period, _, _)| *period == Period::Overall);
    for (period, index, rows) in overall {
        for row in rows {
            let is_shown = row.segment == ALL_SEGMENT
                && row.comparison == Some(Comparison::RelativeUplift)
                && row.comparison_to_branch.as_deref() == Some("control");
            let percent =
                |number: Option<f64>| number.map_or("-".to_string(), |number| format!("{:+.2}", 100.0 * number));
            if is_shown {
                let truth = Key::of_row(*period, *index, row).and_then(|key| known.get(&key).copied());
                lines.push([
                    row.metric.clone(),
                    row.statistic.clone(),
                    row.analysis_basis.to_string(),
                    row.branch.clone(),
                    percent(row.point),
                    format!("{} .. {}", percent(row.lower), percent(row.upper)),
                    percent(truth),
                ]);
            }
        }
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut out = format!("{slug}: overall results, each branch against control\n");
    for line in &lines {
        // Words to the left, numbers to the right.
        let cells = line.iter().enumerate().map(|(column, cell)| match column {
            0..=3 => format!("{cell:<width$}", width = widths[column]),
            _ => format!("{cell:>width$}", width = widths[column]),
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out.push('\n');
    out
}

/// Where everything lies, and what to try next.
fn places(args: &Arguments, demo: &Demo) -> String {
    let dir = args.dir.display();
    format!(
        "Where it lies:
  {dir}/configs      the config tree
  {dir}/experiments  the experiments ({})
  {dir}/database     telemetry and result tables, one DuckDB file per project
  {dir}/sql          every statement that ran, as BigQuery SQL
  {dir}/results      the statistics as JSON
  {dir}/truth.json   the true effects

Try next:
  isobar query --database {dir}/database 'SELECT * FROM `moz-fx-data-experiments.mozanalysis.statistics_demo_search_panel_overall` LIMIT 5'
  isobar run --configs {dir}/configs --experiments {dir}/experiments --database {dir}/database --date 2025-09-15
  isobar compile --configs {dir}/configs --experiments {dir}/experiments --engine duckdb --sql-output-dir {dir}/duckdb-sql
",
        demo.slugs.join(", ")
    )
}
