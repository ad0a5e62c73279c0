//! Layers config trees: what layer each file belongs to, and what it says.
//!
//! Works on texts alone; [`tree`](super::tree) says where they come from.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::merge::layer;
use super::read;
use super::spec::{FunctionSpec, OutcomeSpec, Spec};
use super::tree::{Place, Role, Tree, place};
use crate::diagnostics::{Code, Diagnostic, Severity, Source, Span};
use crate::document::{Table, parse_toml};

/// What a file says, with the remarks on it.
#[derive(Debug, Clone)]
pub struct File<T> {
    /// The contents as far as they can be read; `None` where the file is no TOML.
    pub contents: Option<T>,
    /// Faults and warnings.
    pub remarks: Vec<Diagnostic>,
}

/// The layered files of all trees.
#[derive(Debug, Default)]
pub struct Layers {
    /// Experiment configs by slug.
    pub experiments: BTreeMap<String, File<Spec>>,
    /// Defaults by app name.
    pub defaults: BTreeMap<String, Spec>,
    /// Definitions by app name.
    pub definitions: BTreeMap<String, Spec>,
    /// Outcomes by platform and slug.
    pub outcomes: BTreeMap<(String, String), File<OutcomeSpec>>,
    /// Functions that templates may call.
    pub functions: IndexMap<String, FunctionSpec>,
    /// Warnings of the shared files: definitions, defaults, functions.
    pub warnings: Vec<Diagnostic>,
}

/// Reads the files of trees, each tree on top of those before it; beside it the faults of the files that all depend on.
pub fn layers(trees: &[Tree]) -> (Layers, Vec<Diagnostic>) {
    let mut layers = Layers::default();
    let mut faults = Vec::new();
    for tree in trees {
        faults.extend(tree.faults.iter().cloned());
        if tree.files.is_empty() && tree.unreadable.is_empty() {
            let message = format!("the config folder {} holds no config files", tree.name);
            let help = "a config tree has TOML files, or folders named definitions, defaults, outcomes, jetstream";
            faults.push(Diagnostic::error(Code::Unreadable, message).with_help(help));
        }
        let texts = tree.texts();
        for is_upper in [false, true] {
            for (path, text) in &texts {
                if let Some(place) = place(path).filter(|place| place.is_upper == is_upper) {
                    layers.add(place, *text, tree.is_private, &mut faults);
                }
            }
        }
    }
    (layers, faults)
}

type Contents<'a> = std::result::Result<&'a Arc<Source>, &'a Diagnostic>;

impl Layers {
    /// Adds one file on top of what is there. Faults of shared files go to `faults`; those of an experiment's config or of
    /// an outcome stay with it.
    fn add(&mut self, place: Place<'_>, text: Contents<'_>, is_private: bool, faults: &mut Vec<Diagnostic>) {
        let slug = place.slug.to_string();
        match place.role {
            Role::Experiment => self.add_experiment(slug, text, is_private),
            Role::Outcome { platform } => {
                let file = read_file(text, |table, span, remarks| Some(read::outcome(table, span, remarks)));
                self.outcomes
                    .extend(file.map(|file| ((platform.to_string(), slug), file)));
            }
            Role::Defaults => {
                let file = read_file(text, |table, span, remarks| {
                    Some(experiment_spec(table, span, remarks, is_private))
                });
                if let Some(spec) = file.and_then(|file| shared(file, &mut self.warnings, faults)) {
                    let lower = self.defaults.remove(&slug).unwrap_or_default();
                    self.defaults.insert(slug, layer(lower, &spec));
                }
            }
            Role::Definitions if slug == "functions" => self.add_functions(text, faults),
            Role::Definitions => {
                let file = read_file(text, |table, span, remarks| Some(read::spec(table, span, remarks)));
                if let Some(spec) = file.and_then(|file| shared(file, &mut self.warnings, faults)) {
                    let spec = match self.definitions.remove(&slug) {
                        Some(lower) => layer(lower, &spec),
                        None => spec,
                    };
                    self.definitions.insert(slug, spec);
                }
            }
        }
    }

    fn add_experiment(&mut self, slug: String, text: Contents<'_>, is_private: bool) {
        let file = read_file(text, |table, span, remarks| {
            match table.entries.contains_key("project") {
                true => None,
                false => Some(experiment_spec(table, span, remarks, is_private)),
            }
        });
        let Some(file) = file else {
            return;
        };
        let file = match self.experiments.remove(&slug) {
            Some(lower) => File {
                contents: match (lower.contents, file.contents) {
                    (Some(lower), Some(upper)) => Some(layer(lower, &upper)),
                    (lower, upper) => upper.or(lower),
                },
                remarks: lower.remarks.into_iter().chain(file.remarks).collect(),
            },
            None => file,
        };
        self.experiments.insert(slug, file);
    }

    /// The upper functions come first.
    fn add_functions(&mut self, text: Contents<'_>, faults: &mut Vec<Diagnostic>) {
        let file = read_file(text, |table, span, remarks| Some(read::functions(table, span, remarks)));
        if let Some(mut functions) = file.and_then(|file| shared(file, &mut self.warnings, faults)) {
            for (name, function) in std::mem::take(&mut self.functions) {
                functions.entry(name).or_insert(function);
            }
            self.functions = functions;
        }
    }
}

/// A file with an `[experiment]` of its own. In a private tree that is private, whatever it says.
fn experiment_spec(table: &Table, start: Span, remarks: &mut Vec<Diagnostic>, is_private: bool) -> Spec {
    let mut spec = read::spec(table, start.clone(), remarks);
    if is_private {
        let place = spec.experiment.is_private.map_or(start, |(_, place)| place);
        spec.experiment.is_private = Some((true, place));
    }
    spec
}

/// Reads one file; `None` when `read` says that the file is none of ours.
pub(super) fn read_file<T>(
    text: Contents<'_>,
    read: impl FnOnce(&Table, Span, &mut Vec<Diagnostic>) -> Option<T>,
) -> Option<File<T>> {
    let broken = |remarks| {
        Some(File {
            contents: None,
            remarks,
        })
    };
    let source = match text {
        Ok(source) => source,
        Err(fault) => return broken(vec![fault.clone()]),
    };
    let table = match parse_toml(source) {
        Ok(table) => table,
        Err(faults) => return broken(faults.0),
    };
    let start = Span {
        source: source.clone(),
        range: 0..0,
    };
    let mut remarks = Vec::new();
    let contents = read(&table, start, &mut remarks)?;
    // In the order of the text; the sort is stable.
    remarks.sort_by_key(|remark| remark.span.as_ref().map_or(0, |span| span.range.start));
    Some(File {
        contents: Some(contents),
        remarks,
    })
}

/// The contents of a file that everything depends on: its faults are faults of the whole.
fn shared<T>(file: File<T>, warnings: &mut Vec<Diagnostic>, faults: &mut Vec<Diagnostic>) -> Option<T> {
    for remark in file.remarks {
        match remark.severity {
            Severity::Error => faults.push(remark),
            Severity::Warning | Severity::Info => warnings.push(remark),
        }
    }
    file.contents
}
