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
mod rows;
pub mod state;
pub mod welch;
pub mod winsorized_mean;

use serde::Serialize;

use crate::analysis::{Basis, Period};
use crate::summary::{ALL_SEGMENT, Cell, ColumnKind, Covariate, CovariateNeed, Demand, Need, Step, Summaries};

use self::corrections::Correction;
use self::coverage::{Coverage, Looks};
use self::distribution::t_survival;
use self::kernel_density::{Bandwidth, Kernel};
pub use self::parse::{parameters_of, parse};
use self::pre_treatment::{PreTreatment, ValueKind};
use self::rows::Answer;
pub use self::state::{CellState, State};

/// Whether quirks of the reference implementation that change what a number means are reproduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Compat {
    /// No: each difference has an entry in `docs/deviations.md`.
    #[default]
    None,
    /// Yes, for comparing side by side.
    Jetstream,
}

/// One row of results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The metric.
    pub metric: String,
    /// The statistic's name in results, such as `mean_lm`.
    pub statistic: String,
    /// A number as text, for statistics with one row per parameter value.
    pub parameter: Option<String>,
    /// The branch.
    pub branch: String,
    /// What the branch is compared by; `None` for the branch's own estimate.
    pub comparison: Option<Comparison>,
    /// The reference branch of a comparison.
    pub comparison_to_branch: Option<String>,
    /// The nominal coverage of the interval.
    pub ci_width: Option<f64>,
    /// The estimate.
    pub point: Option<f64>,
    /// The interval's lower end.
    pub lower: Option<f64>,
    /// The interval's upper end.
    pub upper: Option<f64>,
    /// The segment.
    pub segment: String,
    /// The basis's table word.
    pub analysis_basis: &'static str,
    /// The index of the window within its period.
    pub window_index: Option<i64>,
    /// The test of a difference that has one; not a column, but what [`corrections`] make p-values of.
    #[serde(skip)]
    pub test: Option<Test>,
}

/// How two branches are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Branch minus reference.
    Difference,
    /// Branch over reference, minus 1.
    RelativeUplift,
}

impl Comparison {
    /// The word in result rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Comparison::Difference => "difference",
            Comparison::RelativeUplift => "relative_uplift",
        }
    }
}

/// A t test of a difference against zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The estimate over its standard error.
    pub t: f64,
    /// The degrees of freedom.
    pub degrees_of_freedom: f64,
}

impl Test {
    /// The probability of an estimate at least as far from zero to either side, were there no difference.
    pub fn p_value(self) -> f64 {
        2.0 * t_survival(self.t.abs(), self.degrees_of_freedom)
    }
}

/// An estimate with its interval; what is not finite is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub point: Option<f64>,
    /// The lower end.
    pub lower: Option<f64>,
    /// The upper end.
    pub upper: Option<f64>,
    /// The test against no difference, where a statistic has one.
    pub test: Option<Test>,
}

impl Interval {
    /// An estimate with its ends.
    pub fn new(point: f64, lower: f64, upper: f64) -> Self {
        let finite = |value: f64| value.is_finite().then_some(value);
        Self {
            point: finite(point),
            lower: finite(lower),
            upper: finite(upper),
            test: None,
        }
    }

    /// The same with a test.
    pub fn with_test(self, test: Option<Test>) -> Self {
        Self { test, ..self }
    }

    /// An estimate with ends at the same distance.
    pub fn symmetric(point: f64, half: f64) -> Self {
        Self::new(point, point - half, point + half)
    }

    /// Everything times a factor.
    pub fn scaled(self, factor: f64) -> Self {
        let times = |value: Option<f64>| value.map(|value| value * factor);
        Self {
            point: times(self.point),
            lower: times(self.lower),
            upper: times(self.upper),
            test: self.test,
        }
    }
}

/// A statistic with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum Statistic {
    /// Rows per branch.
    Count,
    /// The sum of the values per branch.
    Sum,
    /// Proportions and their comparisons.
    Binomial {
        /// The nominal coverage.
        confidence: f64,
    },
    /// Means and their comparisons by least squares.
    LinearModelMean(LinearModel),
    /// Differences of means scaled to all units.
    PerClientDauImpact(LinearModel),
    /// The nine deciles and their comparisons.
    Deciles {
        /// The nominal coverage.
        confidence: f64,
        /// How many draws the reference implementation makes; decides only when a ratio counts as undefined.
        samples: f64,
    },
    /// Sample quantiles and their comparisons.
    Quantiles {
        /// The orders, each between 0 and 1.
        orders: Vec<f64>,
        /// The nominal coverage.
        confidence: f64,
    },
    /// Means of values brought to pooled quantiles at both ends, and their comparisons.
    WinsorizedMean(Winsorized),
    /// Means and their comparisons by the Bayesian bootstrap.
    BootstrapMean(Bootstrap),
    /// Ratios of two metrics' means and their comparisons by the bootstrap.
    PopulationRatio {
        /// The metric above the line.
        numerator: String,
        /// The metric below it.
        denominator: String,
        /// How it is resampled.
        bootstrap: Bootstrap,
    },
    /// Ratios of two metrics' means and their comparisons by the delta method.
    Ratio(Ratio),
    /// The empirical distribution function.
    EmpiricalCdf(Points),
    /// A kernel density estimate.
    KernelDensityEstimate {
        /// How wide the kernel is.
        bandwidth: Bandwidth,
        /// Its shape.
        kernel: Kernel,
        /// A factor on the bandwidth; the reference no longer supports any but 1.
        adjust: f64,
        /// Where it is computed.
        points: Points,
    },
}

/// The parameters of the bootstraps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// The nominal coverage.
    pub confidence: f64,
    /// The share of values that is clipped, within each branch.
    pub drop_highest: f64,
    /// How many draws the reference implementation makes; decides only when a ratio counts as undefined.
    pub samples: f64,
}

/// The parameters of ratios by the delta method.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// The statistic's name in results.
    pub name: &'static str,
    /// The metric above the line.
    pub numerator: String,
    /// The metric below it.
    pub denominator: String,
    /// What the intervals promise.
    pub coverage: Coverage,
    /// The period before enrollment whose ratio explains part of the variance.
    pub covariate: Option<Period>,
    /// The correction of its p-values for many comparisons, if p-values are asked for.
    pub correction: Option<Correction>,
}

/// The parameters of winsorised means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Winsorized {
    /// The share of values at the lower end that become the quantile of this order.
    pub lowest: f64,
    /// The share of values at the upper end that become the quantile of order 1 less this.
    pub highest: f64,
    /// The nominal coverage.
    pub confidence: f64,
    /// The correction of its p-values for many comparisons, if p-values are asked for.
    pub correction: Option<Correction>,
}

/// The grid of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// How many points.
    pub size: usize,
    /// Whether they are spaced geometrically.
    pub log_space: bool,
}

/// The parameters of the linear models.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// The statistic's name in results.
    pub name: String,
    /// What the intervals promise.
    pub coverage: Coverage,
    /// The share of values that is clipped.
    pub drop_highest: f64,
    /// The covariate's metric (`None`: the metric itself) and period.
    pub covariate: Option<(Option<String>, Period)>,
    /// The correction of its p-values for many comparisons, if p-values are asked for.
    pub correction: Option<Correction>,
}

impl Statistic {
    /// The correction of p-values that the statistic asks for.
    pub fn correction(&self) -> Option<Correction> {
        match self {
            Statistic::LinearModelMean(model) | Statistic::PerClientDauImpact(model) => model.correction,
            Statistic::WinsorizedMean(winsorized) => winsorized.correction,
            Statistic::Ratio(ratio) => ratio.correction,
            Statistic::Count
            | Statistic::Sum
            | Statistic::Binomial { .. }
            | Statistic::Deciles { .. }
            | Statistic::Quantiles { .. }
            | Statistic::EmpiricalCdf(_)
            | Statistic::BootstrapMean(_)
            | Statistic::PopulationRatio { .. }
            | Statistic::KernelDensityEstimate { .. } => None,
        }
    }
}

impl LinearModel {
    /// Whether the model is fitted as the reference implementation fits it, which has nothing for data that is looked at again and again.
    fn is_classical(&self, compat: Compat) -> bool {
        compat == Compat::Jetstream && self.coverage.looks == Looks::One
    }
}

/// The configured names, for suggestions.
pub const NAMES: [&str; 16] = [
    "binomial",
    "bootstrap_mean",
    "count",
    "deciles",
    "empirical_cdf",
    "kernel_density_estimate",
    "linear_model_mean",
    "linear_model_mean_no_clip",
    "per_client_dau_impact",
    "population_ratio",
    "quantiles",
    "ratio",
    "sequential_mean",
    "sequential_ratio",
    "sum",
    "winsorized_mean",
];

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
