//! What `compile` and `run` start from: the selected experiments, resolved.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rayon::prelude::*;

use super::args::{ExperimentArgs, Inputs, TreeArgs};
use super::report;
use crate::analysis::Analysis;
use crate::config::platforms::{self, Platforms};
use crate::config::tree::Tree;
use crate::config::{self, Configs, Provenance};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, nearest};
use crate::experiment::{self, NimbusExperiment};
use crate::experimenter::{self, Api};
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

/// The experiments that were asked for, not resolved yet.
pub struct Chosen {
    experiments: Vec<NimbusExperiment>,
    rejected: Vec<Diagnostics>,
}

/// Loads configs and experiments and resolves those that were asked for, in the order of the files.
///
/// # Errors
/// Unreadable inputs, faults of shared definitions, slugs that no file holds.
pub fn select(inputs: &Inputs) -> Result<Selection> {
    let configs = configs(&inputs.trees, None)?;
    let chosen = choose(&inputs.experiments, inputs.trees.answer_limit())?;
    Ok(resolve(&configs, &chosen, inputs.use_glean_ids))
}

/// The experiments that were asked for; reading an answer of the API may take so long.
///
/// # Errors
/// Unreadable inputs, slugs that no file holds.
pub fn choose(args: &ExperimentArgs, limit: Duration) -> Result<Chosen> {
    let (mut experiments, mut rejected) = experiments(args, limit)?;
    let wanted: BTreeSet<&str> = args.experiment_slug.iter().map(String::as_str).collect();
    let known: BTreeSet<&str> = experiments.iter().map(|experiment| experiment.slug.as_str()).collect();
    let faulty: BTreeSet<String> = rejected.iter().filter_map(slug).collect();
    let missing: Vec<Diagnostic> = wanted
        .difference(&known)
        .filter(|slug| !faulty.contains(**slug))
        .map(|slug| unknown(slug, &known))
        .collect();
    if !missing.is_empty() {
        // An experiment whose slug could not be read may be the one that is missing.
        let faults = rejected.into_iter().flat_map(|faults| faults.0);
        return Err(Diagnostics(missing.into_iter().chain(faults).collect()));
    }
    let is_wanted = |slug: &str| wanted.is_empty() || wanted.contains(slug);
    experiments.retain(|experiment| is_wanted(&experiment.slug));
    rejected.retain(|faults| is_wanted(&slug(faults).unwrap_or_default()));
    Ok(Chosen { experiments, rejected })
}

/// The experiments in the order of the files, by Glean's ids if they are wanted, then those that could not be read.
pub fn resolve(configs: &Configs, chosen: &Chosen, use_glean_ids: bool) -> Selection {
    let resolved = chosen.experiments.par_iter().map(|experiment| Selected {
        slug: experiment.slug.clone(),
        analysis: resolve_one(configs, experiment, use_glean_ids),
        warnings: configs.warnings(experiment),
    });
    let mut selected: Vec<Selected> = resolved.collect();
    selected.extend(chosen.rejected.iter().map(|faults| Selected {
        slug: slug(faults).unwrap_or_default(),
        analysis: Err(faults.clone()),
        warnings: Diagnostics::default(),
    }));
    Selection {
        experiments: selected,
        provenance: configs.provenance().to_vec(),
    }
}

fn resolve_one(configs: &Configs, experiment: &NimbusExperiment, use_glean_ids: bool) -> Result<Analysis> {
    let analysis = configs.resolve(experiment)?;
    match use_glean_ids {
        false => Ok(analysis),
        true => (analysis.with_glean_ids()).map_err(|faults| faults.within(&format!("experiment {}", experiment.slug))),
    }
}

/// Reads the experiments from files, or from the API, each answer of which may take so long.
///
/// # Errors
/// Unreadable files, an API that can't be reached.
pub fn experiments(args: &ExperimentArgs, limit: Duration) -> Result<experimenter::Loaded> {
    if !args.experiments.is_empty() {
        return experiment::load(&args.experiments);
    }
    let url = args.experimenter_url.as_deref().unwrap_or(experimenter::DEFAULT_URL);
    Api::new(url, limit)?.load(&args.experiment_slug, args.drafts)
}

/// The experiment that faults are of, where they name it.
fn slug(faults: &Diagnostics) -> Option<String> {
    let context = faults.0.first()?.context.first()?;
    context.strip_prefix("experiment ").map(str::to_string)
}

/// Loads the config trees, at a revision if one is named. What can be said of some trees is said although others can't be
/// read.
///
/// # Errors
/// No trees are named, or they can't be read or loaded.
pub fn configs(args: &TreeArgs, revision: Option<&str>) -> Result<Configs> {
    if args.configs.is_empty() && args.private_configs.is_empty() {
        let fault = Diagnostic::error(Code::Usage, "no configs are given");
        return Err(fault
            .with_help("name a config tree, a folder or a git URL, with --configs")
            .into());
    }
    let (trees, platforms, faults) = trees_at(args, &[], revision);
    match config::load_trees(trees, platforms) {
        Ok(configs) if faults.is_empty() => Ok(configs),
        Ok(_) => Err(Diagnostics(faults)),
        Err(more) => Err(Diagnostics(faults.into_iter().chain(more.0).collect())),
    }
}

/// Reads the config trees, the private ones after the public ones and `more` folders last, and the platforms; beside them
/// the faults of what can't be read.
pub fn trees(args: &TreeArgs, more: &[PathBuf]) -> (Vec<Tree>, Platforms, Vec<Diagnostic>) {
    trees_at(args, more, None)
}

fn trees_at(args: &TreeArgs, more: &[PathBuf], revision: Option<&str>) -> (Vec<Tree>, Platforms, Vec<Diagnostic>) {
    let options = repository::Options {
        as_of: args.configs_as_of.clone(),
        revision: revision.map(str::to_string),
        cache: cache().map(|folder| folder.join("repositories")),
        limit: args.fetch_limit(),
    };
    let mut trees = Vec::new();
    let mut faults = Vec::new();
    let mut warnings = Vec::new();
    let public = args.configs.iter().map(|path| (path, false));
    let private = args.private_configs.iter().map(|path| (path, true));
    for (path, is_private) in public.chain(private).chain(more.iter().map(|path| (path, false))) {
        let check = |tree: &Tree| config::load_trees(vec![tree.clone()], platforms::embedded()).map(drop);
        match repository::read(&location(path), &options, &check, &mut warnings) {
            Ok(tree) => trees.push(Tree { is_private, ..tree }),
            Err(more) => faults.extend(more.0),
        }
    }
    let mut platforms = platforms::embedded();
    match own_platforms(args, &mut warnings) {
        Ok(own) => platforms.extend(own),
        Err(more) => faults.extend(more.0),
    }
    if !warnings.is_empty() {
        report(&Diagnostics(warnings));
    }
    (trees, platforms, faults)
}

/// A path that is no text can only be a folder.
fn location(path: &Path) -> Location {
    path.to_str()
        .map_or_else(|| Location::Folder(path.to_path_buf()), Location::from)
}

fn own_platforms(args: &TreeArgs, warnings: &mut Vec<Diagnostic>) -> Result<Platforms> {
    match &args.platforms {
        Some(path) => platforms::read(&config::source(path)?, warnings),
        None => Ok(Platforms::new()),
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
    let diagnostic = Diagnostic::error(Code::Usage, format!("there is no experiment `{slug}`"));
    match nearest(slug, known.iter().copied()) {
        Some(name) => diagnostic.with_help(format!("did you mean `{name}`?")),
        None => diagnostic,
    }
}
