//! Comparing two independent estimates that have variances of their own: Welch's interval for the difference, the delta method on the
//! logarithm for the ratio, each for one look or for every look.
//!
//! | symbol | meaning |
//! | --- | --- |
//! | m, V, f, n | an estimate, its variance, the degrees of freedom of the variance, the units |
//! | V_b + V_R | variance of the difference m_b - m_R |
//! | V_b / m_b² + V_R / m_R² | variance of ln m_b - ln m_R |
//! | (V_1 + V_2)² / (V_1² / f_1 + V_2² / f_2) | Satterthwaite's degrees of freedom of the sum of two variances |
//!
//! Sources: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved", Biometrika 1947; F. E. Satterthwaite,
//! "An approximate distribution of estimates of variance components", Biometrics Bulletin 1946; the delta method, e.g. A. W. van der Vaart, "Asymptotic Statistics" (1998), ch. 3.

use super::Interval;
use super::coverage::Coverage;
use super::pairs::{Comparable, Mean};

/// An estimate of one branch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub point: f64,
    /// Its variance: of a mean, that of the values over their number.
    pub variance: f64,
    /// The degrees of freedom of the variance.
    pub degrees_of_freedom: f64,
    /// How many units it comes from.
    pub units: f64,
}

impl Mean for Estimate {
    fn of_branch(&self) -> &Estimate {
        self
    }
}

impl Comparable for Estimate {
    fn own(&self, coverage: Coverage) -> Interval {
        // One value, however often, says nothing of the variance.
        let error = if self.variance == 0.0 {
            f64::NAN
        } else {
            self.variance.sqrt()
        };
        Interval::symmetric(
            self.point,
            coverage.multiplier(self.degrees_of_freedom, self.units) * error,
        )
    }

    fn difference(&self, reference: &Estimate, coverage: Coverage) -> Interval {
        let (error, freedom) = self.error(reference, self.variance, reference.variance);
        let point = self.point - reference.point;
        let half = coverage.multiplier(freedom, self.units + reference.units) * error;
        Interval::symmetric(point, half).with_test(coverage.test(point, error, freedom))
    }

    fn relative_uplift(&self, reference: &Estimate, coverage: Coverage) -> Interval {
        let ratio = self.point / reference.point;
        if ratio == 0.0 {
            return Interval::new(-1.0, f64::NAN, f64::NAN);
        }
        if !ratio.is_finite() || ratio < 0.0 {
            return Interval::default();
        }
        let relative = |estimate: &Estimate| estimate.variance / (estimate.point * estimate.point);
        let (error, freedom) = self.error(reference, relative(self), relative(reference));
        let half = coverage.multiplier(freedom, self.units + reference.units) * error;
        uplift((self.point - reference.point) / reference.point, half)
    }
}

impl Estimate {
    /// The standard error of a sum of two variances, NaN where neither varies, and its degrees of freedom.
    fn error(&self, reference: &Estimate, own: f64, base: f64) -> (f64, f64) {
        let freedom = satterthwaite((own, self.degrees_of_freedom), (base, reference.degrees_of_freedom));
        let variance = own + base;
        (if variance > 0.0 { variance.sqrt() } else { f64::NAN }, freedom)
    }
}

/// The degrees of freedom of a sum of two independent variances with theirs: (a + b)² / (a²/df_a + b²/df_b). NaN where both are 0.
///
/// F. E. Satterthwaite, "An approximate distribution of estimates of variance components" (1946).
pub fn satterthwaite((a, a_freedom): (f64, f64), (b, b_freedom): (f64, f64)) -> f64 {
    // Shares keep the squares of tiny variances from vanishing; 0 / 0 where neither varies.
    let (share, rest) = (a / (a + b), b / (a + b));
    let of = |share: f64, freedom: f64| match share == 0.0 {
        true => 0.0,
        false => share * share / freedom,
    };
    1.0 / (of(share, a_freedom) + of(rest, b_freedom))
}

/// The relative uplift u whose ratio 1 + u has an interval of half width `half` on the logarithm: u and (1 + u) e^(-+ half) - 1,
/// without cancellation, for small effects on large means.
pub fn uplift(u: f64, half: f64) -> Interval {
    let times = |x: f64| u * x.exp() + x.exp_m1();
    Interval::new(u, times(-half), times(half))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: Option<f64>, expected: f64) {
        let actual = actual.expect("a number");
        assert!((actual - expected).abs() < 1e-9, "{actual} instead of {expected}");
    }

    #[test]
    fn a_branch_without_spread_leaves_the_others_degrees_of_freedom() {
        let still = Estimate {
            point: 2.0,
            variance: 0.0,
            degrees_of_freedom: 0.0,
            units: 1.0,
        };
        let moving = Estimate {
            point: 3.0,
            variance: 0.25,
            degrees_of_freedom: 10.0,
            units: 11.0,
        };
        let once = Coverage::once(0.95);
        close(moving.difference(&still, once).upper, 1.0 + 0.5 * 2.228138851964939);
        assert_eq!(still.difference(&still, once).lower, None);
        assert_eq!(still.own(once).upper, None);
    }

    #[test]
    fn swapping_the_branches_mirrors_the_intervals() {
        let estimate = |point: f64, variance: f64, units: f64| Estimate {
            point,
            variance,
            degrees_of_freedom: units - 1.0,
            units,
        };
        let (a, b) = (estimate(4.0, 0.3, 20.0), estimate(5.0, 0.02, 900.0));
        for coverage in [
            Coverage::once(0.9),
            Coverage {
                confidence: 0.9,
                looks: crate::stats::coverage::Looks::Every { tuned_for: 500.0 },
            },
        ] {
            let (there, back) = (a.difference(&b, coverage), b.difference(&a, coverage));
            close(there.lower, -back.upper.expect("a number"));
            let (there, back) = (a.relative_uplift(&b, coverage), b.relative_uplift(&a, coverage));
            close(there.lower, 1.0 / (1.0 + back.upper.expect("a number")) - 1.0);
        }
    }
}
