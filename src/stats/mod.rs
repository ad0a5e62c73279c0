//! Statistics: which summaries they need, and their estimates from those summaries.
//!
//! Pure arithmetic: no SQL, no warehouse, no files, and nothing here grows with the number of units. What statistics there
//! are and what they are named is [`Statistic`]; [`parse`] reads one from a resolved analysis, [`Request::demand`] says what it needs,
//! [`Request::estimate`] computes its rows. Formulas and sources stand in `docs/statistics.md`.

pub mod binomial;
pub mod bootstrap_mean;
pub mod corrections;
pub mod coverage;
pub mod curve;
pub mod deciles;
pub mod distribution;
pub mod empirical_cdf;
mod gaps;
pub mod grid;
pub mod histogram;
pub mod inversion;
pub mod kernel_cells;
pub mod kernel_density;
pub mod law;
pub mod linear_model;
pub mod moments;
pub mod pairs;
pub mod parameters;
mod parse;
pub mod population_ratio;
pub mod pre_treatment;
pub mod quantiles;
pub mod ratio;
mod row;
mod rows;
pub mod state;
mod statistic;
pub mod welch;
pub mod winsorized_mean;

use crate::analysis::{Basis, Period};
use crate::summary::{ALL_SEGMENT, Cell, ColumnKind, Covariate, CovariateNeed, Demand, Need, Step, Summaries};

pub use self::parse::{parameters_of, parse};
use self::pre_treatment::{PreTreatment, ValueKind};
pub use self::row::{Comparison, Interval, Row, Test};
use self::rows::Answer;
pub use self::state::{CellState, State};
pub use self::statistic::{Bootstrap, LinearModel, NAMES, Points, Ratio, Statistic, Winsorized};

/// Whether quirks of the reference implementation that change what a number means are reproduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compat {
    /// No: each difference has an entry in `docs/deviations.md`.
    #[default]
    None,
    /// Yes, for comparing side by side.
    Jetstream,
}

/// A statistic of a metric, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The metric, which is also the column's name.
    pub metric: String,
    /// The statistic.
    pub statistic: Statistic,
    /// What happens to the values before.
    pub pre_treatments: Vec<PreTreatment>,
}

impl Request {
    /// Why the statistic can't be computed of a column of this kind, where that is certain without data.
    pub fn refusal(&self, column: ColumnKind) -> Option<String> {
        if matches!(self.statistic, Statistic::Count) {
            return None;
        }
        let steps: Vec<Step> = self.pre_treatments.iter().map(|treatment| treatment.step(1)).collect();
        match (pre_treatment::kind_after(column, &steps), &self.statistic) {
            (Err(reason), _) => Some(reason),
            (Ok(ValueKind::Boolean), Statistic::LinearModelMean(_) | Statistic::PerClientDauImpact(_)) => {
                Some(linear_model::BOOLEAN.to_string())
            }
            (Ok(_), _) => None,
        }
    }
}

/// For which window, basis and experiment a statistic is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Context<'a> {
    /// The kind of window.
    pub period: Period,
    /// The window's length in days.
    pub days: i64,
    /// The basis.
    pub basis: Basis,
    /// The window's index within its period.
    pub window_index: Option<i64>,
    /// The branches of the experiment.
    pub branches: &'a [String],
    /// Whether to reproduce the reference's quirks.
    pub compat: Compat,
}

/// The rows of a statistic and the reasons for what is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimates {
    /// The rows, unique by branch, parameter, comparison and reference within segment.
    pub rows: Vec<Row>,
    /// The states.
    pub states: Vec<CellState>,
}

/// The count of units, which every result has beside its metrics: metric `identity`, statistic `count`.
pub fn units() -> Request {
    Request {
        metric: "identity".to_string(),
        statistic: Statistic::Count,
        pre_treatments: Vec::new(),
    }
}

impl Request {
    /// Adds what the statistic needs in a window to the demand.
    pub fn demand(&self, context: &Context, demand: &mut Demand) {
        demand.add(self.cell(context));
    }

    /// The summary that the statistic needs in a window.
    pub fn cell(&self, context: &Context) -> Cell {
        let steps = self
            .pre_treatments
            .iter()
            .map(|treatment| treatment.step(context.days))
            .collect();
        let model = match &self.statistic {
            Statistic::LinearModelMean(model) | Statistic::PerClientDauImpact(model) => Some(model),
            Statistic::Count
            | Statistic::Sum
            | Statistic::Binomial { .. }
            | Statistic::Deciles { .. }
            | Statistic::Quantiles { .. }
            | Statistic::WinsorizedMean(_)
            | Statistic::EmpiricalCdf(_)
            | Statistic::BootstrapMean(_)
            | Statistic::PopulationRatio { .. }
            | Statistic::Ratio(_)
            | Statistic::KernelDensityEstimate { .. } => None,
        };
        let covariate = match (&self.statistic, model) {
            (Statistic::Ratio(ratio), _) => {
                let covariate = ratio.covariate;
                covariate.map(|period| (&self.metric, period, CovariateNeed::Nothing))
            }
            (_, Some(model)) => model.covariate.as_ref().map(|(metric, period)| {
                let need = match model.is_classical(context.compat) {
                    true => CovariateNeed::Grid,
                    false => CovariateNeed::Residuals,
                };
                (metric.as_ref().unwrap_or(&self.metric), *period, need)
            }),
            (_, None) => None,
        };
        Cell {
            metric: self.metric.clone(),
            need: self.need(),
            steps,
            clip_quantile: model
                .map(|model| 1.0 - model.drop_highest)
                .filter(|quantile| *quantile < 1.0),
            covariate: covariate
                .filter(|_| !context.period.is_preenrollment())
                .map(|(metric, period, need)| Covariate {
                    metric: metric.clone(),
                    period: period.as_str().to_string(),
                    need,
                }),
        }
    }

    fn need(&self) -> Need {
        match &self.statistic {
            Statistic::Count => Need::Rows,
            Statistic::Sum
            | Statistic::Binomial { .. }
            | Statistic::LinearModelMean(_)
            | Statistic::PerClientDauImpact(_) => Need::Moments,
            Statistic::Deciles { .. }
            | Statistic::Quantiles { .. }
            | Statistic::WinsorizedMean(_)
            | Statistic::BootstrapMean(_)
            | Statistic::EmpiricalCdf(_)
            | Statistic::KernelDensityEstimate { .. } => Need::Histogram,
            Statistic::Ratio(ratio) => Need::Ratio {
                numerator: ratio.numerator.clone(),
                denominator: ratio.denominator.clone(),
            },
            Statistic::PopulationRatio {
                numerator, denominator, ..
            } => Need::Pairs {
                numerator: numerator.clone(),
                denominator: denominator.clone(),
            },
        }
    }

    /// The statistic's name in result rows.
    pub fn name(&self) -> &str {
        match &self.statistic {
            Statistic::Count => "count",
            Statistic::Sum => "sum",
            Statistic::Binomial { .. } => "binomial",
            Statistic::Deciles { .. } => "deciles",
            Statistic::Quantiles { .. } => "quantiles",
            Statistic::WinsorizedMean(_) => "winsorized_mean",
            Statistic::BootstrapMean(_) => "mean",
            Statistic::PopulationRatio { .. } => "population_ratio",
            Statistic::Ratio(ratio) => ratio.name,
            Statistic::EmpiricalCdf(_) => "empirical_cdf",
            Statistic::KernelDensityEstimate { .. } => "kernel_density_estimate",
            Statistic::LinearModelMean(model) | Statistic::PerClientDauImpact(model) => &model.name,
        }
    }

    /// A branch's own row without an interval.
    pub fn row(&self, context: &Context, segment: &str, branch: &str, point: f64) -> Row {
        Row {
            metric: self.metric.clone(),
            statistic: self.name().to_string(),
            parameter: None,
            branch: branch.to_string(),
            comparison: None,
            comparison_to_branch: None,
            ci_width: None,
            point: Some(point),
            lower: None,
            upper: None,
            segment: segment.to_string(),
            analysis_basis: context.basis.as_str(),
            window_index: context.window_index,
            test: None,
        }
    }

    /// The statistic's rows in all segments of its summary, and the reasons for what is missing.
    pub fn estimate(&self, summaries: &Summaries, context: &Context) -> Estimates {
        let cell = self.cell(context);
        let mut answer = Answer {
            request: self,
            context,
            segment: "",
            estimates: Estimates::default(),
        };
        match summaries.get(&cell) {
            Some(summary) if !cell.needs_column() || summary.column.is_some() => {
                for (segment, group) in &summary.groups {
                    answer.segment = segment;
                    let (rows, states) = (answer.estimates.rows.len(), answer.estimates.states.len());
                    rows::estimate_group(self, summary, group, &mut answer);
                    answer.explain_gaps(group, rows, states);
                }
            }
            Some(_) | None => {
                answer.segment = ALL_SEGMENT;
                answer.state(None, State::MetricMissing);
            }
        }
        answer.estimates
    }
}
