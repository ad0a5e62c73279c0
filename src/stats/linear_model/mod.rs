//! Means and their comparisons by linear models: `linear_model_mean`, with and without a covariate.
//!
//! Two fits of the same model, an intercept, an indicator per branch and perhaps a covariate: [`robust`] is the default, [`classical`]
//! repeats the reference implementation. Both know summaries, not rows.

pub mod classical;
pub mod robust;

use indexmap::IndexMap;

use super::coverage::Coverage;
use super::moments;
use super::pre_treatment::ValueKind;
use super::state::State;
use super::{Comparison, Compat, Interval};
use crate::summary::Group;

/// Why a column of booleans is refused: its clip threshold would be a quantile.
pub(super) const BOOLEAN: &str = "quantiles of a BOOL column are undefined";

/// What the model is fitted to.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The branches' summaries.
    pub group: &'a Group,
    /// The metric's name.
    pub metric: &'a str,
    /// What the values are.
    pub kind: ValueKind,
    /// What the covariates are, when adjusting.
    pub covariate: Option<ValueKind>,
    /// What the intervals promise.
    pub coverage: Coverage,
}

/// The answers of one metric and segment.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// The mean of each branch, in the branches' order of first success.
    pub means: IndexMap<String, Interval>,
    /// The comparisons with each reference branch.
    pub references: Vec<Reference>,
    /// What kept numbers from being computed.
    pub states: Vec<(Option<String>, State)>,
}

/// All comparisons with one branch.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The reference branch.
    pub branch: String,
    /// The other branch, the kind of comparison, the estimate.
    pub comparisons: Vec<(String, Comparison, Interval)>,
}

fn note(output: &mut Output, branch: &str, state: State) {
    let entry = (Some(branch.to_string()), state);
    if !output.states.contains(&entry) {
        output.states.push(entry);
    }
}

/// `per_client_dau_impact`: differences times the number of rows, for branches of the experiment only.
///
/// In the reference implementation a reference branch with a difference without numbers has no rows at all.
pub fn scale_to_population(output: Output, group: &Group, experiment_branches: &[String], compat: Compat) -> Output {
    let rows = moments::group_rows(group) as f64;
    let mut scaled = Output {
        means: IndexMap::new(),
        references: Vec::new(),
        states: output.states,
    };
    for mut reference in output.references {
        reference
            .comparisons
            .retain(|(branch, _, _)| experiment_branches.contains(branch));
        let mut differences = reference
            .comparisons
            .iter()
            .filter(|(_, comparison, _)| *comparison == Comparison::Difference);
        let lacks_numbers = |interval: &Interval| [interval.point, interval.lower, interval.upper].contains(&None);
        if compat == Compat::Jetstream && differences.any(|(_, _, interval)| lacks_numbers(interval)) {
            let state = State::Raises("a difference without numbers can't be scaled".to_string());
            scaled.states.push((Some(reference.branch), state));
            continue;
        }
        for (_, comparison, interval) in &mut reference.comparisons {
            if *comparison == Comparison::Difference {
                *interval = interval.scaled(rows);
            }
        }
        scaled.references.push(reference);
    }
    scaled
}
