//! `quantiles`: sample quantiles of any order, with intervals from order statistics that hold for every distribution of the values.
//!
//! Of n independent units, the number K of values at most the true quantile ξ of order q is Binomial(n, q) where the values are continuous
//! (with ties the intervals cover more often, never less). So v_(K) <= ξ < v_(K+1), with v_(1) <= ... <= v_(n) the values in ascending order, v_(0) = -∞ and
//! v_(n+1) = ∞: the law of v_(K) bounds ξ from below, that of v_(K+1) from above. A branch's interval takes one quantile of each (J. D. Gibbons,
//! S. Chakraborti, "Nonparametric Statistical Inference", 2003, section 5.2); comparisons take the quantiles of the differences of two branches' independent laws,
//! of their logarithms for the relative uplift.

use super::coverage::Coverage;
use super::deciles::binomial_weights;
use super::law::Law;
use super::pairs::Comparable;
use super::{Interval, histogram};
use crate::summary::Branch;

/// A branch's sample quantile with the laws that bound the true one.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantile {
    /// The sample quantile of type 7; NaN without values or beside infinities.
    pub point: f64,
    below: Bound,
    above: Bound,
}

/// A law with an atom beyond all values.
#[derive(Debug, Clone, PartialEq)]
struct Bound {
    /// The law, given that it is finite.
    law: Law,
    /// The probability of the infinity.
    beyond: f64,
}

/// How many pieces the ranks that count are cut into, at most, where they lie in buckets.
const PIECES: usize = 2048;

/// The quantile of order `q` of a branch's values; rows without a value do not count.
pub fn quantile(branch: &Branch, q: f64) -> Quantile {
    let (first, weights) = binomial_weights(histogram::units(branch), q);
    let values = branch.histogram.iter().map(|bin| bin.value);
    let mut finite = values.filter(|value| value.is_finite());
    let (least, most) = match finite.next() {
        Some(first) => (first, finite.next_back().unwrap_or(first)),
        None => (f64::NAN, f64::NAN),
    };
    // Ranks from 0 of v_(K) and v_(K+1) are K - 1 and K.
    let bound = |shift: i64, settle: &dyn Fn(f64) -> f64| {
        let atoms = atoms(branch, first - shift, &weights);
        Bound::new(
            atoms
                .into_iter()
                .map(|(value, weight)| (settle(value), weight))
                .collect(),
        )
    };
    Quantile {
        point: histogram::quantile(branch, q).unwrap_or(f64::NAN),
        // What an infinite value bounds from its other side, the outermost finite one does too.
        below: bound(1, &|value| if value == f64::INFINITY { most } else { value }),
        above: bound(0, &|value| if value == f64::NEG_INFINITY { least } else { value }),
    }
}

/// The values of ranks with these weights, the first of which belongs to the rank `first`. Ranks within a bucket have the values that
/// [`histogram::value_at`] says, in pieces.
fn atoms(branch: &Branch, first: i64, weights: &[f64]) -> Vec<(f64, f64)> {
    let piece = (weights.len() / PIECES).max(1);
    let mut atoms = Vec::new();
    let mut start = 0;
    for (bin, spread) in histogram::buckets(branch) {
        let place = |rank: i64| (rank - first).clamp(0, weights.len() as i64) as usize;
        let (mut from, to) = (place(start), place(start + bin.count));
        let step = if spread.is_some() { piece } else { weights.len() };
        while from < to {
            let until = (from + step).min(to);
            let middle = 0.5 * (from + until - 1) as f64 + (first - start) as f64;
            let share = middle / (bin.count - 1).max(1) as f64;
            let weight = weights[from..until].iter().sum();
            atoms.push((histogram::value_at(bin, spread, share), weight));
            from = until;
        }
        start += bin.count;
    }
    if !branch.spreads.is_empty() {
        // A frequent value may lie within a bucket's ends.
        atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    atoms
}

impl Comparable for Quantile {
    fn own(&self, coverage: Coverage) -> Interval {
        let tail = 0.5 * (1.0 - coverage.confidence);
        Interval::new(self.point, self.below.lower(tail), -self.above.negated().lower(tail))
    }

    fn difference(&self, reference: &Quantile, coverage: Coverage) -> Interval {
        let tail = 0.5 * (1.0 - coverage.confidence);
        Interval::new(
            self.point - reference.point,
            self.least_excess(reference, tail),
            -reference.least_excess(self, tail),
        )
    }

    fn relative_uplift(&self, reference: &Quantile, coverage: Coverage) -> Interval {
        let ratio = self.point / reference.point;
        if ratio == 0.0 {
            return Interval::new(-1.0, f64::NAN, f64::NAN);
        }
        if ratio.is_nan() || ratio < 0.0 {
            return Interval::default();
        }
        let tail = 0.5 * (1.0 - coverage.confidence);
        let (branch, reference) = match reference.point < 0.0 {
            true => (self.negated(), reference.negated()),
            false => (self.clone(), reference.clone()),
        };
        let (branch, reference) = (branch.logarithm(), reference.logarithm());
        Interval::new(
            ratio - 1.0,
            branch.least_excess(&reference, tail).exp() - 1.0,
            (-reference.least_excess(&branch, tail)).exp() - 1.0,
        )
    }
}

impl Quantile {
    /// The quantile of order `tail` of this one's lower bound less the other's upper bound.
    fn least_excess(&self, other: &Quantile, tail: f64) -> f64 {
        let beyond = 1.0 - (1.0 - self.below.beyond) * (1.0 - other.above.beyond);
        if beyond >= tail {
            return f64::NAN;
        }
        let order = (tail - beyond) / (1.0 - beyond);
        self.below.law.difference_quantile(&other.above.law, order)
    }

    fn negated(&self) -> Quantile {
        Quantile {
            point: -self.point,
            below: self.above.negated(),
            above: self.below.negated(),
        }
    }

    fn logarithm(&self) -> Quantile {
        Quantile {
            point: self.point.ln(),
            below: self.below.logarithm(),
            above: self.above.logarithm(),
        }
    }
}

impl Bound {
    /// The law of atoms whose weights add up to at most 1; what is missing, or infinite, or NaN, is beyond.
    fn new(atoms: Vec<(f64, f64)>) -> Self {
        let finite: Vec<(f64, f64)> = atoms.into_iter().filter(|(value, _)| value.is_finite()).collect();
        let total: f64 = finite.iter().map(|(_, weight)| weight).sum();
        Self {
            law: Law::new(finite),
            beyond: (1.0 - total).max(0.0),
        }
    }

    /// The quantile of order `tail`, if it is not beyond.
    fn lower(&self, tail: f64) -> f64 {
        match self.beyond >= tail {
            true => f64::NAN,
            false => self.law.quantile((tail - self.beyond) / (1.0 - self.beyond)),
        }
    }

    fn negated(&self) -> Bound {
        self.mapped(|(value, weight)| (-value, weight), true)
    }

    /// The law of the logarithm; zero and negative values are beyond.
    fn logarithm(&self) -> Bound {
        self.mapped(|(value, weight)| (value.ln(), weight), false)
    }

    fn mapped(&self, map: impl Fn((f64, f64)) -> (f64, f64), reverses: bool) -> Bound {
        let share = 1.0 - self.beyond;
        let mut atoms: Vec<(f64, f64)> = self
            .law
            .atoms()
            .map(|(value, weight)| map((value, weight * share)))
            .collect();
        if reverses {
            atoms.reverse();
        }
        Bound::new(atoms)
    }
}
