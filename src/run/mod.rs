//! Runs the work of one experiment on a warehouse: cohort, metric tables, summaries, statistics tables, views.
//!
//! A statement that fails costs its own cells; the others go on, and the [`Report`] says what failed and why.

pub mod preflight;

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::analysis::{Analysis, Period};
use crate::diagnostics::{Diagnostics, Result};
use crate::extract::column_kind;
use crate::pipeline::{BasisWork, WindowWork, Work};
use crate::plan::summarize::{Columns, Source, SourceKind, summarize};
use crate::results::{decode, tables};
use crate::sql::script::{Statement, Target};
use crate::stats::corrections::correct;
use crate::stats::{self, Compat, Context, Estimates, Request, Row};
use crate::summary::ALL_SEGMENT;
use crate::tables::{Destination, TableName};
use crate::warehouse::{Rows, Warehouse};

/// What became of an experiment.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The tables and views that were written, in order.
    pub tables: Vec<String>,
    /// What became of its cells.
    pub cells: Cells,
    /// How many statements were sent.
    pub jobs: u64,
    /// The statistics by period and window.
    pub statistics: Vec<(Period, i64, Vec<Row>)>,
    /// Faults of statements, and the states of cells.
    pub diagnostics: Diagnostics,
}

/// Counts of cells: a cell is a metric with a statistic in a window, a segment and a basis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cells {
    /// Cells with a number.
    pub numbers: u64,
    /// Cells without one, by the short name of the reason.
    pub states: BTreeMap<String, u64>,
    /// Cells whose statement failed.
    pub failed: u64,
}

/// Runs the work. Nothing is executed when [`preflight`] finds a fault; afterwards faults are part of the report.
///
/// `progress` is told what is being done, statement by statement.
///
/// # Errors
/// Faults found before anything was executed.
pub fn run(
    analysis: &Analysis,
    work: &Work,
    destination: &Destination,
    compat: Compat,
    warehouse: &dyn Warehouse,
    progress: &mut dyn FnMut(&str),
) -> Result<Report> {
    preflight::check(analysis, work, warehouse)?;
    let mut runner = Runner {
        analysis,
        destination,
        compat,
        warehouse,
        progress,
        report: Report::default(),
    };
    if let Some(cohort) = &work.cohort
        && let Err(faults) = runner.execute(&cohort.statement)
    {
        // Nothing can be computed without the cohort.
        let bases = work.windows.iter().flat_map(|window| &window.bases);
        let cells: usize = bases.map(|basis| basis.requests.len()).sum();
        runner.report.cells.failed = (cells * runner.segments().len()).max(1) as u64;
        runner.report.diagnostics = faults;
        return Ok(runner.report);
    }
    for window in &work.windows {
        runner.window(window);
    }
    for view in &work.views {
        if let Err(faults) = runner.execute(view) {
            runner.report.diagnostics.0.extend(faults.0);
            runner.report.cells.failed += 1;
        }
    }
    Ok(runner.report)
}

struct Runner<'a> {
    analysis: &'a Analysis,
    destination: &'a Destination,
    compat: Compat,
    warehouse: &'a dyn Warehouse,
    progress: &'a mut dyn FnMut(&str),
    report: Report,
}

impl Runner<'_> {
    fn execute(&mut self, statement: &Statement) -> Result<()> {
        (self.progress)(&statement.name);
        self.report.jobs += 1;
        self.warehouse.execute(statement)?;
        match &statement.target {
            Target::Table(name) | Target::TableIfEmpty(name) | Target::View(name) => {
                self.report.tables.push(name.to_string());
            }
            Target::Rows => {}
        }
        Ok(())
    }

    /// One window. Its tables are written when at least one basis has statistics.
    fn window(&mut self, work: &WindowWork) {
        let mut rows = Vec::new();
        let mut states = Vec::new();
        for basis in &work.bases {
            match self.basis(work, basis) {
                Ok(estimates) => {
                    self.count(basis, &estimates);
                    for estimates in estimates {
                        rows.extend(estimates.rows);
                        states.extend(estimates.states.into_iter().map(|state| (basis.basis, state)));
                    }
                }
                Err(faults) => {
                    let cells = basis.requests.len() * self.segments().len();
                    self.report.cells.failed += cells as u64;
                    self.report.diagnostics.0.extend(faults.within(&basis.metrics.name).0);
                }
            }
        }
        if rows.is_empty() {
            return;
        }
        let (period, index) = (work.window.period, work.window.index);
        self.load(
            &self.destination.statistics(period, index),
            &tables::statistics(&rows),
            rows.len(),
        );
        self.load(&self.destination.states(period, index), &tables::states(&states), 0);
        self.report.statistics.push((period, index, rows));
    }

    /// Writes a table of ours; if that fails, `cells` of them are lost.
    fn load(&mut self, table: &TableName, rows: &Rows, cells: usize) {
        (self.progress)(&format!("tables {}", table.table));
        self.report.jobs += 1;
        match self.warehouse.load(table, rows) {
            Ok(()) => self.report.tables.push(table.to_string()),
            Err(faults) => {
                self.report.cells.failed += cells.max(1) as u64;
                self.report.diagnostics.0.extend(faults.within(&table.table).0);
            }
        }
    }

    /// Everybody, then the experiment's segments.
    fn segments(&self) -> Vec<String> {
        let segments = self
            .analysis
            .experiment
            .segments
            .iter()
            .map(|segment| segment.name.clone());
        std::iter::once(ALL_SEGMENT.to_string()).chain(segments).collect()
    }

    /// The estimates of a basis, one per request.
    fn basis(&mut self, work: &WindowWork, basis: &BasisWork) -> Result<Vec<Estimates>> {
        self.execute(&basis.metrics)?;
        let branches = &self.analysis.experiment.branches;
        let query = summarize(&basis.demand, &self.actual(&basis.source)?)?;
        let (progress, jobs) = (&mut self.progress, &mut self.report.jobs);
        let summaries = decode::read(&query, self.warehouse, branches, &mut |name| {
            progress(name);
            *jobs += 1;
        })?;
        let context = work.context(basis.basis, branches, self.compat);
        let estimate = |request: &Request| request.estimate(&summaries, &context);
        let mut estimates: Vec<Estimates> = basis.requests.iter().map(estimate).collect();
        correct(&basis.requests, &mut estimates);
        if let Some(units) = estimates.first_mut() {
            self.fill_counts(units, &context);
        }
        Ok(estimates)
    }

    /// A count of zero for each branch of the experiment without units in a segment.
    fn fill_counts(&self, units: &mut Estimates, context: &Context) {
        let request = stats::units();
        for segment in self.segments() {
            for branch in context.branches {
                if !units
                    .rows
                    .iter()
                    .any(|row| row.segment == segment && row.branch == *branch)
                {
                    units.rows.push(request.row(context, &segment, branch, 0.0));
                }
            }
        }
        units.states.clear();
    }

    /// The source with its columns' kinds as the warehouse has them.
    fn actual(&self, source: &Source) -> Result<Source> {
        let kind = match &source.kind {
            SourceKind::MetricTable {
                exposed_only,
                pre_periods,
            } => {
                let mut existing = IndexMap::new();
                for (period, (relation, _)) in pre_periods {
                    if self.warehouse.exists(&relation.table)? {
                        existing.insert(period.clone(), (relation.clone(), self.columns(&relation.table)?));
                    }
                }
                SourceKind::MetricTable {
                    exposed_only: *exposed_only,
                    pre_periods: existing,
                }
            }
            SourceKind::Extract { .. } => source.kind.clone(),
        };
        Ok(Source {
            columns: self.columns(&source.table.table)?,
            kind,
            ..source.clone()
        })
    }

    fn columns(&self, table: &TableName) -> Result<Columns> {
        let schema = self.warehouse.schema(table)?;
        Ok(schema
            .into_iter()
            .map(|(name, kind)| (name, column_kind(&kind)))
            .collect())
    }

    /// Counts the cells of a basis, and keeps the reasons of those that have one.
    fn count(&mut self, basis: &BasisWork, estimates: &[Estimates]) {
        for estimates in estimates {
            for segment in self.segments() {
                let has_number = |row: &Row| row.segment == segment && row.point.is_some();
                if estimates.rows.iter().any(has_number) {
                    self.report.cells.numbers += 1;
                    continue;
                }
                let lacks: Vec<_> = estimates
                    .states
                    .iter()
                    .filter(|state| !state.state.is_remark())
                    .collect();
                let state = lacks.iter().find(|state| state.segment == segment).or(lacks.first());
                let reason = state.map_or("no values", |state| state.state.as_str());
                *self.report.cells.states.entry(reason.to_string()).or_default() += 1;
            }
            // What only says how numbers came about stands in the states table.
            let remarks = estimates
                .states
                .iter()
                .filter(|state| !state.state.is_remark())
                .map(|state| state.diagnostic().within(basis.metrics.name.as_str()));
            self.report.diagnostics.0.extend(remarks);
        }
    }
}
