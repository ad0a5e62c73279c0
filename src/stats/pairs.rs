//! Rows of statistics whose branches are estimated one by one and compared in pairs, with every branch as the reference.

use indexmap::IndexMap;

use super::coverage::Coverage;
use super::quantiles::{self, Quantile};
use super::ratio::{self, Adjustment, Ratios};
use super::rows::Answer;
use super::state::State;
use super::welch::Estimate;
use super::{Comparison, Interval, Ratio, Winsorized, grid, winsorized_mean};
use crate::summary::{CellSummary, Group};

/// A branch's estimate that can be compared with another's. Comparisons mirror each other: swapping the branches negates a difference and
/// inverts a ratio, and swaps the ends.
pub trait Comparable {
    /// The estimate with its interval; an end that can't be computed is absent.
    fn own(&self, coverage: Coverage) -> Interval;
    /// The difference to a reference branch.
    fn difference(&self, reference: &Self, coverage: Coverage) -> Interval;
    /// The relative uplift over a reference branch: no numbers where the two do not have the same sign, -1 without ends where only this one is 0.
    fn relative_uplift(&self, reference: &Self, coverage: Coverage) -> Interval;
}

/// A branch's mean, or a smooth function of means.
pub trait Mean: Comparable {
    /// The branch's own estimate.
    fn of_branch(&self) -> &Estimate;
}

/// The rows of `quantiles`, one set per order.
pub(super) fn quantile_rows(group: &Group, orders: &[f64], confidence: f64, answer: &mut Answer) {
    for q in orders {
        let parameter = Some(grid::parameter(*q));
        let branches: IndexMap<&str, Quantile> = group
            .branches
            .iter()
            .map(|(name, branch)| (name.as_str(), quantiles::quantile(branch, *q)))
            .collect();
        for (name, interval) in rows(&branches, &parameter, Coverage::once(confidence), answer) {
            if interval.point.is_none() {
                answer.state(Some(name), State::NotFinite);
            } else if interval.lower.is_none() || interval.upper.is_none() {
                answer.state(Some(name), State::TooFewUnitsForQuantile(grid::parameter(*q)));
            }
        }
    }
}

/// The rows of `winsorized_mean`.
pub(super) fn winsorized_rows(group: &Group, winsorized: &Winsorized, answer: &mut Answer) {
    let values = group.branches.iter().filter(|(_, branch)| !branch.histogram.is_empty());
    let Some(limits) = winsorized_mean::limits(group, winsorized.lowest, winsorized.highest) else {
        let is_empty = values.count() == 0;
        return answer.state(None, if is_empty { State::NoValues } else { State::NotFinite });
    };
    let branches: IndexMap<&str, Estimate> = values
        .map(|(name, branch)| (name.as_str(), winsorized_mean::mean(branch, limits)))
        .collect();
    means(&branches, Coverage::once(winsorized.confidence), answer);
}

/// The rows of `ratio` and `sequential_ratio`.
pub(super) fn ratio_rows(summary: &CellSummary, group: &Group, ratio: &Ratio, answer: &mut Answer) {
    let wants_adjustment = summary.cell.covariate.is_some();
    if wants_adjustment && summary.covariate_column.is_none() {
        answer.state(None, State::CovariateMissing);
    }
    let Ratios { branches, adjustment } = ratio::estimates(group, summary.covariate_column.is_some());
    match adjustment {
        Adjustment::None => {}
        Adjustment::Constant => answer.state(None, State::CovariateConstant),
        Adjustment::Used { removed, imputed } => answer.state(None, State::Adjusted { removed, imputed }),
    }
    means(&branches, ratio.coverage, answer);
}

/// The rows of means, and the reasons why some have no interval.
pub(super) fn means<T: Mean>(branches: &IndexMap<&str, T>, coverage: Coverage, answer: &mut Answer) {
    for (name, interval) in rows(branches, &None, coverage, answer) {
        let estimate = branches[name].of_branch();
        if interval.point.is_none() {
            answer.state(Some(name), State::NotFinite);
        } else if estimate.degrees_of_freedom <= 0.0 {
            answer.state(Some(name), State::TooFewUnits);
        } else if estimate.variance == 0.0 {
            answer.state(Some(name), State::NoVariation);
        }
    }
}

/// Adds the rows of all branches and pairs, notes references with undefined ratios, and gives the branches' own intervals.
fn rows<'a, T: Comparable>(
    branches: &IndexMap<&'a str, T>,
    parameter: &Option<String>,
    coverage: Coverage,
    answer: &mut Answer,
) -> Vec<(&'a str, Interval)> {
    let width = Some(coverage.confidence);
    let own: Vec<(&str, Interval)> = branches
        .iter()
        .map(|(name, branch)| (*name, branch.own(coverage)))
        .collect();
    for (name, interval) in &own {
        answer.row(name, parameter, None, width, *interval);
    }
    for (reference, base) in branches {
        let mut is_undefined = false;
        for (name, branch) in branches.iter().filter(|(name, _)| *name != reference) {
            let difference = branch.difference(base, coverage);
            let uplift = branch.relative_uplift(base, coverage);
            is_undefined |= difference.point.is_some() && uplift.point.is_none();
            answer.row(
                name,
                parameter,
                Some((Comparison::Difference, reference)),
                width,
                difference,
            );
            answer.row(
                name,
                parameter,
                Some((Comparison::RelativeUplift, reference)),
                width,
                uplift,
            );
        }
        if is_undefined {
            answer.state(Some(reference), State::UndefinedRatio);
        }
    }
    own
}
