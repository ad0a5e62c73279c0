//! Laws on finitely many values: means, quantiles, and the law of a difference or ratio of two independent ones, computed where the
//! reference implementation draws samples.

/// A law: distinct values in ascending order, and the probability of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    values: Vec<f64>,
    probabilities: Vec<f64>,
    /// Probabilities of at most each value.
    cumulative: Vec<f64>,
}

impl Law {
    /// The law of values in ascending order with weights, which are scaled to add up to 1.
    pub fn new(atoms: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (mut values, mut probabilities) = (Vec::new(), Vec::new());
        for (value, weight) in atoms.into_iter().filter(|(_, weight)| *weight > 0.0) {
            match values.last() {
                Some(last) if *last == value => {
                    if let Some(known) = probabilities.last_mut() {
                        *known += weight;
                    }
                }
                _ => {
                    values.push(value);
                    probabilities.push(weight);
                }
            }
        }
        let total: f64 = probabilities.iter().sum();
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(values.len());
        for probability in &mut probabilities {
            *probability /= total;
            sum += *probability;
            cumulative.push(sum);
        }
        Self {
            values,
            probabilities,
            cumulative,
        }
    }

    pub(super) fn atoms(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.values.iter().copied().zip(self.probabilities.iter().copied())
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.atoms().map(|(value, probability)| value * probability).sum()
    }

    /// The smallest value with at least the probability `p` at or below it.
    pub fn quantile(&self, p: f64) -> f64 {
        // Sums of probabilities are short of what they stand for by rounding.
        let index = self.cumulative.partition_point(|cumulative| *cumulative < p - 1e-12);
        self.values
            .get(index.min(self.values.len().saturating_sub(1)))
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// The probability of at most `value` (of less, if `strictly`).
    fn below(&self, value: f64, strictly: bool) -> f64 {
        let index = match strictly {
            true => self.values.partition_point(|v| *v < value),
            false => self.values.partition_point(|v| *v <= value),
        };
        index.checked_sub(1).map_or(0.0, |last| self.cumulative[last])
    }

    /// The probability of exactly this value.
    pub fn at(&self, value: f64) -> f64 {
        self.atoms()
            .filter(|(v, _)| *v == value)
            .map(|(_, probability)| probability)
            .sum()
    }

    /// The law without values beyond its quantiles of order `tail` and `1 - tail`: what a limited number of draws would show.
    pub fn without_tails(&self, tail: f64) -> Law {
        let mut before = 0.0;
        let atoms = self.atoms().filter(|(_, probability)| {
            let (from, to) = (before, before + probability);
            before = to;
            to > tail && from < 1.0 - tail
        });
        Law::new(atoms.collect::<Vec<_>>())
    }

    /// The law given that the value is not 0.
    pub fn without_zero(&self) -> Law {
        Law::new(self.atoms().filter(|(value, _)| *value != 0.0).collect::<Vec<_>>())
    }

    /// The mean of 1 / value; infinite or NaN with an atom at 0.
    pub fn mean_inverse(&self) -> f64 {
        self.atoms().map(|(value, probability)| probability / value).sum()
    }

    /// The quantile of order `p` of `self - other`.
    pub fn difference_quantile(&self, other: &Law, p: f64) -> f64 {
        let low = self
            .values
            .first()
            .zip(other.values.last())
            .map_or(f64::NAN, |(a, b)| a - b);
        let high = self
            .values
            .last()
            .zip(other.values.first())
            .map_or(f64::NAN, |(a, b)| a - b);
        bisect(low, high, p, |d| {
            other
                .atoms()
                .map(|(v, probability)| probability * self.below_sum(v, d))
                .sum()
        })
    }

    /// P(self <= v + d), with values that reach `v + d` but for rounding counted in.
    fn below_sum(&self, v: f64, d: f64) -> f64 {
        let bound = v + d;
        self.below(bound + 4.0 * f64::EPSILON * (v.abs() + d.abs()), false)
    }

    /// The quantile of order `p` of `self / other`, where `other` has no atom at 0.
    pub fn ratio_quantile(&self, other: &Law, p: f64) -> f64 {
        let ends = |law: &Law| [law.values.first(), law.values.last()].map(|end| end.copied().unwrap_or(f64::NAN));
        let smallest = other
            .values
            .iter()
            .map(|value| value.abs())
            .fold(f64::INFINITY, f64::min);
        let reach = ends(self).map(f64::abs).into_iter().fold(0.0, f64::max) / smallest;
        let (low, high) = match (ends(self)[0] >= 0.0, ends(other)[0] > 0.0) {
            (true, true) => (ends(self)[0] / ends(other)[1], ends(self)[1] / ends(other)[0]),
            _ => (-reach, reach),
        };
        bisect(low, high, p, |r| {
            other
                .atoms()
                .map(|(v, probability)| {
                    let bound = r * v;
                    let slack = 4.0 * f64::EPSILON * bound.abs();
                    probability
                        * if v > 0.0 {
                            self.below(bound + slack, false)
                        } else {
                            1.0 - self.below(bound - slack, true)
                        }
                })
                .sum()
        })
    }
}

/// The smallest argument in `[low, high]` with a distribution function of at least `p`.
fn bisect(low: f64, high: f64, p: f64, cdf: impl Fn(f64) -> f64) -> f64 {
    if !low.is_finite() || !high.is_finite() {
        return f64::NAN;
    }
    let (mut low, mut high) = (low, high);
    if cdf(low) >= p - 1e-12 {
        return low;
    }
    // Down to the rounding of the larger end; the answer is an atom, and the upper end never passes below it.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high || high - low <= 1e-14 * high.abs().max(low.abs()) {
            break;
        }
        if cdf(middle) >= p - 1e-12 {
            high = middle
        } else {
            low = middle
        }
    }
    high
}
