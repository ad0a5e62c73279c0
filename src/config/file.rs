//! One config file by itself, unlayered: what the check of a config looks at.

use std::sync::Arc;

use indexmap::IndexMap;

use super::load::read_file;
use super::read;
use super::spec::{FunctionSpec, OutcomeSpec, Spec};
use super::tree::{Place, Role, Tree, place};
use crate::diagnostics::{Diagnostic, Severity, Source};

/// A file of a tree.
#[derive(Debug, Clone)]
pub struct ConfigFile<'a> {
    /// Where it belongs.
    pub place: Place<'a>,
    /// Its text, if it can be read.
    pub source: Option<Arc<Source>>,
    /// What it says, as far as it can be read; `None` where it is no TOML.
    pub contents: Option<Contents>,
    /// Faults and warnings about its shape.
    pub remarks: Vec<Diagnostic>,
}

/// What a file says.
#[derive(Debug, Clone)]
pub enum Contents {
    /// An experiment's config, an app's defaults, or definitions.
    Spec(Box<Spec>),
    /// An outcome.
    Outcome(Box<OutcomeSpec>),
    /// Functions of templates.
    Functions(IndexMap<String, FunctionSpec>),
}

impl ConfigFile<'_> {
    /// Whether its shape has faults, so that `contents` may lack something.
    pub fn is_faulty(&self) -> bool {
        self.remarks.iter().any(|remark| remark.severity == Severity::Error)
    }

    /// The definitions in it, if it has any.
    pub fn spec(&self) -> Option<&Spec> {
        match self.contents.as_ref()? {
            Contents::Spec(spec) => Some(spec),
            Contents::Outcome(outcome) => Some(&outcome.spec),
            Contents::Functions(_) => None,
        }
    }
}

/// The files of a tree that experiments need, in the order of their paths. Those of other programs are left out.
pub fn files(tree: &Tree) -> Vec<ConfigFile<'_>> {
    let texts = tree.texts().into_iter();
    let read = texts.filter_map(|(path, text)| {
        let place = place(path)?;
        let file = read_file(text, |table, span, remarks| match place.role {
            Role::Experiment if table.entries.contains_key("project") => None,
            Role::Experiment | Role::Defaults => Some(Contents::Spec(Box::new(read::spec(table, span, remarks)))),
            Role::Outcome { .. } => Some(Contents::Outcome(Box::new(read::outcome(table, span, remarks)))),
            Role::Definitions if place.slug == "functions" => {
                Some(Contents::Functions(read::functions(table, span, remarks)))
            }
            Role::Definitions => Some(Contents::Spec(Box::new(read::spec(table, span, remarks)))),
        })?;
        Some(ConfigFile {
            place,
            source: text.ok().cloned(),
            contents: file.contents,
            remarks: file.remarks,
        })
    });
    read.collect()
}
