//! Config files: loads metric-hub trees, layers them, and gives each experiment its [`Spec`].
//!
//! Knows nothing of SQL or of today's date. Names are looked up by [`analysis`], which reads this
//! module's [`Configs`]; [`Configs::resolve`] is the door to both.

mod file;
pub mod format;
mod load;
mod merge;
pub mod platforms;
mod read;
pub mod schema;
pub mod spec;
pub mod template;
pub mod tree;

use std::path::PathBuf;

use self::platforms::{Platform, Platforms};
use self::spec::Spec;
use self::template::Templates;
use self::tree::Tree;
use crate::analysis::{self, Analysis};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Severity, Span, nearest};
use crate::experiment::NimbusExperiment;

pub use file::{ConfigFile, Contents, files};
pub use merge::matches;
pub use tree::source;

/// All configs of a run, read once and never changed: experiments may be resolved in any order and in parallel.
#[derive(Debug)]
pub struct Configs {
    layers: load::Layers,
    templates: Templates,
    platforms: Platforms,
    provenance: Vec<Provenance>,
}

/// Where a tree's configs come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The folder or URL as it was given, without credentials.
    pub name: String,
    /// The commit, where it is known.
    pub commit: Option<String>,
    /// Whether files differ from the commit.
    pub is_dirty: bool,
    /// Whether the experiments that the tree configures are private.
    pub is_private: bool,
}

/// Loads config folders as they stand, later ones on top, for the platforms that come with the program.
///
/// # Errors
/// A folder that does not exist, and those of [`load_trees`].
pub fn load(paths: &[PathBuf]) -> Result<Configs> {
    let mut trees = Vec::new();
    let mut faults = Vec::new();
    for path in paths {
        match Tree::read(path) {
            Ok(tree) => trees.push(tree),
            Err(more) => faults.extend(more.0),
        }
    }
    match load_trees(trees, platforms::embedded()) {
        Ok(configs) if faults.is_empty() => Ok(configs),
        Ok(_) => Err(Diagnostics(faults)),
        Err(more) => Err(Diagnostics(faults.into_iter().chain(more.0).collect())),
    }
}

/// Loads config trees, later ones on top.
///
/// # Errors
/// Faults of definitions, defaults and functions fail the whole; those of an experiment's config or of an outcome wait for
/// the experiments that need it.
pub fn load_trees(trees: Vec<Tree>, platforms: Platforms) -> Result<Configs> {
    match assemble(&trees, platforms) {
        (configs, faults) if faults.is_empty() => Ok(configs),
        (_, faults) => Err(Diagnostics(faults)),
    }
}

/// Layers config trees as far as their files can be read; beside the configs, the faults of definitions, defaults and
/// functions. With such faults an experiment may resolve to less than its files say.
pub fn assemble(trees: &[Tree], platforms: Platforms) -> (Configs, Vec<Diagnostic>) {
    let (layers, mut faults) = load::layers(trees);
    let provenance = trees.iter().map(|tree| Provenance {
        name: tree.name.clone(),
        commit: tree.commit.clone(),
        is_dirty: tree.is_dirty,
        is_private: tree.is_private,
    });
    let (templates, more) = Templates::new(&layers.functions);
    faults.extend(more);
    let configs = Configs {
        templates,
        layers,
        platforms,
        provenance: provenance.collect(),
    };
    (configs, faults)
}

impl Configs {
    /// Resolves one experiment; the error holds every fault found, each within `experiment <slug>`.
    pub fn resolve(&self, experiment: &NimbusExperiment) -> Result<Analysis> {
        self.spec(experiment)
            .and_then(|spec| analysis::resolve(self, &spec, experiment))
            .map_err(|faults| faults.within(&format!("experiment {}", experiment.slug)))
    }

    /// Resolves what can be resolved of one experiment; beside it every fault found, each within `experiment <slug>`. With
    /// faults the analysis is good for looking at its parts, not for planning.
    pub fn resolve_in_part(&self, experiment: &NimbusExperiment) -> (Analysis, Diagnostics) {
        let (spec, mut faults) = self.spec_in_part(experiment);
        let (analysis, more) = analysis::resolve_in_part(self, &spec, experiment);
        faults.extend(more);
        let faults = Diagnostics(faults).within(&format!("experiment {}", experiment.slug));
        (analysis, faults)
    }

    /// The layers of one experiment merged: its app's defaults, its own config, its outcomes.
    pub fn spec(&self, experiment: &NimbusExperiment) -> Result<Spec> {
        match self.spec_in_part(experiment) {
            (spec, faults) if faults.is_empty() => Ok(spec),
            (_, faults) => Err(Diagnostics(faults)),
        }
    }

    /// The layers of one experiment merged as far as they can be read, and the faults of its own files.
    pub fn spec_in_part(&self, experiment: &NimbusExperiment) -> (Spec, Vec<Diagnostic>) {
        let defaults = self.layers.defaults.get(experiment.app_name());
        let mut spec = defaults.cloned().unwrap_or_default();
        let mut faults = Vec::new();
        if let Some(file) = self.layers.experiments.get(&experiment.slug) {
            faults.extend(errors(&file.remarks));
            if let Some(config) = &file.contents {
                spec = merge::layer(spec, config);
            }
        }
        for outcome in outcomes(&spec, experiment) {
            let key = (experiment.app_name().to_string(), outcome.0.to_string());
            let Some(file) = self.layers.outcomes.get(&key) else {
                faults.push(self.unknown_outcome(&key, outcome.1));
                continue;
            };
            faults.extend(errors(&file.remarks));
            if let Some(outcome) = &file.contents {
                spec = merge::with_outcome(spec, outcome);
            }
        }
        (spec, faults)
    }

    /// The definitions of an app, if there are any.
    pub fn definitions(&self, app_name: &str) -> Option<&Spec> {
        self.layers.definitions.get(app_name)
    }

    /// The defaults of an app, if there are any.
    pub fn defaults(&self, app_name: &str) -> Option<&Spec> {
        self.layers.defaults.get(app_name)
    }

    /// The names of the apps whose experiments can be analysed, in the order of the list.
    pub fn platforms(&self) -> impl Iterator<Item = &str> {
        self.platforms.keys().map(String::as_str)
    }

    /// The outcomes of an app by slug, as far as they can be read.
    pub fn outcomes_of(&self, app_name: &str) -> impl Iterator<Item = (&str, &spec::OutcomeSpec)> {
        let of_app = self.layers.outcomes.iter().filter(move |((app, _), _)| app == app_name);
        of_app.filter_map(|((_, slug), file)| Some((slug.as_str(), file.contents.as_ref()?)))
    }

    /// The app's entry in the list of platforms, if it is one whose experiments can be analysed.
    pub fn platform(&self, app_name: &str) -> Option<&Platform> {
        self.platforms.get(app_name)
    }

    /// Where the configs come from, the lowest tree first.
    pub fn provenance(&self) -> &[Provenance] {
        &self.provenance
    }

    /// The environment that renders the configs' templates.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// Warnings about the files that all experiments share: definitions, defaults, functions.
    pub fn shared_warnings(&self) -> Diagnostics {
        Diagnostics(self.layers.warnings.clone())
    }

    /// Warnings about an experiment's own config and its outcomes.
    pub fn warnings(&self, experiment: &NimbusExperiment) -> Diagnostics {
        let own = self.layers.experiments.get(&experiment.slug);
        let mut remarks: Vec<&Diagnostic> = own.into_iter().flat_map(|file| &file.remarks).collect();
        let config = own.and_then(|file| file.contents.as_ref());
        for (outcome, _) in config.map_or_else(
            || outcomes(&Spec::default(), experiment),
            |spec| outcomes(spec, experiment),
        ) {
            let key = (experiment.app_name().to_string(), outcome);
            remarks.extend(
                self.layers
                    .outcomes
                    .get(&key)
                    .into_iter()
                    .flat_map(|file| &file.remarks),
            );
        }
        let warnings = remarks.into_iter().filter(|remark| remark.severity != Severity::Error);
        Diagnostics(warnings.cloned().collect())
    }

    /// The slugs of all experiment configs, sorted.
    pub fn experiment_slugs(&self) -> impl Iterator<Item = &str> {
        self.layers.experiments.keys().map(String::as_str)
    }

    fn unknown_outcome(&self, (platform, slug): &(String, String), span: Span) -> Diagnostic {
        let message = format!("there is no outcome `{slug}` for the platform `{platform}`");
        let mut fault = Diagnostic::error(Code::UnknownOutcome, message).with_span(span);
        let keys = || self.layers.outcomes.keys();
        let here = keys()
            .filter(|(other, _)| other == platform)
            .map(|(_, slug)| slug.as_str());
        let elsewhere: Vec<&str> = keys()
            .filter(|(_, other)| other == slug)
            .map(|(other, _)| other.as_str())
            .collect();
        fault.help = match nearest(slug, here) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if !elsewhere.is_empty() => Some(format!("it exists for {}", elsewhere.join(", "))),
            None => None,
        };
        fault
    }
}

/// The outcomes of an experiment, the API's first, each with the place that names it.
pub fn outcomes(spec: &Spec, experiment: &NimbusExperiment) -> Vec<(String, Span)> {
    let mut outcomes: Vec<(String, Span)> = Vec::new();
    let configured = spec.experiment.outcomes.iter().flatten();
    let api = experiment.outcomes.iter().map(|text| (text, true));
    for (text, from_api) in api.chain(configured.map(|text| (text, false))) {
        if from_api || !outcomes.iter().any(|(slug, _)| *slug == text.value) {
            outcomes.push((text.value.clone(), text.span.clone()));
        }
    }
    outcomes
}

fn errors(remarks: &[Diagnostic]) -> impl Iterator<Item = Diagnostic> + '_ {
    remarks
        .iter()
        .filter(|remark| remark.severity == Severity::Error)
        .cloned()
}
