//! The compiler's stages in order: an analysis and a date in, every statement that is due out.
//!
//! What `compile` and a dry run print is what [`run`](crate::run) executes.

use indexmap::IndexMap;
use jiff::civil::Date;

use crate::analysis::{Analysis, Basis, Period, Segment};
use crate::diagnostics::{Diagnostic, Diagnostics, Result, Severity};
use crate::plan::column_kind::column_kind;
use crate::plan::node::{Cohort, Node, PeriodView, Relation, UnitWindow};
use crate::plan::summarize::{Columns, Source, SourceKind, SummaryQuery, summarize};
use crate::plan::{cohort, unit_window};
use crate::schedule::{self, Window};
use crate::sql::compile::compile as statement;
use crate::sql::script::{Script, Statement, Target};
use crate::stats::{self, Compat, Context, Request};
use crate::summary::{ColumnKind, Demand};
use crate::tables::Destination;

/// Which windows to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The last day whose data is complete; `None` for every day of the experiment's life.
    pub date: Option<Date>,
    /// The periods to compute.
    pub periods: Vec<Period>,
    /// Whether statistics reproduce the reference's quirks.
    pub compat: Compat,
    /// Whether each data source gets a view of its metrics, beside the one of all.
    pub source_views: bool,
    /// Whether every statement stands alone: it holds the queries of the tables that it would read. There are no views then, which
    /// would have nothing to read.
    pub inline: bool,
}

/// Every window of an experiment's life.
impl Default for Selection {
    fn default() -> Self {
        Self {
            date: None,
            periods: Period::ALL.to_vec(),
            compat: Compat::None,
            source_views: false,
            inline: false,
        }
    }
}

/// Everything that is due for an experiment.
#[derive(Debug, Clone)]
pub struct Work {
    /// The cohort; absent before enrollment has ended.
    pub cohort: Option<CohortWork>,
    /// The windows that are due, in the order of their dates.
    pub windows: Vec<WindowWork>,
    /// The views over the windows' tables.
    pub views: Vec<Statement>,
    /// Why periods that should be due can't be: their dates leave no day.
    pub remarks: Diagnostics,
}

/// The experiment's population.
#[derive(Debug, Clone)]
pub struct CohortWork {
    /// Its plan.
    pub node: Cohort,
    /// One row per unit.
    pub statement: Statement,
}

/// One window that is due.
#[derive(Debug, Clone)]
pub struct WindowWork {
    /// The date on which it is due.
    pub date: Date,
    /// The window.
    pub window: Window,
    /// Its bases.
    pub bases: Vec<BasisWork>,
}

/// One basis of a window.
#[derive(Debug, Clone)]
pub struct BasisWork {
    /// The basis.
    pub basis: Basis,
    /// The plan of its metrics.
    pub node: UnitWindow,
    /// One row per unit.
    pub metrics: Statement,
    /// The statistics, the count of units first.
    pub requests: Vec<Request>,
    /// What the statistics need summarised.
    pub demand: Demand,
    /// Where the summaries are read from, with the kinds of columns that the expressions tell.
    pub source: Source,
    /// The statements of the summaries.
    pub summaries: SummaryQuery,
}

impl Work {
    /// The statements in the order in which they run.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        let cohort = self.cohort.iter().map(|cohort| &cohort.statement);
        let bases = self.windows.iter().flat_map(|window| &window.bases);
        cohort.chain(bases.flat_map(BasisWork::statements)).chain(&self.views)
    }

    /// A copy of the statements in the order in which they run.
    pub fn script(&self) -> Script {
        Script {
            statements: self.statements().cloned().collect(),
        }
    }

    /// The statements as [`Work::script`] gives them, without a copy.
    pub fn into_script(self) -> Script {
        let bases = self.windows.into_iter().flat_map(|window| window.bases);
        let windows = bases.flat_map(|basis| std::iter::once(basis.metrics).chain(basis.summaries.statements));
        let cohort = self.cohort.into_iter().map(|cohort| cohort.statement);
        Script {
            statements: cohort.chain(windows).chain(self.views).collect(),
        }
    }
}

impl BasisWork {
    /// The statement of the metrics, then those of the summaries.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        std::iter::once(&self.metrics).chain(&self.summaries.statements)
    }
}

impl WindowWork {
    /// What the statistics are told about the window.
    pub fn context<'a>(&self, basis: Basis, branches: &'a [String], compat: Compat) -> Context<'a> {
        Context {
            period: self.window.period,
            days: self.window.end - self.window.start + 1,
            basis,
            window_index: Some(self.window.index),
            branches,
            compat,
        }
    }
}

/// Compiles what is due of an experiment.
///
/// # Errors
/// Every fault of its statistics, or the faults of its first statement that has any; nothing is compiled in part.
pub fn compile(analysis: &Analysis, selection: &Selection, destination: &Destination) -> Result<Work> {
    let Some(first_window) = schedule::enrollments_window(&analysis.experiment)? else {
        return Ok(Work {
            cohort: None,
            windows: Vec::new(),
            views: Vec::new(),
            remarks: Diagnostics::default(),
        });
    };
    let requests = requests(analysis)?;
    let mut remarks = Diagnostics::default();
    let is_enrolled = !due(analysis, selection.date, &[Period::Day], &mut remarks).is_empty();
    let has_metrics = |period: &Period| {
        analysis
            .periods
            .get(period)
            .is_some_and(|summaries| !summaries.is_empty())
    };
    let periods: Vec<Period> = selection.periods.iter().copied().filter(has_metrics).collect();
    let due = due(analysis, selection.date, &periods, &mut remarks);
    let cohort = match is_enrolled || !due.is_empty() {
        true => {
            let node = cohort::cohort(analysis, &first_window, destination)?;
            let mut statement = statement(&Node::Cohort(node.clone()), "enrollments".to_string())?;
            if selection.inline {
                statement.target = Target::Rows;
            }
            Some(CohortWork { node, statement })
        }
        false => None,
    };
    let mut compiler = Compiler {
        analysis,
        selection,
        destination,
        requests,
        inlined: cohort.as_ref().filter(|_| selection.inline).map(|cohort| Relation {
            table: cohort.node.target.clone(),
            query: Some(cohort.statement.query().to_string()),
        }),
        covariates: Vec::new(),
    };
    compiler.covariates = compiler.covariates()?;
    let windows = due
        .iter()
        .map(|(date, window)| {
            let is_repeated = due.iter().filter(|(_, other)| other.period == window.period).count() > 1;
            compiler.window(*date, window, is_repeated)
        })
        .collect::<Result<Vec<WindowWork>>>()?;
    let views = match selection.inline {
        true => Vec::new(),
        false => compiler.views(&windows)?,
    };
    Ok(Work {
        cohort,
        windows,
        views,
        remarks,
    })
}

/// The statistics of each period, checked.
fn requests(analysis: &Analysis) -> Result<IndexMap<Period, Vec<Request>>> {
    let mut faults = Vec::new();
    let mut requests = IndexMap::new();
    for (period, summaries) in &analysis.periods {
        let parsed = summaries
            .iter()
            .filter_map(|summary| stats::parse(summary).map_err(|more| faults.extend(more.0)).ok());
        requests.insert(*period, parsed.collect());
    }
    // A statistic that several periods ask for has the same faults in each.
    faults.dedup();
    match faults.is_empty() {
        true => Ok(requests),
        false => Err(Diagnostics(faults)),
    }
}

/// The windows of the periods with the dates on which they are due, in the order of the dates. A period whose dates are
/// impossible costs only itself and leaves a remark.
fn due(analysis: &Analysis, date: Option<Date>, periods: &[Period], remarks: &mut Diagnostics) -> Vec<(Date, Window)> {
    let experiment = &analysis.experiment;
    let mut due = Vec::new();
    for period in periods {
        let windows = match (date, schedule::last_date(experiment)) {
            (Some(date), _) => schedule::due(experiment, date, &[*period])
                .map(|windows| windows.into_iter().map(|window| (date, window)).collect()),
            (None, Some(last)) => schedule::calendar(experiment, *period, last),
            (None, None) => Ok(Vec::new()),
        };
        match windows {
            Ok(windows) => due.extend(windows),
            Err(faults) => {
                let faults = faults.0.into_iter().map(|fault| Diagnostic {
                    severity: Severity::Warning,
                    ..fault
                });
                remarks.0.extend(faults);
            }
        }
    }
    // Windows before enrollment are covariates of the others, so they come first on their date.
    due.sort_by_key(|(date, window): &(Date, Window)| (*date, !window.period.is_preenrollment()));
    due
}

struct Compiler<'a> {
    analysis: &'a Analysis,
    selection: &'a Selection,
    destination: &'a Destination,
    requests: IndexMap<Period, Vec<Request>>,
    /// The cohort's query, if statements stand alone.
    inlined: Option<Relation>,
    covariates: Vec<Covariates>,
}

/// A table of metrics before enrollment, which adjusts those of later windows.
struct Covariates {
    /// The date on which it is made.
    date: Date,
    period: Period,
    table: Relation,
    columns: Columns,
}

impl Compiler<'_> {
    /// The tables before enrollment, whatever their date.
    fn covariates(&self) -> Result<Vec<Covariates>> {
        let experiment = &self.analysis.experiment;
        let Some(last) = schedule::last_date(experiment) else {
            return Ok(Vec::new());
        };
        let mut tables = Vec::new();
        for period in [Period::PreenrollmentWeek, Period::PreenrollmentDays28] {
            for (date, window) in schedule::calendar(experiment, period, last)? {
                if let Some(node) = self.unit_window(&window, Basis::Enrollments)? {
                    tables.push(Covariates {
                        date,
                        period,
                        columns: told_columns(&node),
                        table: self.relation(&node)?,
                    });
                }
            }
        }
        Ok(tables)
    }

    /// The plan of a window and basis, if the period has metrics on it.
    fn unit_window(&self, window: &Window, basis: Basis) -> Result<Option<UnitWindow>> {
        let node = unit_window::unit_window(self.analysis, window, basis, self.destination)?;
        Ok(match (node, &self.inlined) {
            (Some(node), Some(enrollments)) => Some(UnitWindow {
                enrollments: enrollments.clone(),
                with: vec![enrollments.clone()],
                ..node
            }),
            (node, _) => node,
        })
    }

    /// A window's table as later statements read it. Its query leaves it to them to define the cohort, which several share.
    fn relation(&self, node: &UnitWindow) -> Result<Relation> {
        if self.inlined.is_none() {
            return Ok(Relation::stored(node.target.clone()));
        }
        let bare = UnitWindow {
            with: Vec::new(),
            ..node.clone()
        };
        let statement = statement(&Node::UnitWindow(bare), "metrics".to_string())?;
        Ok(Relation {
            table: node.target.clone(),
            query: Some(statement.query().to_string()),
        })
    }

    /// The statements of a window. Where several windows of its period are due, its index ends their names.
    fn window(&self, date: Date, window: &Window, is_repeated: bool) -> Result<WindowWork> {
        let suffix = if is_repeated {
            format!("_{}", window.index)
        } else {
            String::new()
        };
        let mut work = WindowWork {
            date,
            window: window.clone(),
            bases: Vec::new(),
        };
        for basis in Basis::ALL {
            if let Some(node) = self.unit_window(window, basis)? {
                let basis = self.basis(&work, node, basis, &suffix)?;
                work.bases.push(basis);
            }
        }
        Ok(work)
    }

    fn basis(&self, work: &WindowWork, node: UnitWindow, basis: Basis, suffix: &str) -> Result<BasisWork> {
        let name = |purpose: &str| format!("{purpose}_{}_{}{suffix}", node.period, node.basis);
        let mut metrics = statement(&Node::UnitWindow(node.clone()), name("metrics"))?;
        if self.inlined.is_some() {
            metrics.target = Target::Rows;
        }
        let experiment = &self.analysis.experiment;
        let mut requests = vec![stats::units()];
        let of_basis = |request: &&Request| self.analysis.metrics[&request.metric].analysis_bases.contains(&basis);
        requests.extend(
            self.requests
                .get(&work.window.period)
                .into_iter()
                .flatten()
                .filter(of_basis)
                .cloned(),
        );
        let context = work.context(basis, &experiment.branches, self.selection.compat);
        let mut demand = Demand::default();
        for request in &requests {
            request.demand(&context, &mut demand);
        }
        let source = Source {
            table: self.relation(&node)?,
            with: self.inlined.iter().cloned().collect(),
            columns: told_columns(&node),
            kind: SourceKind::MetricTable {
                exposed_only: basis == Basis::Exposures,
                pre_periods: self.pre_periods(work),
            },
            segments: experiment.segments.iter().map(|segment| segment.name.clone()).collect(),
            title: format!(
                "experiment {}, {} {}, basis {}",
                node.slug, node.period, node.index, node.basis
            ),
            name: name("summaries"),
        };
        let summaries = summarize(&demand, &source)?;
        Ok(BasisWork {
            basis,
            node,
            metrics,
            requests,
            demand,
            source,
            summaries,
        })
    }

    /// The tables of windows before enrollment that are there on the window's date.
    fn pre_periods(&self, work: &WindowWork) -> IndexMap<String, (Relation, Columns)> {
        let is_there = |table: &&Covariates| !work.window.period.is_preenrollment() && table.date <= work.date;
        let tables = self.covariates.iter().filter(is_there);
        tables
            .map(|table| {
                (
                    table.period.as_str().to_string(),
                    (table.table.clone(), table.columns.clone()),
                )
            })
            .collect()
    }

    /// One view per data source of a period and basis: its metrics and sanity columns beside what every metric table says of a unit.
    fn source_views(&self, windows: &[WindowWork], period: Period, basis: Basis) -> Result<Vec<Statement>> {
        let of_period = windows.iter().filter(|work| work.window.period == period);
        let mut nodes = of_period
            .flat_map(|work| &work.bases)
            .filter(|work| work.basis == basis);
        // The windows of a period have the same metrics.
        let Some(work) = nodes.next() else {
            return Ok(Vec::new());
        };
        let (word, basis_word) = (period.as_str(), basis.as_str());
        let views = work.node.sources.iter().map(|source| {
            let own = work.node.columns.iter().filter(|column| column.cte == source.cte);
            let view = PeriodView {
                title: format!(
                    "Metrics of experiment {}, {word}, basis {basis_word}, from the data source {}",
                    self.destination.slug, source.name
                ),
                target: self.destination.source_view(basis, &source.name, period),
                tables: self.destination.metrics_of_period(basis, period),
                columns: unit_columns(&self.analysis.experiment.segments)
                    .chain(own.map(|column| column.name.clone()))
                    .collect(),
            };
            statement(
                &Node::PeriodView(view),
                format!("view_{word}_{basis_word}_{}", source.name),
            )
        });
        views.collect()
    }

    /// The views of the periods that have a window.
    fn views(&self, windows: &[WindowWork]) -> Result<Vec<Statement>> {
        let mut views = Vec::new();
        for period in Period::ALL {
            let of_period = windows.iter().filter(|work| work.window.period == period);
            let bases: Vec<Basis> = of_period
                .flat_map(|work| work.bases.iter().map(|basis| basis.basis))
                .collect();
            let word = period.as_str();
            for basis in Basis::ALL.into_iter().filter(|basis| bases.contains(basis)) {
                if self.selection.source_views {
                    views.extend(self.source_views(windows, period, basis)?);
                }
                let view = PeriodView {
                    title: format!(
                        "Metrics of experiment {}, {word}, basis {}",
                        self.destination.slug,
                        basis.as_str()
                    ),
                    target: self.destination.metrics_view(basis, period),
                    tables: self.destination.metrics_of_period(basis, period),
                    columns: Vec::new(),
                };
                views.push(statement(
                    &Node::PeriodView(view),
                    format!("view_{word}_{}", basis.as_str()),
                )?);
            }
            if !bases.is_empty() {
                let view = PeriodView {
                    title: format!("Statistics of experiment {}, {word}", self.destination.slug),
                    target: self.destination.statistics_view(period),
                    tables: self.destination.statistics_of_period(period),
                    columns: Vec::new(),
                };
                views.push(statement(&Node::PeriodView(view), format!("view_{word}_statistics"))?);
            }
        }
        Ok(views)
    }
}

/// The columns that every metric table has, in order.
fn unit_columns(segments: &[Segment]) -> impl Iterator<Item = String> + '_ {
    let before = ["analysis_id", "branch", "enrollment_date", "num_enrollment_events"];
    let after = [
        "exposure_date",
        "num_exposure_events",
        "analysis_window_start",
        "analysis_window_end",
    ];
    let segments = segments.iter().map(|segment| segment.name.clone());
    (before.into_iter().map(str::to_string))
        .chain(segments)
        .chain(after.into_iter().map(str::to_string))
}

/// The columns of a metric table as far as the expressions tell their kinds; a column of unknown kind is taken for a number.
fn told_columns(node: &UnitWindow) -> Columns {
    let metrics = node.sources.iter().flat_map(|source| &source.metrics);
    metrics
        .map(|metric| {
            (
                metric.name.clone(),
                column_kind(&metric.select).unwrap_or(ColumnKind::Float),
            )
        })
        .collect()
}
