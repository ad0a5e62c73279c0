//! `ratio`, `sequential_ratio`: the ratio of two metrics' means over the same units by the delta method, adjusted for the same ratio before enrollment.
//!
//! | symbol | meaning |
//! | --- | --- |
//! | a, d | numerator and denominator of a unit; a_b, d_b their means in branch b, n_b its units |
//! | R_b = a_b / d_b | the branch's ratio |
//! | z = (a - R_b d) / d_b | linearised ratio of a unit: R_b - E R_b is near the mean of the centred z |
//! | x = a' - R' d' | the linearised ratio before enrollment, with the pooled a', d', R' = a'_. / d'_.; x_b its mean in b |
//! | B = Szx / Sxx | slope, of centred sums within branches added up over branches |
//! | M_b = R_b - B (x_b - x_.) | adjusted ratio; its variance is Σ (z - B x)² / ((n_b - 1) n_b), centred within b |
//!
//! The scale of x cancels. Units without values before enrollment have the pooled mean there, so that they count in a and d and say nothing about B.
//! Branches' own rows are R_b, unadjusted; comparisons are of M_b, with Welch's degrees of freedom.
//!
//! Sources: A. Deng, U. Knoblich, J. Lu, "Applying the delta method in metric analytics" (KDD 2018); A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of
//! online controlled experiments by utilizing pre-experiment data" (WSDM 2013).

use indexmap::IndexMap;

use super::Interval;
use super::coverage::Coverage;
use super::pairs::{Comparable, Mean};
use super::welch::Estimate;
use crate::summary::{Group, RatioMoments};

/// The ratio of a branch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BranchRatio {
    own: Estimate,
    adjusted: Estimate,
}

/// The ratios of all branches with units.
#[derive(Debug, Clone)]
pub struct Ratios<'a> {
    /// The ratios by branch.
    pub branches: IndexMap<&'a str, BranchRatio>,
    /// What the covariate did.
    pub adjustment: Adjustment,
}

/// What became of a covariate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Adjustment {
    /// There is none.
    None,
    /// It does not vary within branches, and was not used.
    Constant,
    /// It was used.
    Used {
        /// The share of the variance of z within branches that it removed.
        removed: f64,
        /// The share of units without values before enrollment.
        imputed: f64,
    },
}

impl Mean for BranchRatio {
    fn of_branch(&self) -> &Estimate {
        &self.own
    }
}

impl Comparable for BranchRatio {
    fn own(&self, coverage: Coverage) -> Interval {
        self.own.own(coverage)
    }

    fn difference(&self, reference: &Self, coverage: Coverage) -> Interval {
        self.adjusted.difference(&reference.adjusted, coverage)
    }

    fn relative_uplift(&self, reference: &Self, coverage: Coverage) -> Interval {
        self.adjusted.relative_uplift(&reference.adjusted, coverage)
    }
}

/// The moments of a branch's z and x.
#[derive(Debug, Clone, Copy)]
struct Linear {
    ratio: f64,
    units: f64,
    szz: f64,
    szx: f64,
    sxx: f64,
    /// The mean of x less the pooled one.
    x: f64,
}

/// The ratios of the branches, adjusted if the summaries have values before enrollment.
pub fn estimates(group: &Group, has_covariate: bool) -> Ratios<'_> {
    let branches = group.branches.iter();
    let moments: Vec<(&str, &RatioMoments)> = branches
        .filter_map(|(name, branch)| Some((name.as_str(), branch.ratio.as_ref()?)))
        .collect();
    let linear: Vec<(&str, Linear)> = moments
        .iter()
        .map(|(name, moments)| (*name, Linear::new(moments)))
        .collect();
    let total = |of: fn(&Linear) -> f64| {
        let usable = linear.iter().filter(|(_, linear)| linear.ratio.is_finite());
        usable.map(|(_, linear)| of(linear)).sum::<f64>()
    };
    let (szz, szx, sxx) = (total(|l| l.szz), total(|l| l.szx), total(|l| l.sxx));
    let adjustment = match (has_covariate, sxx > 0.0, szz > 0.0) {
        (false, _, _) => Adjustment::None,
        (true, true, true) => Adjustment::Used {
            removed: (szx * (szx / sxx) / szz).clamp(0.0, 1.0),
            imputed: 1.0 - share(&moments),
        },
        (true, _, _) => Adjustment::Constant,
    };
    let slope = match adjustment {
        Adjustment::Used { .. } => szx / sxx,
        Adjustment::None | Adjustment::Constant => 0.0,
    };
    let branches = linear.into_iter().map(|(name, linear)| {
        let ratio = BranchRatio {
            own: linear.estimate(0.0),
            adjusted: linear.estimate(slope),
        };
        (name, ratio)
    });
    Ratios {
        branches: branches.collect(),
        adjustment,
    }
}

/// The share of units with values before enrollment.
fn share(moments: &[(&str, &RatioMoments)]) -> f64 {
    let sum = |of: fn(&RatioMoments) -> i64| moments.iter().map(|(_, moments)| of(moments)).sum::<i64>() as f64;
    sum(|moments| moments.before) / sum(|moments| moments.count)
}

impl Linear {
    fn new(moments: &RatioMoments) -> Self {
        let RatioMoments {
            centres,
            means,
            products: s,
            ..
        } = moments;
        let (numerator, denominator) = (centres[0] + means[0], centres[1] + means[1]);
        let ratio = match moments.infinite > 0 || moments.count == 0 || denominator == 0.0 {
            true => f64::NAN,
            false => numerator / denominator,
        };
        // A denominator of mean 0 before enrollment has no ratio there, and then x is the numerator.
        let before = if centres[3] == 0.0 {
            0.0
        } else {
            centres[2] / centres[3]
        };
        let n = moments.count as f64;
        // Squares below the rounding of what they are a difference of are zero.
        let square = |one: f64, product: f64, other: f64, scale: f64| {
            let square = one - 2.0 * product + other;
            let rounding = 16.0 * f64::EPSILON * (one + other) + n * (4.0 * f64::EPSILON * scale).powi(2);
            if square <= rounding { 0.0 } else { square }
        };
        Self {
            ratio,
            units: n,
            szz: square(s[0][0], ratio * s[0][1], ratio * ratio * s[1][1], numerator) / (denominator * denominator),
            szx: (s[0][2] - before * s[0][3] - ratio * (s[1][2] - before * s[1][3])) / denominator,
            sxx: square(s[2][2], before * s[2][3], before * before * s[3][3], centres[2]),
            x: means[2] - before * means[3],
        }
    }

    fn estimate(&self, slope: f64) -> Estimate {
        let residual = self.szz - 2.0 * slope * self.szx + slope * slope * self.sxx;
        Estimate {
            point: self.ratio - slope * self.x,
            variance: if residual < 0.0 { 0.0 } else { residual } / (self.units - 1.0) / self.units,
            degrees_of_freedom: self.units - 1.0,
            units: self.units,
        }
    }
}
