//! What estimates are written as: rows, intervals, and the tests that p-values come from.

use serde::Serialize;

use super::distribution::t_survival;

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
    /// The test of a difference that has one; not a column, but what [`corrections`](super::corrections) make p-values of.
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
