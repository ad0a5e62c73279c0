//! The contract between SQL and statistics: what the statistics need of a metric table ([`Demand`]) and what came back
//! ([`Summaries`]). Both sides import this file and never each other.
//!
//! A *cell* is a metric with everything that changes its summary: pre-treatments, the share of values that is clipped, the
//! covariate. A *group* is a cell in one segment. Within a group the rows of each branch are split into *parts* by where
//! their value lies (null, infinite, below or above the clip threshold), and likewise their covariate; each part carries
//! counts and centred moments. No part of this depends on the number of units.

use indexmap::IndexMap;

/// The name of the segment that holds everybody.
pub const ALL_SEGMENT: &str = "all";

/// Quantities beyond this count as infinite where moments are concerned: their squares overflow.
pub const LARGEST: f64 = 1e150;
/// The most distinct values (or pairs) of a cell, segment and branch that are read one by one; of more, buckets are read.
///
/// Counts, days and shares stay far below it, so that only measured quantities of many units are compressed. At the bound a branch takes
/// 1.5 MB and milliseconds per estimate, and buckets are so narrow that a larger one would not change any digit that an interval leaves.
pub const LARGEST_HISTOGRAM: i64 = 65_536;

/// A value that at least one in so many units of a branch has is read by itself, also where the others are read in buckets: zeros,
/// limits and other values with a probability of their own stay exact, and what shares a bucket is spread out.
pub const FREQUENT_SHARE: i64 = 4_096;

/// How wide buckets are: the finer of two divisions, so that neither many orders of magnitude nor a mean that is large beside its
/// spread makes them coarse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// Buckets per factor e of the magnitude; each sign for itself, zero and the infinities apart.
    pub per_magnitude: i64,
    /// Buckets per standard deviation (of the distinct values) around the mean.
    pub per_deviation: i64,
    /// How many standard deviations to either side are divided so.
    pub deviations: i64,
}

/// The buckets of values: at most 0.2 % of the value wide, and around the mean at most 1/256 of a standard deviation.
pub const VALUE_RESOLUTION: Resolution = Resolution {
    per_magnitude: 512,
    per_deviation: 256,
    deviations: 8,
};

/// The buckets of either side of a pair. Their number is a product, but each comes with its variances and covariance, so that they may be coarse.
pub const PAIR_RESOLUTION: Resolution = Resolution {
    per_magnitude: 32,
    per_deviation: 16,
    deviations: 8,
};

/// One transformation of a metric's values before a statistic, pooled over branches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// Drops rows whose value is null.
    RemoveNulls,
    /// Drops rows whose value is null or positive infinity.
    RemoveIndefinites,
    /// Keeps values strictly below the quantile of this order.
    CensorHighest(f64),
    /// Keeps values strictly above the quantile of this order.
    CensorLowest(f64),
    /// Keeps values strictly above this one.
    CensorBelow(f64),
    /// Keeps values strictly below this one.
    CensorAbove(f64),
    /// Divides by this number of days.
    Normalize(f64),
    /// The logarithm to this base; `None` is the natural one. Zero becomes minus infinity, negative values null.
    Log(Option<f64>),
    /// Replaces null by zero.
    ZeroFill,
}

impl Step {
    /// The order of the pooled quantile that the step needs, if it needs one.
    pub fn quantile(self) -> Option<f64> {
        match self {
            Step::CensorHighest(fraction) | Step::CensorLowest(fraction) => Some(fraction),
            Step::RemoveNulls
            | Step::RemoveIndefinites
            | Step::CensorBelow(_)
            | Step::CensorAbove(_)
            | Step::Normalize(_)
            | Step::Log(_)
            | Step::ZeroFill => None,
        }
    }
}

/// A metric of an earlier window that explains part of the variance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covariate {
    /// The metric's name, which is its column in the earlier window's table.
    pub metric: String,
    /// The table word of the period it is taken from: `preenrollment_week` or `preenrollment_days28`.
    pub period: String,
    /// What is needed beside the moments.
    pub need: CovariateNeed,
}

/// What a model with a covariate needs beside moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CovariateNeed {
    /// Nothing.
    Nothing,
    /// [`Branch::residuals`], for variances that differ between branches.
    Residuals,
    /// [`Group::grid`], for the reference implementation's relative uplifts.
    Grid,
}

/// What one statistic needs summarised.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The metric, which is also the column's name.
    pub metric: String,
    /// What is needed of it.
    pub need: Need,
    /// The pre-treatments in order.
    pub steps: Vec<Step>,
    /// The order of the pooled quantile above which values (and covariates) are clipped.
    pub clip_quantile: Option<f64>,
    /// The covariate to adjust for.
    pub covariate: Option<Covariate>,
}

/// What a statistic needs to know of a cell's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// How many rows there are; no column, unless the cell has steps.
    Rows,
    /// Counts and moments.
    Moments,
    /// The distinct values with their counts.
    Histogram,
    /// The distinct pairs of two other metrics' values with their counts; the cell's own metric is a placeholder.
    Pairs {
        /// The metric above the line.
        numerator: String,
        /// The metric below it.
        denominator: String,
    },
    /// The moments of two other metrics' values, and if there is a covariate, of both in its period; the cell's own metric is a placeholder.
    Ratio {
        /// The metric above the line.
        numerator: String,
        /// The metric below it.
        denominator: String,
    },
}

/// What [`RatioMoments`] speak of, in order: words in column names.
pub const QUANTITIES: [&str; 4] = ["numerator", "denominator", "pre_numerator", "pre_denominator"];

/// The moments of a branch's numerators and denominators, and of both before enrollment.
///
/// A unit without values before enrollment counts with the centre of those that have them: mean imputation.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RatioMoments {
    /// Units with a finite numerator and denominator, which the moments speak of.
    pub count: i64,
    /// Units where either is infinite.
    pub infinite: i64,
    /// Of the former, units with finite values before enrollment.
    pub before: i64,
    /// The pooled means of all branches, before enrollment over the units that have values there.
    pub centres: [f64; 4],
    /// The branch's means, relative to the centres.
    pub means: [f64; 4],
    /// The centred sums of squares and products within the branch.
    pub products: [[f64; 4]; 4],
}

impl Cell {
    /// Whether the cell is summarised by the moments of a ratio.
    pub fn is_ratio(&self) -> bool {
        matches!(self.need, Need::Ratio { .. })
    }

    /// Whether the cell can't do without a column.
    pub fn needs_column(&self) -> bool {
        self.need != Need::Rows || !self.steps.is_empty()
    }

    /// Whether the cell is summarised by distinct values rather than by moments.
    pub fn is_histogram(&self) -> bool {
        match self.need {
            Need::Histogram | Need::Pairs { .. } => true,
            Need::Rows | Need::Moments | Need::Ratio { .. } => false,
        }
    }

    /// The column that the values come from.
    pub fn value_column(&self) -> &str {
        match &self.need {
            Need::Pairs { numerator, .. } | Need::Ratio { numerator, .. } => numerator,
            Need::Rows | Need::Moments | Need::Histogram => &self.metric,
        }
    }
}

/// The cells that the statistics of one metric table need, without duplicates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Demand {
    /// The cells in the order in which they were asked for.
    pub cells: Vec<Cell>,
}

impl Demand {
    /// Adds a cell unless it is there already, and gives its index.
    pub fn add(&mut self, cell: Cell) -> usize {
        match self.cells.iter().position(|known| *known == cell) {
            Some(index) => index,
            None => {
                self.cells.push(cell);
                self.cells.len() - 1
            }
        }
    }
}

/// What a warehouse column holds, as far as statistics care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// INT64.
    Integer,
    /// FLOAT64.
    Float,
    /// BOOL.
    Boolean,
    /// NUMERIC and BIGNUMERIC.
    Decimal,
    /// Anything else: no statistic can use it.
    Other,
}

/// The summaries of one metric table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summaries {
    /// One entry per demanded cell, in the order of the demand.
    pub cells: Vec<CellSummary>,
}

impl Summaries {
    /// The summary of a cell.
    pub fn get(&self, cell: &Cell) -> Option<&CellSummary> {
        self.cells.iter().find(|summary| summary.cell == *cell)
    }
}

/// One cell in all segments.
#[derive(Debug, Clone, PartialEq)]
pub struct CellSummary {
    /// What was asked for.
    pub cell: Cell,
    /// The metric's column; `None` when the table lacks it.
    pub column: Option<ColumnKind>,
    /// The covariate's column; `None` when there is no covariate or its table or column is missing.
    pub covariate_column: Option<ColumnKind>,
    /// The groups by segment; a segment without rows has an empty group or none.
    pub groups: IndexMap<String, Group>,
}

/// One cell in one segment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    /// What the moments of values are relative to: about their mean, so that large means cost no digits.
    pub value_centre: f64,
    /// The same for covariates.
    pub covariate_centre: f64,
    /// The clip threshold's neighbours among the values.
    pub values: Option<OrderStatistics>,
    /// The clip threshold's neighbours among the covariates.
    pub covariates: Option<OrderStatistics>,
    /// The covariate's pooled quantile grid over the rows with value and covariate.
    pub grid: Option<Grid>,
    /// The branches in their order: that of first appearance in the rows where rows have an order, else that of the experiment.
    pub branches: IndexMap<String, Branch>,
}

/// Two neighbouring order statistics of pooled values, nulls left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderStatistics {
    /// The value of rank `floor((N - 1) q)`, counted from 0, among the N values.
    pub lower: f64,
    /// The value of the next rank; the same as `lower` at the end.
    pub upper: f64,
    /// How far between the two the quantile lies: `(N - 1) q` less its floor.
    pub fraction: f64,
}

/// The mean of the 10,000 quantiles of order `j/10000`, `j = 0..9999`, split where the clip threshold falls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// The sum of weight times covariate over covariates up to [`OrderStatistics::lower`].
    pub below: f64,
    /// The weight of the covariates above; all weights sum to 1.
    pub weight_above: f64,
}

/// The rows of one branch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Branch {
    /// The parts; empty for a histogram.
    pub parts: Vec<Part>,
    /// The distinct values, ascending, without nulls; empty for moments. In a compressed histogram the means of its buckets.
    pub histogram: Vec<Bin>,
    /// How the values of each bucket lie in it, in the order of [`histogram`](Self::histogram); empty where that holds the distinct values themselves.
    pub spreads: Vec<Spread>,
    /// How many distinct values a compressed histogram stands for, else 0.
    pub distinct: i64,
    /// The rows of a histogram with a null value (or a null in a pair).
    pub nulls: i64,
    /// The moments of a ratio; `None` for other cells.
    pub ratio: Option<RatioMoments>,
    /// Sums over the residuals of the model with a covariate.
    pub residuals: Option<Residuals>,
}

/// Sums over the units of one branch in the model of branch indicators and one covariate, clipped, where a unit without a finite covariate
/// counts at the mean of the others.
///
/// Symbols: e residual, h leverage, w = e² / (1 - h), d the covariate less its branch's mean.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Residuals {
    /// The sum of w.
    pub square: f64,
    /// The sum of d w.
    pub covariate: f64,
    /// The sum of d² w.
    pub covariate_square: f64,
    /// The largest h; 0 for a branch of one unit.
    pub leverage: f64,
}

/// How the values of a bucket lie around its mean. Sides of a pair are bounded each for itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spread {
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// The sum of squared distances of the values from their mean.
    pub square: f64,
    /// The smallest denominator of a pair, else 0.
    pub denominator_low: f64,
    /// The largest denominator of a pair, else 0.
    pub denominator_high: f64,
    /// The sum of squares of the denominators, likewise.
    pub denominator_square: f64,
    /// The sum of products of the two distances.
    pub product: f64,
}

/// A distinct value, or pair of values, and how many rows have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The value; of a pair the numerator.
    pub value: f64,
    /// The denominator of a pair, else 0.
    pub denominator: f64,
    /// How many rows.
    pub count: i64,
}

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// NULL or NaN.
    Null,
    /// Minus infinity, or below -[`LARGEST`].
    NegativeInfinity,
    /// Finite, and at most the lower neighbour of the clip threshold (or nothing is clipped).
    Below,
    /// Finite and above it: such values are clipped.
    Above,
    /// Plus infinity, or above [`LARGEST`], whether it is clipped or not.
    PositiveInfinity,
}

/// Rows of one branch whose values and covariates lie in the same places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Where the values lie.
    pub value_place: Place,
    /// Where the covariates lie; [`Place::Null`] without a covariate.
    pub covariate_place: Place,
    /// How many rows.
    pub count: i64,
    /// How many values are neither 0 nor 1 (nulls left out).
    pub not_binary: i64,
    /// The sum of the values; exact for integers up to 2^53.
    pub sum: f64,
    /// The smallest value; NaN for nulls.
    pub minimum: f64,
    /// The largest value; NaN for nulls.
    pub maximum: f64,
    /// Moments of the finite values and covariates, relative to the group's centres.
    pub moments: Moments,
}

/// Count, means and centred second moments of a pair of quantities.
///
/// Symbols: `count` n, `value_mean` y, `covariate_mean` x, `value_square` the sum of (y_i - y)^2, `covariate_square` the sum of
/// (x_i - x)^2, `product` the sum of (y_i - y)(x_i - x). A quantity that is not there counts as 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Moments {
    /// How many rows.
    pub count: i64,
    /// The mean of the values.
    pub value_mean: f64,
    /// The mean of the covariates.
    pub covariate_mean: f64,
    /// The centred sum of squares of the values.
    pub value_square: f64,
    /// The centred sum of squares of the covariates.
    pub covariate_square: f64,
    /// The centred sum of products.
    pub product: f64,
}

impl Moments {
    /// The moments of both sets of rows together.
    ///
    /// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
    pub fn merge(self, other: Moments) -> Moments {
        if self.count == 0 {
            return other;
        }
        if other.count == 0 {
            return self;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let n = a + b;
        let dy = other.value_mean - self.value_mean;
        let dx = other.covariate_mean - self.covariate_mean;
        let weight = a * (b / n);
        Moments {
            count: self.count + other.count,
            value_mean: self.value_mean + dy * (b / n),
            covariate_mean: self.covariate_mean + dx * (b / n),
            value_square: self.value_square + other.value_square + dy * dy * weight,
            covariate_square: self.covariate_square + other.covariate_square + dx * dx * weight,
            product: self.product + other.product + dy * dx * weight,
        }
    }
}
