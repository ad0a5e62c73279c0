//! The last line against silence: what came out without a number and without a reason gets the reason that its place allows.

use super::state::{CellState, State};
use super::{Comparison, Row};

/// The states, with their branches, that `rows` of one segment still lack beside `states` of the same segment.
///
/// A branch without a row has no values; a row without a number, or a comparison without its interval, is not finite; an uplift without one is
/// an undefined ratio of its reference branch. Reasons that are there already, of the branch, its reference or all of them, are enough.
pub fn missing_states<'a>(
    branches: impl Iterator<Item = &'a String>,
    rows: &'a [Row],
    states: &[CellState],
    has_own_rows: bool,
) -> Vec<(&'a str, State)> {
    let mut missing: Vec<(&str, State)> = Vec::new();
    let is_told = |missing: &[(&str, State)], names: &[&str]| {
        let told = states.iter().any(|state| {
            !state.state.is_remark() && state.branch.as_deref().is_none_or(|branch| names.contains(&branch))
        });
        told || missing.iter().any(|(branch, _)| names.contains(branch))
    };
    let lacks_interval = |row: &Row| row.ci_width.is_some() && (row.lower.is_none() || row.upper.is_none());
    for row in rows.iter().filter(|row| row.point.is_none() || lacks_interval(row)) {
        let reference = row.comparison_to_branch.as_deref().unwrap_or(&row.branch);
        if is_told(&missing, &[&row.branch, reference]) {
            continue;
        }
        missing.push(match row.comparison {
            None | Some(Comparison::Difference) => (&row.branch, State::NotFinite),
            Some(Comparison::RelativeUplift) => (reference, State::UndefinedRatio),
        });
    }
    for branch in branches.filter(|_| has_own_rows) {
        let has_row = rows.iter().any(|row| row.branch == *branch && row.comparison.is_none());
        if !has_row && !is_told(&missing, &[branch]) {
            missing.push((branch, State::NoValues));
        }
    }
    missing
}
