//! `winsorized_mean`: means of values that are brought to pooled quantiles at both ends, with Welch's intervals.
//!
//! The limits are found once, over the values of all branches, so that every branch is treated alike whatever the reference. They are taken as
//! given. Their sampling error moves every branch's mean by the share of its values beyond the limit, so that it cancels in comparisons of branches that
//! lose like shares, but not in a branch's own mean (where W. J. Dixon, J. W. Tukey, "Approximate behavior of the distribution of winsorized t",
//! Technometrics 1968, widen the interval by that share). What is compared are means of the winsorised values, not of the values themselves.

use super::histogram;
use super::welch::Estimate;
use crate::summary::{Bin, Branch, Group, Spread};

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
    let mut bins: Vec<(Bin, Spread)> = Vec::new();
    for branch in group.branches.values() {
        let alone = |value: f64| Spread {
            low: value,
            high: value,
            ..Spread::default()
        };
        let buckets = histogram::buckets(branch);
        bins.extend(buckets.map(|(bin, spread)| (*bin, spread.copied().unwrap_or(alone(bin.value)))));
    }
    bins.sort_by(|a, b| a.0.value.total_cmp(&b.0.value));
    let (histogram, spreads) = bins.into_iter().unzip();
    let pooled = Branch {
        histogram,
        spreads,
        ..Branch::default()
    };
    let limits = Limits {
        lower: histogram::quantile(&pooled, lowest)?,
        upper: histogram::quantile(&pooled, 1.0 - highest)?,
    };
    (limits.lower.is_finite() && limits.upper.is_finite()).then_some(limits)
}

/// The mean of a branch's winsorised values; NaN without values. The units of a bucket that a limit falls into count at its mean.
pub fn mean(branch: &Branch, limits: Limits) -> Estimate {
    let n = histogram::units(branch) as f64;
    // Relative to one of the values, so that equal values have no spread and large ones keep their digits.
    let middle = branch.histogram.get(branch.histogram.len() / 2);
    let centre = middle.map_or(0.0, |bin| winsorized(bin, limits));
    let sum = |of: &dyn Fn(f64) -> f64| -> f64 {
        let bins = branch.histogram.iter();
        bins.map(|bin| of(winsorized(bin, limits) - centre) * bin.count as f64)
            .sum()
    };
    let mean = sum(&|value| value) / n;
    let is_whole = |spread: &&Spread| spread.low >= limits.lower && spread.high <= limits.upper;
    let within = branch.spreads.iter().filter(is_whole).map(|spread| spread.square);
    let square = sum(&|value| (value - mean) * (value - mean)) + within.sum::<f64>();
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
