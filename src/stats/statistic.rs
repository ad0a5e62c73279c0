//! What statistics there are, with their parameters. Knows neither how they are read from configs nor how they are computed.

use super::Compat;
use super::corrections::Correction;
use super::coverage::{Coverage, Looks};
use super::kernel_density::{Bandwidth, Kernel};
use crate::analysis::Period;

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
    pub(super) fn is_classical(&self, compat: Compat) -> bool {
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
