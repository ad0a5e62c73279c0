//! `population_ratio`: the bootstrap law of a ratio of two means over the same units, computed instead of drawn.
//!
//! Resampling n units with replacement, mean(a) / mean(b) <= r exactly when the mean of D = a - r b is not positive (b's mean being
//! positive). That mean has the moments of D over the units, divided by powers of n, so its distribution function is an
//! Edgeworth series of second order in z0 = -E\[D\] / sd, here as a normal score (the inverse Cornish-Fisher expansion, Abramowitz &
//! Stegun 26.2.49 solved for z). This is exact to O(n^(-3/2)) and keeps the skewness that a plain delta method drops.

use super::curve::{Curve, scores};
use super::histogram;
use crate::summary::{Bin, Branch, Spread};

/// The law of a branch's ratio over pairs without nulls, both clipped at their own quantile of order `clip_quantile`.
///
/// # Errors
/// The ratio, where it has no law: no pairs, infinities, a mean denominator that is not positive, or one that is 0 in so many resamples that
/// `samples` of them would more likely than not show it.
pub fn law(branch: &Branch, clip_quantile: f64, samples: f64) -> Result<Curve, f64> {
    let pairs = clipped(branch, clip_quantile).ok_or(f64::NAN)?;
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
        let (dx, dy) = (x - a, y - b);
        let mut outer = count / n;
        for (i, row) in m.iter_mut().enumerate() {
            let mut product = outer;
            for moment in row.iter_mut().take(5 - i) {
                *moment += product;
                product *= dy;
            }
            outer *= dx;
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

/// Pairs with weights, each side brought down to its own quantile. A bucket becomes four pairs, or slices where it is clipped.
fn clipped(branch: &Branch, q: f64) -> Option<Vec<(f64, f64, f64)>> {
    let numerators = side(branch, |bin| bin.value, |spread| (spread.low, spread.high));
    let denominators = side(
        branch,
        |bin| bin.denominator,
        |spread| (spread.denominator_low, spread.denominator_high),
    );
    let (top, bottom) = (
        histogram::quantile(&numerators, q)?,
        histogram::quantile(&denominators, q)?,
    );
    let mut pairs = Vec::with_capacity(branch.histogram.len() + 3 * branch.spreads.len());
    for (index, bin) in branch.histogram.iter().enumerate() {
        match branch.spreads.get(index) {
            None => pairs.push((bin.value, bin.denominator, bin.count as f64)),
            Some(spread) if spread.low < top && top < spread.high => pairs.extend(slices(bin, spread)),
            Some(spread) if spread.denominator_low < bottom && bottom < spread.denominator_high => {
                let mirrored = slices(&mirrored_bin(bin), &mirrored_spread(spread));
                pairs.extend(mirrored.into_iter().map(|(y, x, weight)| (x, y, weight)));
            }
            Some(spread) => pairs.extend(corners(bin, spread)),
        }
    }
    for pair in &mut pairs {
        (pair.0, pair.1) = (pair.0.min(top), pair.1.min(bottom));
    }
    pairs
        .iter()
        .all(|pair| pair.0.is_finite() && pair.1.is_finite())
        .then_some(pairs)
}

/// One side of the pairs as a histogram of its own.
fn side(branch: &Branch, value: impl Fn(&Bin) -> f64, ends: impl Fn(&Spread) -> (f64, f64)) -> Branch {
    let bins = branch.histogram.iter().map(|bin| Bin {
        value: value(bin),
        denominator: 0.0,
        count: bin.count,
    });
    if branch.spreads.is_empty() {
        let mut histogram: Vec<Bin> = bins.collect();
        histogram.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
        return Branch {
            histogram,
            ..Branch::default()
        };
    }
    // Buckets of pairs that share their range on this side are one bucket of it.
    let mut order: Vec<(Bin, (f64, f64))> = bins.zip(branch.spreads.iter().map(ends)).collect();
    order.sort_by(|a, b| a.1.0.total_cmp(&b.1.0).then(a.1.1.total_cmp(&b.1.1)));
    let mut merged: Vec<(Bin, (f64, f64))> = Vec::new();
    for (bin, (low, high)) in order {
        match merged.last_mut() {
            Some((last, range)) if low < range.1 || (low, high) == *range => {
                let count = last.count + bin.count;
                last.value += (bin.value - last.value) * (bin.count as f64 / count as f64);
                last.count = count;
                range.1 = range.1.max(high);
            }
            _ => merged.push((bin, (low, high))),
        }
    }
    let spread = |(bin, (low, high)): (Bin, (f64, f64))| {
        let spread = Spread {
            low,
            high,
            ..Spread::default()
        };
        (bin, spread)
    };
    let (histogram, spreads) = merged.into_iter().map(spread).unzip();
    Branch {
        histogram,
        spreads,
        ..Branch::default()
    }
}

/// A bucket that the numerators' clip threshold lies in, cut across: numerators as [`histogram::value_at`] says, denominators on the line of least squares
/// and to both sides of it.
fn slices(bin: &Bin, spread: &Spread) -> Vec<(f64, f64, f64)> {
    const SLICES: u32 = 16;
    let count = bin.count as f64;
    let slope = if spread.square > 0.0 {
        spread.product / spread.square
    } else {
        0.0
    };
    let rest = ((spread.denominator_square - slope * spread.product).max(0.0) / count).sqrt();
    let weight = 0.5 * count / f64::from(SLICES);
    let slice = |k: u32| {
        let x = histogram::value_at(bin, Some(spread), (f64::from(k) + 0.5) / f64::from(SLICES));
        let y = bin.denominator + slope * (x - bin.value);
        [(x, y - rest, weight), (x, y + rest, weight)]
    };
    (0..SLICES).flat_map(slice).collect()
}

fn mirrored_bin(bin: &Bin) -> Bin {
    Bin {
        value: bin.denominator,
        denominator: bin.value,
        count: bin.count,
    }
}

fn mirrored_spread(spread: &Spread) -> Spread {
    Spread {
        low: spread.denominator_low,
        high: spread.denominator_high,
        square: spread.denominator_square,
        denominator_low: spread.low,
        denominator_high: spread.high,
        denominator_square: spread.square,
        product: spread.product,
    }
}

/// Four pairs of equal weight with the means, variances and covariance of a bucket: its mean plus and minus sqrt(2) times the columns of
/// the Cholesky factor of the covariance matrix.
fn corners(bin: &Bin, spread: &Spread) -> [(f64, f64, f64); 4] {
    let count = bin.count as f64;
    let deviation = (spread.square / count).sqrt();
    let slope = if deviation > 0.0 {
        spread.product / count / deviation
    } else {
        0.0
    };
    let rest = (spread.denominator_square / count - slope * slope).max(0.0).sqrt();
    let root = std::f64::consts::SQRT_2;
    let weight = 0.25 * count;
    let (x, y) = (bin.value, bin.denominator);
    [
        (x - root * deviation, y - root * slope, weight),
        (x + root * deviation, y + root * slope, weight),
        (x, y - root * rest, weight),
        (x, y + root * rest, weight),
    ]
}
