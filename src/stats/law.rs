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
        if low <= 0.0 && high >= 0.0 && self.is_tied(other, p) {
            return 0.0;
        }
        quantile(self, other, low, high, p, Law::difference_below)
    }

    /// Whether 0 is the quantile of order `p` of the difference, as ties make it. A search would end beside it, by rounding, which would decide
    /// whether an interval holds 0.
    fn is_tied(&self, other: &Law, p: f64) -> bool {
        let ends = [
            self.values.first(),
            self.values.last(),
            other.values.first(),
            other.values.last(),
        ];
        let largest = ends
            .into_iter()
            .flatten()
            .fold(0.0, |most: f64, end| most.max(end.abs()));
        self.difference_below(other, 0.0) >= p - 1e-12
            && self.difference_below(other, -8.0 * f64::EPSILON * largest) < p - 1e-12
    }

    /// P(self - other <= d).
    fn difference_below(&self, other: &Law, d: f64) -> f64 {
        let mut place = Place::default();
        let below = |(v, probability): (f64, f64)| {
            // Values that reach `v + d` but for rounding count.
            let bound = v + d + 4.0 * f64::EPSILON * (v.abs() + d.abs());
            probability * place.below(self, bound, false)
        };
        other.atoms().map(below).sum()
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
        quantile(self, other, low, high, p, Law::ratio_below)
    }

    /// P(self / other <= r).
    fn ratio_below(&self, other: &Law, r: f64) -> f64 {
        let mut place = Place::default();
        let below = |(v, probability): (f64, f64)| {
            let bound = r * v;
            let slack = 4.0 * f64::EPSILON * bound.abs();
            probability
                * match v > 0.0 {
                    true => place.below(self, bound + slack, false),
                    false => 1.0 - place.below(self, bound - slack, true),
                }
        };
        other.atoms().map(below).sum()
    }

    /// A law of at most about [`THIN`] values near this one: neighbours together at their mean.
    fn thinned(&self) -> Law {
        let size = self.values.len().div_ceil(THIN);
        let groups = self.values.chunks(size).zip(self.probabilities.chunks(size));
        Law::new(groups.map(|(values, probabilities)| {
            let weight: f64 = probabilities.iter().sum();
            let sum: f64 = values.iter().zip(probabilities).map(|(v, p)| v * p).sum();
            (sum / weight, weight)
        }))
    }
}

/// Pairs of values beyond which a combination of two laws is as good as continuous.
const CONTINUOUS: usize = 1_000_000;
/// Values of a law for a first guess.
const THIN: usize = 256;
/// How far above the order that was asked for that of a quantile of a continuous combination may be. 10,000 draws leave 2e-3.
const ORDER: f64 = 1e-6;

/// The quantile of order `p` of a combination of two laws, `below` being its distribution function: the smallest value of at least that order
/// or, where there are so many values that each has next to no probability, one whose order is larger by at most [`ORDER`].
fn quantile(law: &Law, other: &Law, low: f64, high: f64, p: f64, below: impl Fn(&Law, &Law, f64) -> f64) -> f64 {
    if law.values.len() * other.values.len() <= CONTINUOUS || !low.is_finite() || !high.is_finite() {
        return bisect(low, high, p, |x| below(law, other, x));
    }
    let (thin, other_thin) = (law.thinned(), other.thinned());
    let guess = bisect(low, high, p, |x| below(&thin, &other_thin, x));
    let excess = |x: f64| below(law, other, x) - p;
    let mut step = (high - low) * 1e-4;
    let (mut a, mut b) = ((guess - step).max(low), (guess + step).min(high));
    let (mut at_a, mut at_b) = (excess(a), excess(b));
    while at_a >= 0.0 && a > low {
        step *= 8.0;
        (b, at_b) = (a, at_a);
        a = (a - step).max(low);
        at_a = excess(a);
    }
    while at_b < 0.0 && b < high {
        step *= 8.0;
        (a, at_a) = (b, at_b);
        b = (b + step).min(high);
        at_b = excess(b);
    }
    // Regula falsi, with every third step a bisection; the last resort is an atom with a probability of its own.
    for round in 0..100 {
        if at_b <= ORDER || b - a <= 1e-14 * a.abs().max(b.abs()) {
            break;
        }
        let share = if round % 3 == 2 {
            0.5
        } else {
            (-at_a + 0.25 * ORDER) / (at_b - at_a)
        };
        let x = a + (b - a) * share.clamp(0.001, 0.999);
        let at_x = excess(x);
        if at_x >= 0.0 {
            (b, at_b) = (x, at_x);
        } else {
            (a, at_a) = (x, at_x);
        }
    }
    b
}

/// A place among a law's values that moves to the next bound asked for. Bounds that rise or fall steadily cost one walk together, where
/// a search for each would cost its logarithm and a miss of the cache.
#[derive(Default)]
struct Place {
    index: usize,
}

impl Place {
    /// The probability of at most `bound` (of less, if `strictly`).
    fn below(&mut self, law: &Law, bound: f64, strictly: bool) -> f64 {
        let is_below = |value: f64| if strictly { value < bound } else { value <= bound };
        while self.index < law.values.len() && is_below(law.values[self.index]) {
            self.index += 1;
        }
        while self.index > 0 && !is_below(law.values[self.index - 1]) {
            self.index -= 1;
        }
        self.index.checked_sub(1).map_or(0.0, |last| law.cumulative[last])
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
