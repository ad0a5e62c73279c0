//! `population_ratio`: the bootstrap law of a ratio of two means over the same units, computed instead of drawn.
//!
//! Resampling n units with replacement, mean(a) / mean(b) <= r exactly when the mean of D = a - r b is not positive (b's mean being
//! positive). That mean has the moments of D over the units, divided by powers of n, so its distribution function is an
//! Edgeworth series of second order in z0 = -E\[D\] / sd, here as a normal score (the inverse Cornish-Fisher expansion, Abramowitz &
//! Stegun 26.2.49 solved for z). This is exact to O(n^(-3/2)) and keeps the skewness that a plain delta method drops.

use super::bootstrap_mean::quantile;
use super::curve::{Curve, scores};
use crate::summary::Bin;

/// The law of a branch's ratio over pairs without nulls, both clipped at their own quantile of order `clip_quantile`.
///
/// # Errors
/// The ratio, where it has no law: no pairs, infinities, a mean denominator that is not positive, or one that is 0 in so many resamples that
/// `samples` of them would more likely than not show it.
pub fn law(pairs: &[Bin], clip_quantile: f64, samples: f64) -> Result<Curve, f64> {
    let pairs = clipped(pairs, clip_quantile).ok_or(f64::NAN)?;
    let n: f64 = pairs.iter().map(|pair| pair.2).sum();
    let mean = |of: fn(&(f64, f64, f64)) -> f64| pairs.iter().map(|pair| of(pair) * pair.2).sum::<f64>() / n;
    let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let zeros: f64 = pairs.iter().filter(|pair| pair.1 == 0.0).map(|pair| pair.2).sum();
    if b.is_nan() || b <= 0.0 || (1.0 - (zeros / n).powf(n)).powf(samples) < 0.5 {
        return Err(if zeros == n { a / b } else { f64::NAN });
    }
    let center = a / b;
    // Moments of D about its mean: the k-th is the sum over j of C(k, j) (-r)^j m[k - j][j].
    let mut m = [[0.0; 5]; 5];
    for (x, y, count) in &pairs {
        for (i, row) in m.iter_mut().enumerate() {
            for (j, moment) in row.iter_mut().enumerate().take(5 - i) {
                *moment += (x - a).powi(i as i32) * (y - b).powi(j as i32) * count / n;
            }
        }
    }
    let moment = |k: usize, r: f64| {
        const BINOMIAL: [[f64; 5]; 5] = [
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, 1.0, 0.0, 0.0, 0.0],
            [1.0, 2.0, 1.0, 0.0, 0.0],
            [1.0, 3.0, 3.0, 1.0, 0.0],
            [1.0, 4.0, 6.0, 4.0, 1.0],
        ];
        (0..=k)
            .map(|j| BINOMIAL[k][j] * (-r).powi(j as i32) * m[k - j][j])
            .sum::<f64>()
    };
    let spread = moment(2, center).max(0.0).sqrt();
    if spread <= 4.0 * f64::EPSILON * a.abs() {
        return Ok(Curve::new(scores().map(|_| center).collect()));
    }
    let deviation = spread / n.sqrt() / b;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for step in -160..=160 {
        let r = center + deviation * f64::from(step) * 0.05;
        let variance = moment(2, r);
        let z = (r * b - a) / (variance / n).sqrt();
        let skewness = moment(3, r) / variance.powf(1.5) / n.sqrt();
        let kurtosis = (moment(4, r) / (variance * variance) - 3.0) / n;
        // P(mean of D <= 0) = Φ(score).
        let score = z - skewness / 6.0 * (z * z - 1.0) - kurtosis / 24.0 * z * (z * z - 3.0)
            + skewness * skewness / 36.0 * z * (4.0 * z * z - 7.0);
        // Far out the series turns back; what is beyond has no weight.
        if score.is_finite() && points.last().is_none_or(|last| score > last.0) {
            points.push((score, r));
        }
    }
    Ok(Curve::through(&points))
}

/// Pairs with counts, each side brought down to its own quantile.
fn clipped(pairs: &[Bin], q: f64) -> Option<Vec<(f64, f64, f64)>> {
    let mut denominators: Vec<Bin> = pairs
        .iter()
        .map(|pair| Bin {
            value: pair.denominator,
            ..*pair
        })
        .collect();
    denominators.sort_by(|x, y| x.value.total_cmp(&y.value));
    let (top, bottom) = (quantile(pairs, q)?, quantile(&denominators, q)?);
    let pairs: Vec<(f64, f64, f64)> = pairs
        .iter()
        .map(|pair| (pair.value.min(top), pair.denominator.min(bottom), pair.count as f64))
        .collect();
    pairs
        .iter()
        .all(|pair| pair.0.is_finite() && pair.1.is_finite())
        .then_some(pairs)
}
