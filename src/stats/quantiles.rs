//! `quantiles`: sample quantiles of any order, with intervals from order statistics that hold for every distribution of the values.
//!
//! Of n independent units, the number K of values at most the true quantile ξ of order q is Binomial(n, q) where the values are continuous
//! (with ties the intervals cover more often, never less). So v_(K) <= ξ < v_(K+1), with v_(1) <= ... <= v_(n) the values in ascending order, v_(0) = -∞ and
//! v_(n+1) = ∞: the law of v_(K) bounds ξ from below, that of v_(K+1) from above. A branch's interval takes one quantile of each (J. D. Gibbons,
//! S. Chakraborti, "Nonparametric Statistical Inference", 2003, section 5.2); comparisons take the quantiles of the differences of two branches' independent laws,
//! of their logarithms for the relative uplift.

use super::Interval;
use super::bootstrap_mean;
use super::coverage::Coverage;
use super::deciles::binomial_weights;
use super::law::Law;
use super::pairs::Comparable;
use crate::summary::Bin;

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

/// The quantile of order `q` of a branch's values; rows without a value do not count.
pub fn quantile(histogram: &[Bin], q: f64) -> Quantile {
    let n: i64 = histogram.iter().map(|bin| bin.count).sum();
    let (first, weights) = binomial_weights(n, q);
    let mut finite = histogram.iter().map(|bin| bin.value).filter(|value| value.is_finite());
    let (least, most) = match finite.next() {
        Some(first) => (first, finite.next_back().unwrap_or(first)),
        None => (f64::NAN, f64::NAN),
    };
    // Ranks from 0 of v_(K) and v_(K+1) are K - 1 and K.
    let bound = |shift: i64, settle: &dyn Fn(f64) -> f64| {
        let mut rank = 0;
        let atoms: Vec<(f64, f64)> = histogram
            .iter()
            .map(|bin| {
                let place = |rank: i64| (rank + shift - first).clamp(0, weights.len() as i64) as usize;
                let from = place(rank);
                rank += bin.count;
                (settle(bin.value), weights[from..place(rank)].iter().sum())
            })
            .collect();
        Bound::new(atoms)
    };
    Quantile {
        point: bootstrap_mean::quantile(histogram, q).unwrap_or(f64::NAN),
        // What an infinite value bounds from its other side, the outermost finite one does too.
        below: bound(1, &|value| if value == f64::INFINITY { most } else { value }),
        above: bound(0, &|value| if value == f64::NEG_INFINITY { least } else { value }),
    }
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
        let (below, above) = (&self.below.law, &other.above.law);
        let excess = below.difference_quantile(above, order);
        // The search ends beside an atom, by less than the rounding of a difference. At 0 that would decide whether the interval holds it.
        let largest = below
            .atoms()
            .chain(above.atoms())
            .fold(0.0, |most, (value, _)| value.abs().max(most));
        if excess.abs() <= f64::EPSILON * largest {
            0.0
        } else {
            excess
        }
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
