//! `isobar run`: computes what is due of experiments and writes the result tables.

use std::path::PathBuf;

use clap::Args;
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::args::{self, CompatChoice, DateChoice, Format, Inputs, ResultsPlace};
use super::database::Database;
use super::inputs::{self, Selected};
use super::{Outcome, files, print, provenance, report};
use crate::analysis::{self, Analysis, Period, RefusalKind};
use crate::config::Provenance;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Severity};
use crate::pipeline::{self, Selection, Work};
use crate::results::json as results_json;
use crate::run::{self, Report};
use crate::schedule;
use crate::sql::script::Script;
use crate::stats::Row;
use crate::tables::{Destination, normalize};
use crate::warehouse::Warehouse;
use crate::warehouse::duckdb::Access;

/// Compute enrollments, metrics and statistics of experiments
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    place: ResultsPlace,
    /// The last day whose data is complete (YYYY-MM-DD), or `all` for every day of the experiment's life in order
    #[arg(long)]
    date: DateChoice,
    /// Only these analysis periods, separated by commas; repeatable
    #[arg(long, value_delimiter = ',', value_parser = args::period, value_name = "LIST")]
    analysis_periods: Vec<Period>,
    #[command(flatten)]
    database: Database,
    /// Print the statements, or write them to --sql-output-dir, and execute nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: make every statement stand alone, with the queries of the tables that it would read
    #[arg(long, requires = "dry_run", conflicts_with = "source_views")]
    inline: bool,
    /// Also write each statement to DIR/<slug>/<name>.sql
    #[arg(long, value_name = "DIR")]
    sql_output_dir: Option<PathBuf>,
    /// Also write the statistics of each period to DIR/statistics/statistics_<slug>_<period>.json
    #[arg(long, value_name = "DIR")]
    export_dir: Option<PathBuf>,
    /// Publish a view of each data source's metrics too, beside the one of all metrics of a period and basis
    #[arg(long)]
    source_views: bool,
    /// Reproduce the quirks of another program's statistics, for comparing side by side
    #[arg(long, value_name = "PROGRAM")]
    compat: Option<CompatChoice>,
    /// The form of the closing report
    #[arg(long, default_value = "text")]
    format: Format,
    /// Report every cell without a number, not only how many there are
    #[arg(short, long)]
    verbose: bool,
}

/// An experiment and what became of it.
struct Ended {
    slug: String,
    state: State,
    report: Report,
}

/// How an experiment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Every cell has a number or a reason.
    Complete,
    /// Something failed.
    Failed,
    /// It is not analysed on this date, for a reason that is no fault.
    Refused,
    /// Nothing is due on this date.
    NothingDue,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            State::Complete => "complete",
            State::Failed => "failed",
            State::Refused => "refused",
            State::NothingDue => "nothing due",
        }
    }
}

/// Runs the selected experiments one after the other. A faulty one costs only itself.
///
/// # Errors
/// Unusable inputs, a warehouse that can't be opened, or faults in every experiment: then nothing was executed.
pub fn run(args: &RunArgs) -> Result<Outcome> {
    let inputs::Selection {
        experiments: selected,
        provenance,
    } = inputs::select(&args.inputs)?;
    let mut ended: Vec<Ended> = Vec::new();
    let mut faults: Vec<Diagnostics> = Vec::new();
    let mut due: Vec<(&Analysis, Box<Work>, Destination)> = Vec::new();
    for selected in &selected {
        if !selected.warnings.0.is_empty() {
            report(&selected.warnings);
        }
        match prepare(args, selected) {
            Ok(Prepared::Due(analysis, work, destination)) => due.push((analysis, work, destination)),
            Ok(Prepared::Not(state)) => ended.push(Ended {
                slug: selected.slug.clone(),
                state,
                report: Report::default(),
            }),
            Err(more) => {
                ended.push(Ended {
                    slug: selected.slug.clone(),
                    state: State::Failed,
                    report: Report::default(),
                });
                faults.push(more);
            }
        }
    }
    if due.is_empty() && !faults.is_empty() {
        return Err(Diagnostics(faults.into_iter().flat_map(|faults| faults.0).collect()));
    }
    faults.iter().for_each(report);
    if let Some(folder) = &args.sql_output_dir {
        for (_, work, destination) in &due {
            files::write_script(&folder.join(&destination.slug), &work.script())?;
        }
        provenance::write(folder, &provenance)?;
    }
    if args.dry_run {
        if args.sql_output_dir.is_none() {
            if let Some(comment) = provenance::comment(&provenance) {
                print(&comment)?;
            }
            due.iter()
                .try_for_each(|(_, work, destination)| print_script(&destination.slug, &work.script()))?;
        }
        return Ok(if faults.is_empty() {
            Outcome::Complete
        } else {
            Outcome::Incomplete
        });
    }
    let warehouse = args.database.open(Access::Write)?;
    let mut refused: Vec<Diagnostics> = Vec::new();
    for (analysis, work, destination) in &due {
        match execute(args, analysis, work, destination, &warehouse) {
            Ok(one) => ended.push(one),
            Err(more) => {
                let slug = destination.slug.clone();
                refused.push(more.within(&format!("experiment {slug}")));
                ended.push(Ended {
                    slug,
                    state: State::Failed,
                    report: Report::default(),
                });
            }
        }
    }
    if !refused.is_empty() && ended.iter().all(|one| one.report.jobs == 0) {
        return Err(Diagnostics(refused.into_iter().flat_map(|faults| faults.0).collect()));
    }
    refused.iter().for_each(report);
    print(&closing(&ended, &provenance, args.format))?;
    let failed = ended.iter().any(|one| one.state == State::Failed);
    Ok(if failed { Outcome::Incomplete } else { Outcome::Complete })
}

/// What is to be done for an experiment.
enum Prepared<'a> {
    Due(&'a Analysis, Box<Work>, Destination),
    Not(State),
}

fn prepare<'a>(args: &RunArgs, selected: &'a Selected) -> Result<Prepared<'a>> {
    let analysis = selected.analysis.as_ref().map_err(Clone::clone)?;
    let experiment = &analysis.experiment;
    let date = match args.date {
        DateChoice::On(date) => Some(date),
        // No day of its life lies behind its end.
        DateChoice::All => schedule::last_date(experiment),
    };
    if let Some(refusal) = analysis::refusal(experiment, date.unwrap_or(Date::MIN)) {
        let fault = Diagnostic::error(Code::Refused, refusal.message.clone());
        return match refusal.kind {
            RefusalKind::UnsupportedApplication => Err(fault.into()),
            _ => {
                report(
                    &Diagnostic {
                        severity: Severity::Info,
                        ..fault
                    }
                    .into(),
                );
                Ok(Prepared::Not(State::Refused))
            }
        };
    }
    let selection = Selection {
        date: args.date.date(),
        periods: args::periods(&args.analysis_periods),
        compat: CompatChoice::compat(args.compat),
        source_views: args.source_views,
        inline: args.inline,
    };
    let destination = args.place.destination(experiment);
    let work = pipeline::compile(analysis, &selection, &destination)
        .map_err(|faults| faults.within(&format!("experiment {}", experiment.slug)))?;
    if !work.remarks.0.is_empty() {
        report(&work.remarks);
    }
    match work.cohort {
        Some(_) => Ok(Prepared::Due(analysis, Box::new(work), destination)),
        None => Ok(Prepared::Not(State::NothingDue)),
    }
}

fn execute(
    args: &RunArgs,
    analysis: &Analysis,
    work: &Work,
    destination: &Destination,
    warehouse: &dyn Warehouse,
) -> Result<Ended> {
    let bar = statement_bar(&destination.slug, work);
    let compat = CompatChoice::compat(args.compat);
    let result = run::run(analysis, work, destination, compat, warehouse, &mut |name| {
        bar.inc(1);
        bar.set_message(name.to_string());
    });
    bar.finish_and_clear();
    let done = result?;
    let shown = match args.verbose {
        true => done.diagnostics.clone(),
        false => Diagnostics(
            done.diagnostics
                .0
                .iter()
                .filter(|d| d.severity == Severity::Error)
                .cloned()
                .collect(),
        ),
    };
    if !shown.0.is_empty() {
        report(&shown.within(&format!("experiment {}", destination.slug)));
    }
    if let Some(folder) = &args.export_dir {
        export(folder, destination, &done)?;
    }
    let state = if done.cells.failed > 0 {
        State::Failed
    } else {
        State::Complete
    };
    Ok(Ended {
        slug: destination.slug.clone(),
        state,
        report: done,
    })
}

/// A progress bar over the statements; hidden where stderr is no terminal.
pub fn statement_bar(slug: &str, work: &Work) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(
        Some(work.script().statements.len() as u64),
        ProgressDrawTarget::stderr(),
    );
    let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos} of {len} {msg:32}")
        .expect("the template of the progress bar is well formed");
    bar.set_style(style);
    bar.set_prefix(slug.to_string());
    bar
}

/// One JSON file per period, with the rows of the windows that this run computed.
pub fn export(folder: &std::path::Path, destination: &Destination, report: &Report) -> Result<()> {
    let mut periods: IndexMap<Period, Vec<Row>> = IndexMap::new();
    for (period, _, rows) in &report.statistics {
        periods.entry(*period).or_default().extend(rows.iter().cloned());
    }
    let texts: Vec<(String, String)> = periods
        .iter()
        .map(|(period, rows)| {
            let name = format!(
                "statistics_{}_{}.json",
                normalize(&destination.slug),
                period.view_word()
            );
            (name, format!("{}\n", results_json::statistics(rows)))
        })
        .collect();
    files::replace(
        &folder.join("statistics"),
        texts.iter().map(|(name, text)| (name.clone(), text.as_str())),
    )
}

fn print_script(slug: &str, script: &Script) -> Result<()> {
    script
        .statements
        .iter()
        .try_for_each(|statement| print(&format!("-- {slug}/{}.sql\n{}\n", statement.name, statement.sql)))
}

fn closing(ended: &[Ended], provenance: &[Provenance], format: Format) -> String {
    match format {
        Format::Json => {
            let experiments: Vec<Value> = ended
                .iter()
                .map(|one| {
                    json!({
                        "slug": one.slug,
                        "state": one.state.as_str(),
                        "tables": one.report.tables,
                        "cells": {
                            "numbers": one.report.cells.numbers,
                            "states": one.report.cells.states,
                            "failed": one.report.cells.failed,
                        },
                    })
                })
                .collect();
            let jobs: u64 = ended.iter().map(|one| one.report.jobs).sum();
            // The embedded engine bills no bytes.
            let mut report = json!({"experiments": experiments, "jobs": jobs, "bytes": 0});
            provenance::add_to(&mut report, provenance);
            format!("{report}\n")
        }
        Format::Text => {
            let mut out = String::new();
            for one in ended {
                let cells = &one.report.cells;
                out.push_str(&format!(
                    "{}: {}, {} tables, {} cells with a number",
                    one.slug,
                    one.state.as_str(),
                    one.report.tables.len(),
                    cells.numbers
                ));
                for (reason, count) in &cells.states {
                    out.push_str(&format!(", {count} with {reason}"));
                }
                if cells.failed > 0 {
                    out.push_str(&format!(", {} failed", cells.failed));
                }
                out.push('\n');
            }
            out
        }
    }
}
