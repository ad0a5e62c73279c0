//! How far an interval reaches, in standard errors: for one look at the data (Student's t), or for every look at once (always valid).

use super::Test;
use super::distribution::t_quantile;

/// What an interval promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// The nominal coverage, between 0 and 1.
    pub confidence: f64,
    /// For how many looks it is promised.
    pub looks: Looks,
}

/// How often the data is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Looks {
    /// Once, at a time that does not depend on the data.
    One,
    /// After every unit, with the right to stop at any of them: the interval is one of an asymptotic confidence sequence.
    Every {
        /// The number of units, both branches together, at which the sequence is tightest. It must not depend on the data.
        tuned_for: f64,
    },
}

impl Coverage {
    /// A fixed-sample interval.
    pub fn once(confidence: f64) -> Self {
        Self {
            confidence,
            looks: Looks::One,
        }
    }

    /// Half the interval's width in standard errors, for an estimate with so many degrees of freedom over so many units.
    ///
    /// For one look the t quantile of order (1 + confidence) / 2. For every look, with α = 1 - confidence and
    /// λ = (units / tuned_for) (-2 ln α + ln(1 - 2 ln α)), the normal mixture `√(2 (λ + 1) / λ · ln(√(λ + 1) / α))` (I. Waudby-Smith,
    /// D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences",
    /// Annals of Statistics 2024: theorem 2.2, and appendix B.2 for λ). NaN without units or degrees of freedom.
    pub fn multiplier(self, degrees_of_freedom: f64, units: f64) -> f64 {
        if degrees_of_freedom.is_nan() || degrees_of_freedom <= 0.0 {
            return f64::NAN;
        }
        match self.looks {
            Looks::One => t_quantile(0.5 * (1.0 + self.confidence), degrees_of_freedom),
            Looks::Every { tuned_for } => {
                let alpha = 1.0 - self.confidence;
                let information = units / tuned_for * (-2.0 * alpha.ln() + (1.0 - 2.0 * alpha.ln()).ln());
                (2.0 * (information + 1.0) / information * (0.5 * information.ln_1p() - alpha.ln())).sqrt()
            }
        }
    }
}

impl Coverage {
    /// The test of an estimate with this standard error and degrees of freedom; none without an error, and none for every look, where
    /// a test for one look would mislead.
    pub fn test(self, estimate: f64, error: f64, degrees_of_freedom: f64) -> Option<Test> {
        let t = estimate / error;
        (self.looks == Looks::One && !t.is_nan()).then_some(Test { t, degrees_of_freedom })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn always(units: f64) -> f64 {
        let looks = Looks::Every { tuned_for: 10_000.0 };
        let coverage = Coverage {
            confidence: 0.95,
            looks,
        };
        coverage.multiplier(units - 2.0, units)
    }

    #[test]
    fn one_look_is_students() {
        assert!((Coverage::once(0.95).multiplier(10.0, 12.0) - 2.228138851964939).abs() < 1e-9);
        assert!(Coverage::once(0.95).multiplier(0.0, 2.0).is_nan());
    }

    /// The boundary is the level 1/α of the mixture martingale e^{λ z² / (2 (λ + 1))} / √(λ + 1).
    #[test]
    fn the_boundary_is_the_mixtures_level() {
        let c = -2.0 * 0.05f64.ln() + (1.0 - 2.0 * 0.05f64.ln()).ln();
        for units in [10.0, 1e3, 1e4, 1e7] {
            let (z, information) = (always(units), units / 1e4 * c);
            let level = (0.5 * z * z * information / (information + 1.0)).exp() / (information + 1.0).sqrt();
            assert!((level - 20.0).abs() < 1e-9, "{units}: {level}");
        }
    }

    #[test]
    fn it_is_tightest_where_it_is_tuned() {
        let width = |units: f64, tuned_for: f64| {
            let looks = Looks::Every { tuned_for };
            Coverage {
                confidence: 0.95,
                looks,
            }
            .multiplier(units, units)
        };
        for other in [100.0, 1000.0, 20_000.0, 1e6] {
            assert!(width(1e4, 1e4) < width(1e4, other) + 1e-2, "{other}");
        }
        assert!(always(1e4) > 1.96);
    }
}
