//! Why a statistic has no number, or not the number that was asked for: states are values in the answer.

use std::borrow::Cow;
use std::fmt;

use crate::diagnostics::{Code, Diagnostic};

/// A reason.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// All values are the same (standard deviation below 1e-8): rows without numbers.
    NoVariation,
    /// The reference branch's values are all zero after clipping: no rows for that reference.
    ZeroReferenceMean,
    /// A branch has a single unit: its mean has no interval.
    TooFewUnits,
    /// So few units that no order statistic bounds the quantile of this order at the confidence: an interval without that end.
    TooFewUnitsForQuantile(String),
    /// No unit has a value (and covariate): no rows.
    NoValues,
    /// The metric's column is not in the table: no rows.
    MetricMissing,
    /// The covariate's column or table is missing: the estimates are not adjusted.
    CovariateMissing,
    /// The covariate does not vary within branches: the estimates are not adjusted.
    CovariateConstant,
    /// The covariate's slope would be that of a single unit: the estimates are not adjusted.
    CovariateLeverage,
    /// The estimates are adjusted: not a lack, but what the covariate did.
    Adjusted {
        /// The share of the variance within branches that the covariate explains.
        removed: f64,
        /// The share of units without a covariate, which count at the mean of the others.
        imputed: f64,
    },
    /// The model has no residual variance or its data is infinite: comparisons without numbers.
    NotFitted,
    /// The ratio of two means is not positive: a relative uplift without numbers.
    UndefinedRatio,
    /// The mean of the relative uplift is infinite, since the reference branch has no conversion: no point.
    InfiniteRatio,
    /// The branch's law has no finite mean: infinite values, or a denominator that may be zero: rows without numbers.
    NotFinite,
    /// A geometric grid can't cover values that are negative or all zero: the grid is linear.
    LinearGrid,
    /// The branch has so many distinct values that buckets of them were read: how many, and how far a number may be off for it.
    CompressedHistogram(String),
    /// The reference implementation raises here: no rows.
    Raises(String),
}

impl State {
    /// The state's short name in counts and tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            State::NoVariation => "no variation",
            State::ZeroReferenceMean => "zero reference mean",
            State::TooFewUnits => "too few units",
            State::TooFewUnitsForQuantile(_) => "too few units for the quantile",
            State::NoValues => "no values",
            State::MetricMissing => "metric missing",
            State::CovariateMissing => "covariate missing",
            State::CovariateConstant => "constant covariate",
            State::CovariateLeverage => "covariate of one unit",
            State::Adjusted { .. } => "adjusted",
            State::NotFitted => "not fitted",
            State::UndefinedRatio => "undefined ratio",
            State::InfiniteRatio => "infinite ratio",
            State::NotFinite => "not finite",
            State::LinearGrid => "linear grid",
            State::CompressedHistogram(_) => "compressed histogram",
            State::Raises(_) => "not computable",
        }
    }

    /// Whether the state only says how the numbers came about, and none is missing.
    pub fn is_remark(&self) -> bool {
        matches!(self, State::Adjusted { .. } | State::CompressedHistogram(_))
    }

    fn reason(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self {
            State::NoVariation => "no variation: all values are the same",
            State::ZeroReferenceMean => {
                "zero reference mean: every value of the reference branch is zero after clipping"
            }
            State::TooFewUnits => "too few units: a mean of one unit has no interval",
            State::TooFewUnitsForQuantile(order) => {
                return Cow::Owned(format!(
                    "too few units for the quantile: no value bounds that of order {order} at this confidence"
                ));
            }
            State::NoValues => "no values: no unit has a value to compare",
            State::MetricMissing => "metric missing: the table has no such column",
            State::CovariateMissing => "covariate missing: the estimates are not adjusted",
            State::CovariateConstant => "constant covariate: the estimates are not adjusted",
            State::CovariateLeverage => {
                "covariate of one unit: a single unit decides the slope, so the estimates are not adjusted"
            }
            State::Adjusted { removed, imputed } => {
                let (removed, imputed) = (100.0 * removed, 100.0 * imputed);
                return Cow::Owned(format!(
                    "adjusted: the covariate removed {removed:.1} % of the variance within branches; \
                     {imputed:.1} % of units have none and count at its mean"
                ));
            }
            State::NotFitted => "not fitted: there is no residual variance, or values are infinite",
            State::UndefinedRatio => "undefined ratio: the means do not have the same sign, or one is zero",
            State::InfiniteRatio => "infinite ratio: the reference branch has no conversions",
            State::NotFinite => "not finite: values are infinite or beyond 1e150, or a denominator may be zero",
            State::LinearGrid => "linear grid: a geometric one can't cover negative or all-zero values",
            State::CompressedHistogram(reason) | State::Raises(reason) => reason,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

/// The state of a cell, or of one branch or reference branch of it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellState {
    /// The metric.
    pub metric: String,
    /// The statistic as it is named in rows.
    pub statistic: String,
    /// The segment.
    pub segment: String,
    /// The branch it speaks of; `None` for all of them.
    pub branch: Option<String>,
    /// The reason.
    pub state: State,
}

impl CellState {
    /// The state as a warning for people.
    pub fn diagnostic(&self) -> Diagnostic {
        let branch = match &self.branch {
            Some(branch) => format!(", branch {branch}"),
            None => String::new(),
        };
        let message = format!(
            "{} of {}, segment {}{branch}: {}",
            self.statistic, self.metric, self.segment, self.state
        );
        match self.state.is_remark() {
            true => Diagnostic::info(Code::NoEstimate, message),
            false => Diagnostic::warning(Code::NoEstimate, message),
        }
    }
}
