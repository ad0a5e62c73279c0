//! A continuous law by its quantile function on a grid of normal scores: t(z), z = -6, -5.95, ..., 6, so that P(T <= t(z)) = Φ(z). For laws that
//! are near normal t is near a straight line, and sums over the grid with weights φ(z) are integrals to many digits.

use statrs::distribution::{ContinuousCDF, Normal};

use super::distribution::normal_quantile;

const LIMIT: f64 = 6.0;
const STEP: f64 = 0.05;

/// A law as a curve t(z).
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    values: Vec<f64>,
    weights: Vec<f64>,
}

/// The normal scores of the grid.
pub fn scores() -> impl Iterator<Item = f64> {
    let count = (2.0 * LIMIT / STEP).round() as i32;
    (0..=count).map(|i| f64::from(i) * STEP - LIMIT)
}

impl Curve {
    /// The law with these values at the grid's scores. Values that fall are lifted to the one before.
    pub fn new(mut values: Vec<f64>) -> Self {
        for i in 1..values.len() {
            values[i] = values[i].max(values[i - 1]);
        }
        let density: Vec<f64> = scores().map(|z| (-0.5 * z * z).exp()).collect();
        let total: f64 = density.iter().sum();
        Self {
            values,
            weights: density.into_iter().map(|weight| weight / total).collect(),
        }
    }

    /// The law through points (z, t) in ascending order of both, by a monotone cubic.
    pub fn through(points: &[(f64, f64)]) -> Self {
        let slopes = slopes(points);
        Self::new(scores().map(|z| interpolate(points, &slopes, z)).collect())
    }

    fn ends(&self) -> (f64, f64) {
        (
            self.values.first().copied().unwrap_or(f64::NAN),
            self.values.last().copied().unwrap_or(f64::NAN),
        )
    }

    fn nodes(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.values.iter().copied().zip(self.weights.iter().copied())
    }

    /// The quantile of order `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        let place = (normal_quantile(p).clamp(-LIMIT, LIMIT) + LIMIT) / STEP;
        let below = (place.floor() as usize).min(self.values.len().saturating_sub(2));
        self.values[below] + (self.values[below + 1] - self.values[below]) * (place - below as f64)
    }

    /// The mean of the law.
    pub fn mean(&self) -> f64 {
        self.nodes().map(|(value, weight)| value * weight).sum()
    }

    /// The mean of 1 / T; NaN where T may be 0.
    pub fn mean_inverse(&self) -> f64 {
        let (low, high) = self.ends();
        if low <= 0.0 && high >= 0.0 {
            return f64::NAN;
        }
        self.nodes().map(|(value, weight)| weight / value).sum()
    }

    /// P(T <= t).
    fn cdf(&self, t: f64) -> f64 {
        let above = self.values.partition_point(|value| *value <= t);
        if above == 0 {
            return 0.0;
        }
        if above == self.values.len() {
            return 1.0;
        }
        let (low, high) = (self.values[above - 1], self.values[above]);
        let place = (above - 1) as f64 + (t - low) / (high - low);
        Normal::standard().cdf(place * STEP - LIMIT)
    }

    fn constant(&self) -> Option<f64> {
        let (low, high) = self.ends();
        (low == high).then_some(low)
    }

    /// The quantile of order `p` of `self - other`, the two independent.
    pub fn difference_quantile(&self, other: &Curve, p: f64) -> f64 {
        if let Some(constant) = self.constant() {
            return constant - other.quantile(1.0 - p);
        }
        let (ends, others) = (self.ends(), other.ends());
        root(ends.0 - others.1, ends.1 - others.0, p, |d| {
            other.nodes().map(|(value, weight)| weight * self.cdf(value + d)).sum()
        })
    }

    /// The quantile of order `p` of `self / other`, the two independent.
    pub fn ratio_quantile(&self, other: &Curve, p: f64) -> f64 {
        let (ends, others) = (self.ends(), other.ends());
        if let Some(constant) = self.constant()
            && others.0 > 0.0
        {
            let order = if constant >= 0.0 { 1.0 - p } else { p };
            return constant / other.quantile(order);
        }
        if others == (0.0, 0.0) {
            return f64::NAN;
        }
        let largest = ends.0.abs().max(ends.1.abs());
        let smallest = other
            .values
            .iter()
            .map(|value| value.abs())
            .filter(|value| *value > 0.0)
            .fold(f64::INFINITY, f64::min);
        let reach = largest / smallest;
        root(-reach, reach, p, |r| {
            let below = |value: f64| match value > 0.0 {
                true => self.cdf(r * value),
                false => 1.0 - self.cdf(r * value),
            };
            other.nodes().map(|(value, weight)| weight * below(value)).sum()
        })
    }
}

/// The monotone cubic through points (z, t) with slopes by Fritsch and Butland ("A method for constructing local monotone piecewise cubic
/// interpolants", 1984): it bends with the points and never swings over them.
fn interpolate(points: &[(f64, f64)], slopes: &[f64], z: f64) -> f64 {
    let above = points
        .partition_point(|point| point.0 <= z)
        .clamp(1, points.len().saturating_sub(1).max(1));
    match (points.get(above - 1), points.get(above)) {
        (Some(a), Some(b)) if b.0 > a.0 => {
            // Beyond the ends the last value stays: so far out nothing is left to weigh.
            let width = b.0 - a.0;
            let share = ((z - a.0) / width).clamp(0.0, 1.0);
            let rest = 1.0 - share;
            a.1 * rest * rest * (1.0 + 2.0 * share)
                + b.1 * share * share * (1.0 + 2.0 * rest)
                + width * share * rest * (slopes[above - 1] * rest - slopes[above] * share)
        }
        (Some(a), _) => a.1,
        (None, _) => f64::NAN,
    }
}

/// The slopes of the monotone cubic at its points: weighted harmonic means of the slopes to both sides, at an end that of its side.
fn slopes(points: &[(f64, f64)]) -> Vec<f64> {
    let sides: Vec<(f64, f64)> = points
        .windows(2)
        .map(|pair| {
            let width = pair[1].0 - pair[0].0;
            (width, (pair[1].1 - pair[0].1) / width)
        })
        .collect();
    (0..points.len())
        .map(
            |i| match (i.checked_sub(1).and_then(|left| sides.get(left)), sides.get(i)) {
                (Some(left), Some(right)) if left.1 > 0.0 && right.1 > 0.0 => {
                    let (w, v) = (2.0 * right.0 + left.0, right.0 + 2.0 * left.0);
                    (w + v) / (w / left.1 + v / right.1)
                }
                (Some(_), Some(_)) | (None, None) => 0.0,
                (Some(side), None) | (None, Some(side)) => side.1,
            },
        )
        .collect()
}

fn root(low: f64, high: f64, p: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    if !low.is_finite() || !high.is_finite() {
        return f64::NAN;
    }
    let (mut low, mut high) = (low, high);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if cdf(middle) < p {
            low = middle
        } else {
            high = middle
        }
        if high - low <= 1e-12 * high.abs().max(low.abs()) {
            break;
        }
    }
    0.5 * (low + high)
}
