//! What `compile` and `run` start from: the selected experiments, resolved.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::args::Inputs;
use super::report;
use crate::analysis::Analysis;
use crate::config::tree::Tree;
use crate::config::{self, Provenance, platforms};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, nearest};
use crate::experiment;
use crate::repository::{self, Location};

/// An experiment of the selection and what became of it.
pub struct Selected {
    /// Its slug; empty when even that could not be read.
    pub slug: String,
    /// Its analysis, or all the faults that stand in its way.
    pub analysis: Result<Analysis>,
    /// Remarks about its own config.
    pub warnings: Diagnostics,
}

/// What a command starts from.
pub struct Selection {
    /// The experiments in the order of the files.
    pub experiments: Vec<Selected>,
    /// Where the configs come from.
    pub provenance: Vec<Provenance>,
}

/// Loads configs and experiments and resolves those that were asked for, in the order of the files.
///
/// # Errors
/// Unreadable inputs, faults of shared definitions, slugs that no file holds.
pub fn select(inputs: &Inputs) -> Result<Selection> {
    let configs = config::load_trees(trees(inputs)?, platforms::embedded())?;
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
        .iter()
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
    Ok(Selection {
        experiments: selected,
        provenance: configs.provenance().to_vec(),
    })
}

/// Reads the config trees, the private ones last.
fn trees(inputs: &Inputs) -> Result<Vec<Tree>> {
    let options = repository::Options {
        as_of: inputs.configs_as_of.clone(),
        cache: cache().map(|folder| folder.join("repositories")),
        limit: Duration::from_secs(inputs.network_timeout),
    };
    let mut trees = Vec::new();
    let mut faults = Vec::new();
    let mut warnings = Vec::new();
    let public = inputs.configs.iter().map(|path| (path, false));
    for (path, is_private) in public.chain(inputs.private_configs.iter().map(|path| (path, true))) {
        let location = match path.to_str() {
            Some(text) => Location::from(text),
            None => Location::Folder(path.clone()),
        };
        let check = |tree: &Tree| config::load_trees(vec![tree.clone()], platforms::embedded()).map(drop);
        match repository::read(&location, &options, &check, &mut warnings) {
            Ok(tree) => trees.push(Tree { is_private, ..tree }),
            Err(more) => faults.extend(more.0),
        }
    }
    if !warnings.is_empty() {
        report(&Diagnostics(warnings));
    }
    match faults.is_empty() {
        true => Ok(trees),
        false => Err(Diagnostics(faults)),
    }
}

/// The program's folder among the user's caches.
fn cache() -> Option<PathBuf> {
    let folder = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    Some(caches?.join("isobar"))
}

fn unknown(slug: &str, known: &BTreeSet<&str>) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::Usage, format!("none of the files holds an experiment `{slug}`"));
    match nearest(slug, known.iter().copied()) {
        Some(name) => diagnostic.with_help(format!("did you mean `{name}`?")),
        None => diagnostic,
    }
}
