//! The linear model of the default mode: values are clipped once, variances differ between branches, and no unit is left out.
//!
//! The model is an intercept, an indicator per branch and, if adjusting, one covariate x without interaction; a unit without a
//! finite covariate counts at the mean of the others. The covariance is the heteroskedasticity-consistent HC2: with residuals e_i, leverages h_i
//! and the influence c_i of unit i on an estimate, its variance is the sum of c_i² e_i² / (1 - h_i) (J. G. MacKinnon, H. White,
//! "Some heteroskedasticity-consistent covariance matrix estimators", 1985). Without a covariate this is Welch's s_b²/n_b + s_R²/n_R.
//!
//! | symbol | meaning |
//! | --- | --- |
//! | n_b, y_b, x_b | units of branch b, means of value and covariate |
//! | Sxx, Sxy | centred sums within branches, added up over branches; Sxx_b: of one branch |
//! | B = Sxy / Sxx | slope; 0 without a covariate |
//! | g, u_b = g - x_b | the covariate's mean over all units |
//! | h_i = 1/n_b + (x_i - x_b)² / Sxx | leverage |
//! | P_b, Q_b, R_b | sums over branch b of w_i, (x_i - x_b) w_i, (x_i - x_b)² w_i with w_i = e_i² / (1 - h_i); R: added up over branches |
//!
//! The mean of branch b at g is M_b = y_b + B u_b, its variance V_b = P_b/n_b² + 2 u_b Q_b/(n_b Sxx) + u_b² R/Sxx², and its covariance
//! with M_c is C = u_b u_c R/Sxx² + u_c Q_b/(n_b Sxx) + u_b Q_c/(n_c Sxx). The sums over units come from the warehouse
//! ([`Residuals`]). Degrees of freedom after Welch and Satterthwaite, from P_b/n_b² with n_b - 1 - Sxx_b/Sxx each (the sum of 1 - h_i).

use indexmap::IndexMap;

use super::{Input, Output, Reference, note};
use crate::stats::coverage::Coverage;
use crate::stats::moments::{Covariates, Selected, Threshold, observed_covariates, selected};
use crate::stats::pre_treatment::ValueKind;
use crate::stats::state::State;
use crate::stats::welch::{satterthwaite, uplift};
use crate::stats::{Comparison, Interval};
use crate::summary::{Branch, Group, Residuals};

/// From this leverage on a covariate is not used: the slope is then one unit's.
const LARGEST_LEVERAGE: f64 = 0.999_999;

/// Fits the model once; every branch is the reference in turn.
pub fn estimate(input: &Input) -> Output {
    let mut output = Output::default();
    if input.kind == ValueKind::Boolean {
        let state = State::Raises(super::BOOLEAN.to_string());
        output.states.push((None, state));
        return output;
    }
    let model = Model::new(input, &mut output);
    for (name, branch) in &model.branches {
        let reason = match branch {
            branch if branch.is_infinite => Some(State::NotFinite),
            branch if branch.count < 2.0 => Some(State::TooFewUnits),
            branch if branch.own == 0.0 => Some(State::NoVariation),
            _ => None,
        };
        if let Some(state) = reason {
            note(&mut output, name, state);
        }
        output.means.insert(name.to_string(), branch.interval(input.coverage));
    }
    for (name, reference) in &model.branches {
        let mut comparisons = Vec::new();
        let mut is_undefined = false;
        for (other, branch) in model.branches.iter().filter(|(other, _)| *other != name) {
            let (difference, uplift) = model.compare(branch, reference, input.coverage);
            is_undefined |= difference.lower.is_some() && uplift.lower.is_none();
            comparisons.push((other.to_string(), Comparison::Difference, difference));
            comparisons.push((other.to_string(), Comparison::RelativeUplift, uplift));
        }
        if is_undefined {
            let state = match reference.at_covariate == 0.0 {
                true => State::ZeroReferenceMean,
                false => State::UndefinedRatio,
            };
            note(&mut output, name, state);
        }
        output.references.push(Reference {
            branch: name.to_string(),
            comparisons,
        });
    }
    output
}

/// The fitted model.
#[derive(Debug)]
pub struct Model<'a> {
    /// The branches that have a value, in order.
    pub branches: IndexMap<&'a str, Fitted>,
    /// R / Sxx²; 0 without a covariate.
    shared: f64,
}

/// One branch of the fitted model.
#[derive(Debug, Clone, Copy)]
pub struct Fitted {
    count: f64,
    is_infinite: bool,
    /// y_b.
    mean: f64,
    /// s_b² / n_b, the variance of the mean itself; NaN for one unit.
    own: f64,
    /// M_b: the mean at the covariate's mean.
    at_covariate: f64,
    /// M_b relative to the values' centre, so that differences of large means keep their digits.
    centred: f64,
    /// P_b / n_b².
    residual: f64,
    /// u_b.
    gap: f64,
    /// Q_b / (n_b Sxx).
    cross: f64,
    /// The degrees of freedom of `residual`.
    degrees_of_freedom: f64,
}

impl<'a> Model<'a> {
    fn new(input: &Input<'a>, output: &mut Output) -> Model<'a> {
        let group = input.group;
        let clip = |order, kind, centre| {
            let mut threshold = Threshold::new(order, kind == ValueKind::Integer, centre);
            threshold.clip();
            threshold
        };
        let value = group.values.map(|order| clip(order, input.kind, group.value_centre));
        let plain = |branch| selected(branch, value.as_ref(), Covariates::Ignored);
        let mut model = Model {
            branches: IndexMap::new(),
            shared: 0.0,
        };
        for (name, branch) in &group.branches {
            let rows = plain(branch);
            match rows.count() {
                0 => note(output, name, State::NoValues),
                _ => {
                    model
                        .branches
                        .insert(name, Fitted::unadjusted(&rows, group.value_centre));
                }
            }
        }
        if let (Some(kind), false) = (input.covariate, model.branches.is_empty()) {
            let threshold = group.covariates.map(|order| clip(order, kind, group.covariate_centre));
            let state = match Adjustment::new(group, value.as_ref(), threshold.as_ref()) {
                Ok(adjustment) => {
                    adjustment.apply(&mut model);
                    adjustment.state()
                }
                Err(state) => state,
            };
            output.states.push((None, state));
        }
        model
    }

    /// The difference and the relative uplift of two branches.
    ///
    /// The uplift's interval is the delta method on the logarithm: r exp(-+ q L) - 1 with r = M_b / M_R and
    /// L² = V_b/M_b² + V_R/M_R² - 2 C/(M_b M_R).
    pub fn compare(&self, branch: &Fitted, reference: &Fitted, coverage: Coverage) -> (Interval, Interval) {
        let (b, r) = (branch, reference);
        if b.is_infinite || r.is_infinite {
            return (Interval::default(), Interval::default());
        }
        let units = b.count + r.count;
        let variance = |x: &Fitted| x.residual + 2.0 * x.gap * x.cross + x.gap * x.gap * self.shared;
        let (v_b, v_r) = (variance(b), variance(r));
        let c = b.gap * r.gap * self.shared + r.gap * b.cross + b.gap * r.cross;
        let point = b.centred - r.centred;
        let df = satterthwaite((b.residual, b.degrees_of_freedom), (r.residual, r.degrees_of_freedom));
        let error = positive((v_b + v_r - 2.0 * c).max(0.0).sqrt());
        let difference = Interval::symmetric(point, error * coverage.multiplier(df, units))
            .with_test(coverage.test(point, error, df));

        let (m_b, m_r) = (b.at_covariate, r.at_covariate);
        let ratio = m_b / m_r;
        if !ratio.is_finite() || ratio <= 0.0 {
            let point = if ratio == 0.0 { -1.0 } else { f64::NAN };
            return (difference, Interval::new(point, f64::NAN, f64::NAN));
        }
        let (square_b, square_r) = (m_b * m_b, m_r * m_r);
        let log_error = (v_b / square_b + v_r / square_r - 2.0 * c / (m_b * m_r))
            .max(0.0)
            .sqrt();
        let df = satterthwaite(
            (b.residual / square_b, b.degrees_of_freedom),
            (r.residual / square_r, r.degrees_of_freedom),
        );
        let log_half = positive(log_error) * coverage.multiplier(df, units);
        (difference, uplift(point / m_r, log_half))
    }
}

/// A standard error of 0 has no interval: the data does not vary, or one unit says nothing of its variance.
fn positive(error: f64) -> f64 {
    if error > 0.0 { error } else { f64::NAN }
}

impl Fitted {
    fn unadjusted(rows: &Selected, centre: f64) -> Fitted {
        let count = rows.moments.count as f64;
        let mean = rows.mean();
        // Squares below the rounding of the data are zero.
        let rounding = count * (4.0 * f64::EPSILON * (centre.abs() + rows.moments.value_mean.abs())).powi(2);
        let square = match rows.moments.value_square {
            square if square <= rounding => 0.0,
            square => square,
        };
        let own = square / (count - 1.0) / count;
        Fitted {
            count: rows.count() as f64,
            is_infinite: rows.infinite > 0,
            mean,
            own,
            at_covariate: mean,
            centred: rows.moments.value_mean,
            residual: own,
            gap: 0.0,
            cross: 0.0,
            degrees_of_freedom: count - 1.0,
        }
    }

    /// The branch's own mean, not adjusted: y_b -+ q s_b / √n_b.
    fn interval(&self, coverage: Coverage) -> Interval {
        if self.is_infinite {
            return Interval::default();
        }
        let multiplier = coverage.multiplier(self.count - 1.0, self.count);
        Interval::symmetric(self.mean, positive(self.own.sqrt()) * multiplier)
    }
}

/// What a covariate does to the model.
#[derive(Debug)]
struct Adjustment<'a> {
    rows: IndexMap<&'a str, (Selected, Residuals)>,
    /// g, relative to the covariate's centre.
    mean: f64,
    slope: f64,
    /// Sxx.
    square: f64,
    /// The share of the variance within branches that the covariate explains.
    removed: f64,
    /// Units without a covariate.
    missing: i64,
}

impl<'a> Adjustment<'a> {
    fn new(
        group: &'a Group,
        value: Option<&Threshold>,
        covariate: Option<&Threshold>,
    ) -> Result<Adjustment<'a>, State> {
        let (mean, missing) = observed_covariates(group, value, covariate).ok_or(State::CovariateMissing)?;
        let fill = |branch: &Branch| selected(branch, value, Covariates::Imputed(covariate, mean));
        let rows: IndexMap<&str, (Selected, Residuals)> = group
            .branches
            .iter()
            .map(|(name, branch)| (name.as_str(), (fill(branch), branch.residuals.unwrap_or_default())))
            .collect();
        let sum = |of: fn(&Selected) -> f64| rows.values().map(|(rows, _)| of(rows)).sum::<f64>();
        let square = sum(|rows| rows.moments.covariate_square);
        let product = sum(|rows| rows.moments.product);
        let total = sum(|rows| rows.moments.value_square);
        let scale = group.covariate_centre.abs() + mean.abs();
        let units = sum(|rows| rows.moments.count as f64);
        if square <= units * (4.0 * f64::EPSILON * scale).powi(2) {
            return Err(State::CovariateConstant);
        }
        let leverage = rows
            .values()
            .map(|(_, residuals)| residuals.leverage)
            .fold(0.0, f64::max);
        if leverage > LARGEST_LEVERAGE {
            return Err(State::CovariateLeverage);
        }
        let slope = product / square;
        Ok(Adjustment {
            rows,
            mean,
            slope,
            square,
            removed: (slope * product / total).clamp(0.0, 1.0),
            missing,
        })
    }

    fn apply(&self, model: &mut Model) {
        let of_all: f64 = self
            .rows
            .values()
            .map(|(_, residuals)| residuals.covariate_square)
            .sum();
        model.shared = of_all / (self.square * self.square);
        for (name, branch) in &mut model.branches {
            let Some((rows, residuals)) = self.rows.get(name) else {
                continue;
            };
            branch.gap = self.mean - rows.moments.covariate_mean;
            branch.at_covariate += self.slope * branch.gap;
            branch.centred += self.slope * branch.gap;
            // One unit has no variance, adjusted or not.
            if !branch.own.is_nan() {
                branch.residual = residuals.square / (branch.count * branch.count);
                branch.cross = residuals.covariate / (branch.count * self.square);
                branch.degrees_of_freedom -= rows.moments.covariate_square / self.square;
            }
        }
    }

    fn state(&self) -> State {
        let units: i64 = self.rows.values().map(|(rows, _)| rows.moments.count).sum();
        State::Adjusted {
            removed: self.removed,
            imputed: self.missing as f64 / units as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Test;
    use crate::summary::{Moments, Part, Place};

    /// A branch of so many units with this mean and standard deviation, in a group centred at `centre`.
    fn branch(count: i64, mean: f64, deviation: f64, centre: f64) -> Branch {
        Branch {
            parts: vec![Part {
                value_place: Place::Below,
                covariate_place: Place::Null,
                count,
                not_binary: count,
                sum: mean * count as f64,
                minimum: mean - 5.0 * deviation,
                maximum: mean + 5.0 * deviation,
                moments: Moments {
                    count,
                    value_mean: mean - centre,
                    value_square: deviation * deviation * (count - 1) as f64,
                    ..Moments::default()
                },
            }],
            ..Branch::default()
        }
    }

    fn difference(centre: f64, a: Branch, b: Branch) -> (Interval, Interval) {
        let group = Group {
            value_centre: centre,
            branches: IndexMap::from([("a".to_string(), a), ("b".to_string(), b)]),
            ..Group::default()
        };
        let output = estimate(&Input {
            group: &group,
            metric: "m",
            kind: ValueKind::Float,
            covariate: None,
            coverage: Coverage::once(0.95),
        });
        let [(_, _, difference), (_, _, uplift)] = &output.references[0].comparisons[..] else {
            panic!("two comparisons");
        };
        (*difference, *uplift)
    }

    fn close(actual: Option<f64>, expected: f64) {
        let actual = actual.expect("a number");
        assert!(
            (actual - expected).abs() <= 1e-9 * expected.abs(),
            "{actual} instead of {expected}"
        );
    }

    /// Mean 1e12 with standard deviation 1: an effect of 0.01 keeps its interval.
    #[test]
    fn large_means_lose_no_digits() {
        let (centre, n) = (1e12, 1_000_000);
        let (difference, uplift) = difference(
            centre,
            branch(n, centre, 1.0, centre),
            branch(n, centre + 0.0078125, 1.0, centre),
        );
        let half = 1.959965374 * 2e-6f64.sqrt();
        close(difference.point, 0.0078125);
        assert!((difference.upper.expect("a number") - 0.0078125 - half).abs() < 1e-8);
        assert!((uplift.upper.expect("a number") * 1e12 - 0.0078125 - half).abs() < 1e-8);
    }

    /// A branch of 2 beside one of 10 million: the interval is that of the small one, with its single degree of freedom.
    #[test]
    fn the_small_branch_decides() {
        let (difference, _) = difference(0.0, branch(10_000_000, 5.0, 1.0, 0.0), branch(2, 6.0, 1.0, 0.0));
        close(difference.point, 1.0);
        let half = difference.upper.expect("a number") - 1.0;
        // t(0.975; 1) = 12.706..., and the other branch adds 1e-7 to the variance.
        assert!((half / (12.706204736 * 0.5f64.sqrt()) - 1.0).abs() < 1e-6, "{half}");
    }

    /// Swapping the branches changes the sign of a difference and the direction of a ratio, and nothing else.
    #[test]
    fn comparisons_are_antisymmetric() {
        let (a, b) = (branch(50, 3.0, 2.0, 3.2), branch(70, 3.5, 1.0, 3.2));
        let (forward, uplift) = difference(3.2, a.clone(), b.clone());
        let (backward, inverse) = difference(3.2, b, a);
        close(forward.lower, -backward.upper.expect("a number"));
        let p = |interval: Interval| interval.test.map(Test::p_value);
        close(p(forward), p(backward).expect("a number"));
        close(
            uplift.upper.map(|upper| 1.0 + upper),
            1.0 / (1.0 + inverse.lower.expect("a number")),
        );
    }

    #[test]
    fn nothing_to_compare_is_not_a_number() {
        let (difference, uplift) = difference(0.0, branch(9, 0.0, 0.0, 0.0), branch(9, 0.0, 0.0, 0.0));
        assert_eq!(
            (difference.point, difference.lower, difference.test),
            (Some(0.0), None, None)
        );
        assert_eq!((uplift.point, uplift.lower), (None, None));
    }
}
