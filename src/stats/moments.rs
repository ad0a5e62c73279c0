//! From the parts of a group to the moments of its branches, at a given clip threshold. Pure arithmetic on summaries.

use crate::summary::{Branch, Group, LARGEST, Moments, OrderStatistics, Part, Place};

/// A clip threshold and how it moves when the clipped data is clipped again.
///
/// With neighbours `v0 <= v1` of the quantile and its share `f`: `T_1 = v0 + f (v1 - v0)` and, the clipped values having become
/// `T_j`, `T_{j+1} = v0 + f (T_j - v0)`; integers are rounded up each time.
#[derive(Debug, Clone, Copy)]
pub struct Threshold {
    order: OrderStatistics,
    is_integer: bool,
    centre: f64,
    /// What the values above `order.lower` have become, if they were clipped before.
    applied: Option<f64>,
}

impl Threshold {
    /// The threshold of data that was never clipped, whose moments are relative to `centre`.
    pub fn new(order: OrderStatistics, is_integer: bool, centre: f64) -> Self {
        Self {
            order,
            is_integer,
            centre,
            applied: None,
        }
    }

    /// What the next clip would use.
    pub fn next(&self) -> f64 {
        let OrderStatistics { lower, upper, fraction } = self.order;
        let upper = self.applied.unwrap_or(upper);
        let value = if lower == upper {
            lower
        } else if fraction < 0.5 {
            lower + (upper - lower) * fraction
        } else {
            upper - (upper - lower) * (1.0 - fraction)
        };
        if self.is_integer { value.ceil() } else { value }
    }

    /// Clips the data at [`next`](Self::next).
    pub fn clip(&mut self) {
        let next = self.next();
        // A quantile next to an infinity is infinite or undefined, and then clips nothing.
        if next.abs() <= LARGEST {
            self.applied = Some(next);
        }
    }

    /// What values above `order.lower` are now; `None` while they are themselves.
    pub fn applied(&self) -> Option<f64> {
        self.applied
    }
}

/// The moments of some rows of a branch, and whether infinities are among them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selected {
    /// The moments of rows without infinities.
    pub moments: Moments,
    /// The sum of their values, relative to nothing: exact where the values are, so that a mean of zeros is zero.
    pub sum: f64,
    /// Rows with an infinite value or covariate that no clip removed.
    pub infinite: i64,
}

impl Selected {
    /// How many rows, infinities included.
    pub fn count(&self) -> i64 {
        self.moments.count + self.infinite
    }

    /// The mean of the values without infinities.
    pub fn mean(&self) -> f64 {
        self.sum / self.moments.count as f64
    }

    /// Both sets of rows together.
    pub fn merge(self, other: Selected) -> Selected {
        Selected {
            moments: self.moments.merge(other.moments),
            sum: self.sum + other.sum,
            infinite: self.infinite + other.infinite,
        }
    }
}

/// What becomes of covariates.
#[derive(Debug, Clone, Copy)]
pub enum Covariates<'a> {
    /// They do not matter.
    Ignored,
    /// They are clipped at the threshold; rows without one are left out.
    Required(Option<&'a Threshold>),
    /// They are clipped at the threshold; rows without a finite one count at a value, which is relative to the centre.
    Imputed(Option<&'a Threshold>, f64),
}

/// The rows of a branch with a value, clipped at the thresholds.
pub fn selected(branch: &Branch, value: Option<&Threshold>, covariates: Covariates) -> Selected {
    branch
        .parts
        .iter()
        .filter(|part| part.value_place != Place::Null)
        .filter(|part| !matches!(covariates, Covariates::Required(_)) || part.covariate_place != Place::Null)
        .map(|part| clipped(part, value, covariates))
        .fold(Selected::default(), Selected::merge)
}

/// The mean of the finite covariates of all rows with a finite value, relative to the centre, and how many rows have none; both
/// clipped at the thresholds. `None` when no row has one.
pub fn observed_covariates(
    group: &Group,
    value: Option<&Threshold>,
    covariate: Option<&Threshold>,
) -> Option<(f64, i64)> {
    let parts = group.branches.values().flat_map(|branch| &branch.parts);
    let (mut sum, mut observed, mut missing) = (0.0, 0, 0);
    for part in parts.filter(|part| part.value_place != Place::Null) {
        if matches!(settle(part.value_place, value), Settled::Infinite) {
            continue;
        }
        let mean = match settle(part.covariate_place, covariate) {
            Settled::Infinite => None,
            Settled::AsIs if part.covariate_place == Place::Null => None,
            Settled::AsIs => Some(part.moments.covariate_mean),
            Settled::At(threshold) => Some(threshold - covariate.map_or(0.0, |threshold| threshold.centre)),
        };
        match mean {
            Some(mean) => {
                sum += mean * part.count as f64;
                observed += part.count;
            }
            None => missing += part.count,
        }
    }
    (observed > 0).then(|| (sum / observed as f64, missing))
}

fn clipped(part: &Part, value: Option<&Threshold>, covariates: Covariates) -> Selected {
    let covariate = match covariates {
        Covariates::Ignored => None,
        Covariates::Required(threshold) | Covariates::Imputed(threshold, _) => threshold,
    };
    let centre = |threshold: Option<&Threshold>| threshold.map_or(0.0, |threshold| threshold.centre);
    let (value_centre, covariate_centre) = (centre(value), centre(covariate));
    let value = settle(part.value_place, value);
    let covariate = match (covariates, settle(part.covariate_place, covariate)) {
        (Covariates::Ignored, _) => Settled::AsIs,
        (Covariates::Required(_), settled) => settled,
        (Covariates::Imputed(_, at), Settled::Infinite) => Settled::At(at + covariate_centre),
        (Covariates::Imputed(_, at), Settled::AsIs) if part.covariate_place == Place::Null => {
            Settled::At(at + covariate_centre)
        }
        (Covariates::Imputed(..), settled) => settled,
    };
    if matches!(value, Settled::Infinite) || matches!(covariate, Settled::Infinite) {
        return Selected {
            infinite: part.count,
            ..Selected::default()
        };
    }
    let mut moments = part.moments;
    let mut sum = part.sum;
    if let Settled::At(threshold) = value {
        sum = threshold * part.count as f64;
        let threshold = threshold - value_centre;
        moments.value_mean = threshold;
        moments.value_square = 0.0;
        moments.product = 0.0;
    }
    if let Settled::At(threshold) = covariate {
        let threshold = threshold - covariate_centre;
        moments.covariate_mean = threshold;
        moments.covariate_square = 0.0;
        moments.product = 0.0;
    }
    Selected {
        moments,
        sum,
        infinite: 0,
    }
}

/// What a clip makes of the quantities in one place.
enum Settled {
    AsIs,
    At(f64),
    Infinite,
}

fn settle(place: Place, threshold: Option<&Threshold>) -> Settled {
    let applied = threshold.and_then(Threshold::applied);
    match (place, applied) {
        (Place::Null | Place::Below, _) | (Place::Above, None) => Settled::AsIs,
        (Place::Above, Some(applied)) => Settled::At(applied),
        // A finite threshold is only ever applied when the lower neighbour is finite, so that the infinity lies above it.
        (Place::PositiveInfinity, Some(applied)) => Settled::At(applied),
        (Place::PositiveInfinity, None) | (Place::NegativeInfinity, _) => Settled::Infinite,
    }
}

/// How many rows of the branch have a value.
pub fn values(branch: &Branch) -> i64 {
    branch
        .parts
        .iter()
        .filter(|part| part.value_place != Place::Null)
        .map(|part| part.count)
        .sum()
}

/// How many rows the branch has, null values included.
pub fn rows(branch: &Branch) -> i64 {
    branch.parts.iter().map(|part| part.count).sum()
}

/// How many rows the group has, null values included.
pub fn group_rows(group: &Group) -> i64 {
    group.branches.values().map(rows).sum()
}

/// The smallest and the largest value of a branch, infinities included; `None` without values.
pub fn extremes(branch: &Branch) -> Option<(f64, f64)> {
    branch
        .parts
        .iter()
        .filter(|part| part.value_place != Place::Null)
        .map(|part| (part.minimum, part.maximum))
        .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}

/// The standard deviation of all values of a group (divisor n - 1); NaN with fewer than two or with infinities.
pub fn pooled_deviation(group: &Group, threshold: Option<&Threshold>) -> f64 {
    let pooled = group
        .branches
        .values()
        .map(|branch| selected(branch, threshold, Covariates::Ignored))
        .fold(Selected::default(), Selected::merge);
    if pooled.infinite > 0 || pooled.moments.count < 2 {
        return f64::NAN;
    }
    (pooled.moments.value_square / (pooled.moments.count - 1) as f64).sqrt()
}
