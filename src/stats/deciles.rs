//! `deciles`: the law of v\[I\], I ~ Binomial(n - 1, q), for q = 0.1, ..., 0.9, where v are a branch's values in ascending order. The
//! reference implementation draws it; here it is computed.
//!
//! Source of the idea: the bootstrap distribution of a quantile is that of an order statistic with a binomial rank. Bounds are quantiles of
//! the law; those of comparisons are quantiles of the law of a difference or ratio of two independent ones.

use super::Interval;
use super::law::Law;
use crate::summary::Bin;

/// The orders of the deciles.
pub const ORDERS: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The law of the decile of order `q` of a branch without nulls.
pub fn law(histogram: &[Bin], q: f64) -> Law {
    let n: i64 = histogram.iter().map(|bin| bin.count).sum();
    let (first, weights) = binomial_weights(n - 1, q);
    let mut rank = 0;
    let atoms = histogram.iter().map(|bin| {
        let from = (rank - first).clamp(0, weights.len() as i64) as usize;
        rank += bin.count;
        let to = (rank - first).clamp(0, weights.len() as i64) as usize;
        (bin.value, weights[from..to].iter().sum())
    });
    Law::new(atoms.collect::<Vec<(f64, f64)>>())
}

/// The probabilities of Binomial(m, q) from a first rank on, as far as they are above 1e-18 of the largest.
pub(super) fn binomial_weights(m: i64, q: f64) -> (i64, Vec<f64>) {
    let mode = (((m + 1) as f64) * q).floor().min(m as f64) as i64;
    let odds = q / (1.0 - q);
    let mut down = Vec::new();
    let mut weight = 1.0;
    for k in (1..=mode).rev() {
        weight *= k as f64 / ((m - k + 1) as f64 * odds);
        if weight < 1e-18 {
            break;
        }
        down.push(weight);
    }
    let first = mode - down.len() as i64;
    down.reverse();
    down.push(1.0);
    weight = 1.0;
    for k in mode..m {
        weight *= (m - k) as f64 * odds / (k + 1) as f64;
        if weight < 1e-18 {
            break;
        }
        down.push(weight);
    }
    let total: f64 = down.iter().sum();
    down.iter_mut().for_each(|weight| *weight /= total);
    (first, down)
}

/// A branch's own decile.
pub fn own(law: &Law, confidence: f64) -> Interval {
    let (lower, upper) = orders(confidence);
    Interval::new(law.mean(), law.quantile(lower), law.quantile(upper))
}

/// The difference of two branches' deciles.
pub fn difference(branch: &Law, reference: &Law, confidence: f64) -> Interval {
    let (lower, upper) = orders(confidence);
    Interval::new(
        branch.mean() - reference.mean(),
        branch.difference_quantile(reference, lower),
        branch.difference_quantile(reference, upper),
    )
}

/// The relative uplift; nothing where a reference of 0 is likely enough to be among `samples` draws, as it then is undefined.
pub fn relative_uplift(branch: &Law, reference: &Law, confidence: f64, samples: f64) -> Interval {
    if (1.0 - reference.at(0.0)).powf(samples) < 0.5 {
        return Interval::default();
    }
    let (lower, upper) = orders(confidence);
    let reference = reference.without_zero();
    Interval::new(
        branch.mean() * reference.mean_inverse() - 1.0,
        branch.ratio_quantile(&reference, lower) - 1.0,
        branch.ratio_quantile(&reference, upper) - 1.0,
    )
}

fn orders(confidence: f64) -> (f64, f64) {
    (0.5 * (1.0 - confidence), 1.0 - 0.5 * (1.0 - confidence))
}
