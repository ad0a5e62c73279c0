//! All stages in order: the only file that knows them all.
//!
//! [`compile`] gives the statements that are due; everything that a run does but executing is in it.

use jiff::civil::Date;

use crate::analysis::{Analysis, Basis, Period};
use crate::diagnostics::{Diagnostic, Diagnostics, Result, Severity};
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
    /// Why periods that should be due can't be: their dates leave no day.
    pub remarks: Diagnostics,
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
    let Some(first_window) = schedule::enrollments_window(&analysis.experiment)? else {
        return Ok(Work {
            cohort: None,
            windows: Vec::new(),
            remarks: Diagnostics::default(),
        });
    };
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
    Ok(Work {
        cohort,
        windows,
        remarks,
    })
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
    // A stable sort: windows of one date stay in the order of the periods.
    due.sort_by_key(|(date, _): &(Date, Window)| *date);
    due
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
