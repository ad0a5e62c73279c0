//! Reads config trees from folders: which files there are, what layer each belongs to, and what each of them says.
//!
//! A tree is a metric-hub checkout: its root is one layer, its `jetstream/` folder another on top. A folder without
//! `jetstream/` is a layer of its own. Everything is read here and once, so that a later change of a file has no effect on a
//! run that goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;

use super::merge::layer;
use super::spec::{FunctionSpec, OutcomeSpec, Spec};
use super::{merge, read};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Severity, Source, Span};
use crate::document::{Table, parse_toml};

/// What a file says, with the remarks on it; or its faults.
#[derive(Debug, Clone)]
pub struct File<T> {
    /// The contents, unless the file has faults.
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

/// Reads trees, each on top of those before it.
pub fn layers(paths: &[PathBuf]) -> Result<Layers> {
    let mut layers = Layers::default();
    let mut faults = Vec::new();
    for path in paths {
        if !path.is_dir() {
            faults.push(Diagnostic::error(
                Code::Unreadable,
                format!("the config folder {} does not exist", path.display()),
            ));
            continue;
        }
        let mut files = read_folder(path, &mut layers, &mut faults);
        let inner = path.join("jetstream");
        if inner.is_dir() {
            files += read_folder(&inner, &mut layers, &mut faults);
        }
        if files == 0 {
            let message = format!("the config folder {} holds no config files", path.display());
            let help = "a config tree has TOML files, or folders named definitions, defaults, outcomes, jetstream";
            faults.push(Diagnostic::error(Code::Unreadable, message).with_help(help));
        }
    }
    match faults.is_empty() {
        true => Ok(layers),
        false => Err(Diagnostics(faults)),
    }
}

/// Reads one layer and says how many files it has. Faults of shared files go to `faults`; those of an experiment's
/// config or of an outcome stay with it.
fn read_folder(folder: &Path, layers: &mut Layers, faults: &mut Vec<Diagnostic>) -> usize {
    let mut files = 0;
    for (slug, path) in toml_files(folder, faults) {
        files += 1;
        let file = read_file(&path, |table, span, remarks| {
            match table.entries.contains_key("project") {
                true => None,
                false => Some(read::spec(table, span, remarks)),
            }
        });
        let Some(file) = file else {
            continue;
        };
        let file = match layers.experiments.remove(&slug) {
            Some(lower) => File {
                contents: lower
                    .contents
                    .zip(file.contents)
                    .map(|(lower, upper)| layer(lower, &upper)),
                remarks: lower.remarks.into_iter().chain(file.remarks).collect(),
            },
            None => file,
        };
        layers.experiments.insert(slug, file);
    }
    for platform in folders(&folder.join("outcomes"), faults) {
        let name = file_name(&platform);
        for (slug, path) in toml_files(&platform, faults) {
            files += 1;
            let file = read_file(&path, |table, span, remarks| Some(read::outcome(table, span, remarks)));
            layers.outcomes.extend(file.map(|file| ((name.clone(), slug), file)));
        }
    }
    for (slug, path) in toml_files(&folder.join("defaults"), faults) {
        files += 1;
        let file = read_file(&path, |table, span, remarks| Some(read::spec(table, span, remarks)));
        if let Some(spec) = file.and_then(|file| shared(file, &mut layers.warnings, faults)) {
            let lower = layers.defaults.remove(&slug).unwrap_or_default();
            layers.defaults.insert(slug, layer(lower, &spec));
        }
    }
    for (slug, path) in toml_files(&folder.join("definitions"), faults) {
        files += 1;
        if slug == "functions" {
            let file = read_file(&path, |table, span, remarks| {
                Some(read::functions(table, span, remarks))
            });
            if let Some(mut functions) = file.and_then(|file| shared(file, &mut layers.warnings, faults)) {
                for (name, function) in std::mem::take(&mut layers.functions) {
                    functions.entry(name).or_insert(function);
                }
                layers.functions = functions;
            }
            continue;
        }
        let file = read_file(&path, |table, span, remarks| Some(read::spec(table, span, remarks)));
        if let Some(spec) = file.and_then(|file| shared(file, &mut layers.warnings, faults)) {
            let lower = layers.definitions.remove(&slug);
            let spec = match lower {
                Some(lower) => merge::layer(lower, &spec),
                None => spec,
            };
            layers.definitions.insert(slug, spec);
        }
    }
    files
}

/// Reads one file; `None` when `read` says that the file is none of ours.
fn read_file<T>(path: &Path, read: impl FnOnce(&Table, Span, &mut Vec<Diagnostic>) -> Option<T>) -> Option<File<T>> {
    let broken = |remarks| {
        Some(File {
            contents: None,
            remarks,
        })
    };
    let source = match source(path) {
        Ok(source) => source,
        Err(fault) => return broken(vec![fault]),
    };
    let table = match parse_toml(&source) {
        Ok(table) => table,
        Err(faults) => return broken(faults.0),
    };
    let start = Span { source, range: 0..0 };
    let mut remarks = Vec::new();
    let contents = read(&table, start, &mut remarks)?;
    // In the order of the text; the sort is stable.
    remarks.sort_by_key(|remark| remark.span.as_ref().map_or(0, |span| span.range.start));
    let faulty = remarks.iter().any(|remark| remark.severity == Severity::Error);
    Some(File {
        contents: (!faulty).then_some(contents),
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

/// A file's text with the path as the user gave it.
pub fn source(path: &Path) -> std::result::Result<Arc<Source>, Diagnostic> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Arc::new(Source {
            path: path.display().to_string(),
            text,
        })),
        Err(error) => Err(Diagnostic::error(
            Code::Unreadable,
            format!("can't read {}: {error}", path.display()),
        )),
    }
}

/// The TOML files right in a folder, sorted by name, with their slugs. A folder that is not there has none.
fn toml_files(folder: &Path, faults: &mut Vec<Diagnostic>) -> Vec<(String, PathBuf)> {
    entries(folder, faults)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file())
        .filter_map(|path| Some((path.file_stem()?.to_string_lossy().into_owned(), path)))
        .collect()
}

fn folders(folder: &Path, faults: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    entries(folder, faults)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

fn entries(folder: &Path, faults: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            faults.push(Diagnostic::error(
                Code::Unreadable,
                format!("can't list {}: {error}", folder.display()),
            ));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
