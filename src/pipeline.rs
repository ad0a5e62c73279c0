//! All stages in order: the only file that knows them all.
//!
//! [`compile`] gives the statements that are due; everything that a run does but executing is in it.

use jiff::civil::Date;

use crate::analysis::{Analysis, Basis, Period};
use crate::diagnostics::Result;
use crate::plan::node::Node;
use crate::plan::{cohort, unit_window};
use crate::schedule::{self, Window};
use crate::sql::compile::compile as statement;
use crate::sql::script::{Script, Statement};
use crate::tables::Destination;

/// Which windows to compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The last day whose data is complete; `None` for every day of the experiment's life.
    pub date: Option<Date>,
    /// The periods to compute.
    pub periods: Vec<Period>,
}

/// Everything that is due for an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The statement of the cohort; absent before enrollment has ended.
    pub cohort: Option<Statement>,
    /// The windows that are due, in the order of their dates.
    pub windows: Vec<WindowWork>,
}

/// One window that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowWork {
    /// The date on which it is due.
    pub date: Date,
    /// The window.
    pub window: Window,
    /// Its bases.
    pub bases: Vec<BasisWork>,
}

/// One basis of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct BasisWork {
    /// The basis.
    pub basis: Basis,
    /// One row per unit.
    pub metrics: Statement,
}

impl Work {
    /// The statements in the order in which they run.
    pub fn script(&self) -> Script {
        let bases = self.windows.iter().flat_map(|window| &window.bases);
        let statements = self.cohort.iter().chain(bases.map(|basis| &basis.metrics));
        Script {
            statements: statements.cloned().collect(),
        }
    }
}

/// Compiles what is due of an experiment.
///
/// # Errors
/// Every fault of every statement; nothing is compiled in part.
pub fn compile(analysis: &Analysis, selection: &Selection, destination: &Destination) -> Result<Work> {
    let due = due(analysis, selection)?;
    let Some(first_window) = schedule::enrollments_window(&analysis.experiment)? else {
        return Ok(Work {
            cohort: None,
            windows: Vec::new(),
        });
    };
    let is_enrolled = !due_on(analysis, selection, &[Period::Day])?.is_empty() || !due.is_empty();
    let cohort = match is_enrolled {
        true => {
            let node = Node::Cohort(cohort::cohort(analysis, &first_window, destination)?);
            Some(statement(&node, "enrollments".to_string())?)
        }
        false => None,
    };
    let windows = due
        .iter()
        .map(|(date, window)| {
            let repeated = due.iter().filter(|(_, other)| other.period == window.period).count() > 1;
            window_work(analysis, *date, window, repeated, destination)
        })
        .collect::<Result<Vec<WindowWork>>>()?;
    Ok(Work { cohort, windows })
}

/// The windows of the selected periods that have metrics, with their dates, in the order of the dates.
fn due(analysis: &Analysis, selection: &Selection) -> Result<Vec<(Date, Window)>> {
    let has_metrics = |period: &Period| {
        analysis
            .periods
            .get(period)
            .is_some_and(|summaries| !summaries.is_empty())
    };
    let periods: Vec<Period> = selection.periods.iter().copied().filter(has_metrics).collect();
    due_on(analysis, selection, &periods)
}

fn due_on(analysis: &Analysis, selection: &Selection, periods: &[Period]) -> Result<Vec<(Date, Window)>> {
    let experiment = &analysis.experiment;
    if let Some(date) = selection.date {
        let windows = schedule::due(experiment, date, periods)?;
        return Ok(windows.into_iter().map(|window| (date, window)).collect());
    }
    let Some(last) = schedule::last_date(experiment) else {
        return Ok(Vec::new());
    };
    let mut due = Vec::new();
    for period in periods {
        due.extend(schedule::calendar(experiment, *period, last)?);
    }
    // A stable sort: windows of one date stay in the order of the periods.
    due.sort_by_key(|(date, _)| *date);
    Ok(due)
}

fn window_work(
    analysis: &Analysis,
    date: Date,
    window: &Window,
    repeated: bool,
    destination: &Destination,
) -> Result<WindowWork> {
    let suffix = if repeated {
        format!("_{}", window.index)
    } else {
        String::new()
    };
    let mut bases = Vec::new();
    for basis in Basis::ALL {
        if let Some(node) = unit_window::unit_window(analysis, window, basis, destination)? {
            let name = format!("metrics_{}_{}{suffix}", window.period.as_str(), basis.as_str());
            bases.push(BasisWork {
                basis,
                metrics: statement(&Node::UnitWindow(node), name)?,
            });
        }
    }
    Ok(WindowWork {
        date,
        window: window.clone(),
        bases,
    })
}
