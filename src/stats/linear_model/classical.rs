//! The linear model as the reference implementation fits it, for comparing side by side: equal variances, repeated clipping, only units
//! with a covariate. The default is [`super::robust`].
//!
//! One model per reference branch R over all branches: an intercept, an indicator per other branch and, if adjusting, the
//! covariate x without interaction; classical homoscedastic covariance. With treatment coding its solution is closed:
//!
//! | symbol | meaning |
//! | --- | --- |
//! | N, k, n_b | rows in all, branches with rows, rows of branch b |
//! | y_b, x_b | means of value and covariate in branch b |
//! | Syy, Sxx, Sxy | centred sums within branches, added up over branches |
//! | B = Sxy / Sxx | slope; 0 without a covariate |
//! | s² = (Syy - B Sxy) / df | residual variance, df = N - k, less 1 with a covariate |
//!
//! Source: any text on the analysis of covariance, such as Searle, "Linear Models" (1971), chapter 8; the ratio's interval is the delta
//! method on the logarithm of the adjusted means. `docs/statistics.md` has the formulas in full.

use indexmap::IndexMap;

use super::{Input, Output, Reference, note};
use crate::stats::coverage::Coverage;
use crate::stats::distribution::{normal_quantile, t_quantile};
use crate::stats::moments::{Covariates, Selected, Threshold, extremes, pooled_deviation, selected};
use crate::stats::pre_treatment::ValueKind;
use crate::stats::state::State;
use crate::stats::{Comparison, Interval};
use crate::summary::{Group, Moments};

/// Fits the model with every branch as the reference in turn.
///
/// Clipping is repeated before each fit, on the values that the fit before left, as the reference implementation does; see
/// "clip drift" in `docs/statistics.md`.
pub fn estimate(input: &Input) -> Output {
    let mut output = Output::default();
    let group = input.group;
    let mut value = group
        .values
        .map(|order| Threshold::new(order, input.kind == ValueKind::Integer, group.value_centre));
    let mut covariate = group.covariates.filter(|_| input.covariate.is_some()).map(|order| {
        Threshold::new(
            order,
            input.covariate == Some(ValueKind::Integer),
            group.covariate_centre,
        )
    });
    for reference in input.group.branches.keys() {
        if let Err(state) = one_reference(input, reference, &mut value, &mut covariate, &mut output) {
            output.states.push((Some(reference.clone()), state));
        }
    }
    output
}

fn one_reference(
    input: &Input,
    reference: &str,
    value: &mut Option<Threshold>,
    covariate: &mut Option<Threshold>,
    output: &mut Output,
) -> Result<(), State> {
    if input.kind == ValueKind::Boolean {
        return Err(State::Raises(super::BOOLEAN.to_string()));
    }
    if is_zero(input.group, reference, value.as_ref()) {
        return Err(State::ZeroReferenceMean);
    }
    let deviation = pooled_deviation(input.group, value.as_ref());
    if deviation.is_nan() && input.kind != ValueKind::Float {
        return Err(State::Raises(
            "the standard deviation of the values is undefined".to_string(),
        ));
    }
    if deviation <= 1e-8 {
        no_variation(input.group, reference, output);
        return Err(State::NoVariation);
    }
    value.iter_mut().for_each(Threshold::clip);
    if input.covariate == Some(ValueKind::Boolean) {
        return Err(State::Raises("quantiles of a BOOL covariate are undefined".to_string()));
    }
    covariate.iter_mut().for_each(Threshold::clip);
    for (what, name) in [("branch label", reference), ("metric name", input.metric)] {
        if name.contains(['(', ')', '~', '\'']) {
            return Err(State::Raises(format!("the {what} {name:?} contains one of ( ) ~ '")));
        }
    }

    let adjusts = input.covariate.is_some();
    let covariates = match adjusts {
        true => Covariates::Required(covariate.as_ref()),
        false => Covariates::Ignored,
    };
    let upper = 0.5 * (1.0 + input.coverage.confidence);
    let rows: IndexMap<&str, Selected> = input
        .group
        .branches
        .iter()
        .map(|(name, branch)| (name.as_str(), selected(branch, value.as_ref(), covariates)))
        .filter(|(_, rows)| rows.count() > 0)
        .collect();
    if rows.is_empty() {
        return Err(State::NoValues);
    }
    if !rows.contains_key(reference) {
        return Err(State::Raises("the reference branch has no values".to_string()));
    }
    for (name, rows) in &rows {
        if rows.count() == 1 {
            note(output, name, State::TooFewUnits);
        }
        output.means.insert(name.to_string(), mean(rows, upper));
    }
    let others = rows.iter().filter(|(name, _)| **name != reference);
    let mut comparisons = Vec::new();
    let fit = Fit::new(
        &rows,
        input.group,
        grid_mean(input.group, covariate.as_ref()).filter(|_| adjusts),
    );
    if let Some(Fit {
        is_constant_covariate: true,
        ..
    }) = fit
    {
        note(output, reference, State::CovariateConstant);
    }
    let mut undefined = false;
    for (name, branch) in others {
        let (difference, ratio) = match &fit {
            Some(fit) => fit.compare(branch, &rows[reference], upper),
            None => (Interval::default(), Interval::default()),
        };
        undefined |= fit.is_some() && ratio.lower.is_none();
        comparisons.push((name.to_string(), Comparison::Difference, difference));
        comparisons.push((name.to_string(), Comparison::RelativeUplift, ratio));
    }
    if fit.is_none() && !comparisons.is_empty() {
        note(output, reference, State::NotFitted);
    }
    if undefined {
        note(output, reference, State::UndefinedRatio);
    }
    output.references.push(Reference {
        branch: reference.to_string(),
        comparisons,
    });
    Ok(())
}

/// Whether the reference branch has values and all of them are 0 after clipping.
fn is_zero(group: &Group, reference: &str, threshold: Option<&Threshold>) -> bool {
    let Some((minimum, maximum)) = group.branches.get(reference).and_then(extremes) else {
        return false;
    };
    let threshold = threshold.map_or(f64::INFINITY, Threshold::next);
    (minimum == 0.0 && maximum == 0.0 && (threshold >= 0.0 || threshold.is_nan()))
        || (threshold == 0.0 && minimum >= 0.0)
}

/// Rows without numbers for everything: the data has nothing to compare.
fn no_variation(group: &Group, reference: &str, output: &mut Output) {
    let mut comparisons = Vec::new();
    for name in group.branches.keys() {
        output.means.insert(name.clone(), Interval::default());
        if name != reference {
            comparisons.push((name.clone(), Comparison::Difference, Interval::default()));
            comparisons.push((name.clone(), Comparison::RelativeUplift, Interval::default()));
        }
    }
    output.references.push(Reference {
        branch: reference.to_string(),
        comparisons,
    });
}

/// The mean of a branch with its own variance: `m -+ t(upper; n - 1) s / √n`.
fn mean(rows: &Selected, upper: f64) -> Interval {
    if rows.infinite > 0 {
        return Interval::default();
    }
    let n = rows.moments.count as f64;
    let half = match rows.moments.count {
        0 | 1 => f64::NAN,
        _ => t_quantile(upper, n - 1.0) * (rows.moments.value_square / (n - 1.0) / n).sqrt(),
    };
    Interval::symmetric(rows.mean(), half)
}

/// The mean of the covariate's 10,000 quantiles, which stands for "the" covariate when means are compared as a ratio.
fn grid_mean(group: &Group, covariate: Option<&Threshold>) -> Option<f64> {
    let grid = group.grid?;
    let above = covariate.and_then(Threshold::applied);
    // Without a finite threshold nothing lies above one.
    Some(grid.below + above.map_or(0.0, |threshold| grid.weight_above * threshold))
}

/// The fitted model, as far as comparisons need it.
#[derive(Debug, Clone, Copy)]
struct Fit {
    degrees_of_freedom: f64,
    variance: f64,
    /// Slope, Sxx and the covariate, relative to its centre, at which ratios are taken.
    covariate: Option<(f64, f64, f64)>,
    is_constant_covariate: bool,
}

impl Fit {
    /// The fit; `None` when the likelihood is not finite: no residual variance, or infinities among the data.
    fn new(rows: &IndexMap<&str, Selected>, group: &Group, grid_mean: Option<f64>) -> Option<Fit> {
        if rows.values().any(|rows| rows.infinite > 0) {
            return None;
        }
        let total: i64 = rows.values().map(|rows| rows.moments.count).sum();
        let sum = |of: fn(&Moments) -> f64| rows.values().map(|rows| of(&rows.moments)).sum::<f64>();
        let (syy, sxx, sxy) = (sum(|m| m.value_square), sum(|m| m.covariate_square), sum(|m| m.product));
        let largest = |of: fn(&Moments) -> f64| rows.values().map(|rows| of(&rows.moments).abs()).fold(0.0, f64::max);
        // Squares below the rounding of the data are zero.
        let rounding = |scale: f64| total as f64 * (4.0 * f64::EPSILON * scale).powi(2);
        let mut df = (total - rows.len() as i64) as f64;
        let mut residual = syy;
        let mut covariate = None;
        let is_constant_covariate =
            grid_mean.is_some() && sxx <= rounding(group.covariate_centre.abs() + largest(|m| m.covariate_mean));
        if let (Some(grid_mean), false) = (grid_mean, is_constant_covariate) {
            df -= 1.0;
            residual -= sxy * (sxy / sxx);
            covariate = Some((sxy / sxx, sxx, grid_mean - group.covariate_centre));
        }
        if df <= 0.0 || residual <= rounding(group.value_centre.abs() + largest(|m| m.value_mean)) {
            return None;
        }
        Some(Fit {
            degrees_of_freedom: df,
            variance: residual / df,
            covariate,
            is_constant_covariate,
        })
    }

    /// The difference and the relative uplift of branch `b` against `r`; their upper bounds are of order `upper`.
    fn compare(&self, branch: &Selected, reference: &Selected, upper: f64) -> (Interval, Interval) {
        let (b, r) = (&branch.moments, &reference.moments);
        let (n_b, n_r) = (b.count as f64, r.count as f64);
        let mut difference = b.value_mean - r.value_mean;
        let mut spread = 1.0 / n_b + 1.0 / n_r;
        // Adjusted means M, their variances V and covariance C, in units of s².
        let (mut mean_b, mut mean_r) = (branch.mean(), reference.mean());
        let (mut v_b, mut v_r, mut c) = (1.0 / n_b, 1.0 / n_r, 0.0);
        if let Some((slope, sxx, at)) = self.covariate {
            let gap = b.covariate_mean - r.covariate_mean;
            difference -= slope * gap;
            spread += gap * (gap / sxx);
            let (u_b, u_r) = (at - b.covariate_mean, at - r.covariate_mean);
            mean_b += slope * u_b;
            mean_r += slope * u_r;
            v_b += u_b * (u_b / sxx);
            v_r += u_r * (u_r / sxx);
            c = u_b * (u_r / sxx);
        }
        let error = (self.variance * spread).sqrt();
        let half = t_quantile(upper, self.degrees_of_freedom) * error;
        let ratio = mean_b / mean_r;
        let log_variance = v_b / (mean_b * mean_b) + v_r / (mean_r * mean_r) - 2.0 * c / (mean_b * mean_r);
        let log_half = normal_quantile(upper) * (self.variance * log_variance.max(0.0)).sqrt();
        let uplift = if ratio > 0.0 {
            Interval::new(
                ratio - 1.0,
                ratio * (-log_half).exp() - 1.0,
                ratio * log_half.exp() - 1.0,
            )
        } else if ratio == 0.0 {
            Interval::new(-1.0, f64::NAN, f64::NAN)
        } else {
            Interval::default()
        };
        let test = Coverage::once(2.0 * upper - 1.0).test(difference, error, self.degrees_of_freedom);
        (Interval::symmetric(difference, half).with_test(test), uplift)
    }
}
