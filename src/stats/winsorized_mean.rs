//! `winsorized_mean`: means of values that are brought to pooled quantiles at both ends, with Welch's intervals.
//!
//! The limits are found once, over the values of all branches, so that every branch is treated alike whatever the reference. They are taken as
//! given. Their sampling error moves every branch's mean by the share of its values beyond the limit, so that it cancels in comparisons of branches that
//! lose like shares, but not in a branch's own mean (where W. J. Dixon, J. W. Tukey, "Approximate behavior of the distribution of winsorized t",
//! Technometrics 1968, widen the interval by that share). What is compared are means of the winsorised values, not of the values themselves.

use super::bootstrap_mean::quantile;
use super::welch::Estimate;
use crate::summary::{Bin, Group};

/// The limits that values are brought to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Values below become this.
    pub lower: f64,
    /// Values above become this.
    pub upper: f64,
}

/// The pooled quantiles of order `lowest` and `1 - highest` of all branches; `None` without values, or where they are not finite.
pub fn limits(group: &Group, lowest: f64, highest: f64) -> Option<Limits> {
    let mut pooled: Vec<Bin> = group
        .branches
        .values()
        .flat_map(|branch| branch.histogram.iter().copied())
        .collect();
    pooled.sort_by(|a, b| a.value.total_cmp(&b.value));
    let limits = Limits {
        lower: quantile(&pooled, lowest)?,
        upper: quantile(&pooled, 1.0 - highest)?,
    };
    (limits.lower.is_finite() && limits.upper.is_finite()).then_some(limits)
}

/// The mean of a branch's winsorised values; NaN without values.
pub fn mean(histogram: &[Bin], limits: Limits) -> Estimate {
    let n = histogram.iter().map(|bin| bin.count).sum::<i64>() as f64;
    // Relative to one of the values, so that equal values have no spread and large ones keep their digits.
    let centre = histogram
        .get(histogram.len() / 2)
        .map_or(0.0, |bin| winsorized(bin, limits));
    let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
        histogram
            .iter()
            .map(|bin| of(winsorized(bin, limits) - centre) * bin.count as f64)
            .sum()
    };
    let mean = sum(&|value| value) / n;
    let square = sum(&|value| (value - mean) * (value - mean));
    Estimate {
        point: centre + mean,
        variance: square / (n - 1.0) / n,
        degrees_of_freedom: n - 1.0,
        units: n,
    }
}

fn winsorized(bin: &Bin, limits: Limits) -> f64 {
    bin.value.max(limits.lower).min(limits.upper)
}
