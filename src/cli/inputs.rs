//! What `compile` and `run` start from: the selected experiments, resolved.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::args::Inputs;
use crate::analysis::Analysis;
use crate::config;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, nearest};
use crate::experiment;

/// An experiment of the selection and what became of it.
pub struct Selected {
    /// Its slug; empty when even that could not be read.
    pub slug: String,
    /// Its analysis, or all the faults that stand in its way.
    pub analysis: Result<Analysis>,
    /// Remarks about its own config.
    pub warnings: Diagnostics,
}

/// Loads configs and experiments and resolves those that were asked for, in the order of the files.
///
/// # Errors
/// Unreadable inputs, faults of shared definitions, slugs that no file holds.
pub fn select(inputs: &Inputs) -> Result<Vec<Selected>> {
    let configs = config::load(&inputs.configs)?;
    let (experiments, rejected) = experiment::load(&inputs.experiments)?;
    let wanted: BTreeSet<&str> = inputs.experiment_slug.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = experiments.iter().map(|experiment| experiment.slug.as_str()).collect();
    let missing: Vec<Diagnostic> = wanted.difference(&known).map(|slug| unknown(slug, &known)).collect();
    if !missing.is_empty() {
        // An experiment that could not be read may be the one that is missing.
        let faults = rejected.into_iter().flat_map(|faults| faults.0);
        return Err(Diagnostics(missing.into_iter().chain(faults).collect()));
    }
    let is_wanted = |slug: &str| wanted.is_empty() || wanted.contains(slug);
    let resolved = experiments
        .par_iter()
        .filter(|experiment| is_wanted(&experiment.slug))
        .map(|experiment| Selected {
            slug: experiment.slug.clone(),
            analysis: configs.resolve(experiment),
            warnings: configs.warnings(experiment),
        });
    let mut selected: Vec<Selected> = resolved.collect();
    if wanted.is_empty() {
        selected.extend(rejected.into_iter().map(|faults| Selected {
            slug: String::new(),
            analysis: Err(faults),
            warnings: Diagnostics::default(),
        }));
    }
    Ok(selected)
}

fn unknown(slug: &str, known: &BTreeSet<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::Usage, format!("none of the files holds an experiment `{slug}`"));
    match nearest(slug, known.iter().copied()) {
        Some(name) => diagnostic.with_help(format!("did you mean `{name}`?")),
        None => diagnostic,
    }
}
