//! `isobar check`: every fault of config files before anything runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::args::{ExperimentArgs, TreeArgs};
use super::{Outcome, inputs, print, provenance};
use crate::check::{self, Report, Request};
use crate::config::tree::{Tree, place, shown};
use crate::diagnostics::{self, Code, Diagnostic, Diagnostics, Result, Severity};

/// Check config files: shape, names, SQL, statistics, and what is known to go wrong
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Config files, or folders of them: a whole tree or a part of one. The tree around them is found by its folders
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    trees: TreeArgs,
    #[command(flatten)]
    experiments: ExperimentArgs,
    /// The least severity that makes the exit code 1
    #[arg(long, default_value = "error", value_name = "SEVERITY")]
    deny: Deny,
    /// The form of the findings
    #[arg(long, default_value = "text")]
    format: CheckFormat,
}

/// A severity, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Errors
    #[value(alias = "errors")]
    Error,
    /// Warnings and errors
    #[value(alias = "warnings")]
    Warning,
    /// Every finding
    Info,
}

/// The form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people, with the lines of the files
    Text,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
}

/// Checks the files and prints what was found.
///
/// # Errors
/// Paths that can't be read or hold no configs, unreadable experiments.
pub fn run(args: &CheckArgs) -> Result<Outcome> {
    let report = check::check(&request(args)?);
    let findings = &report.findings;
    match args.format {
        CheckFormat::Text => print(&text(&report))?,
        CheckFormat::Json => {
            let mut value = json!({"findings": diagnostics::to_json(findings)});
            provenance::add_to(&mut value, &report.provenance);
            print(&format!("{value}\n"))?;
        }
        CheckFormat::Github => print(&diagnostics::to_github(findings))?,
    }
    let denied = match args.deny {
        Deny::Error => Severity::Error,
        Deny::Warning => Severity::Warning,
        Deny::Info => Severity::Info,
    };
    Ok(match findings.0.iter().any(|finding| finding.severity >= denied) {
        true => Outcome::Incomplete,
        false => Outcome::Complete,
    })
}

/// The findings, and their numbers in the last line.
fn text(report: &Report) -> String {
    let mut text = String::new();
    if !report.findings.0.is_empty() {
        text = diagnostics::to_text(&report.findings, super::is_terminal());
        text.push_str("\n\n");
    }
    let count = |severity, one: &str, many: &str| {
        let number = report
            .findings
            .0
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        format!("{number} {}", if number == 1 { one } else { many })
    };
    text.push_str(&format!(
        "{} {}: {}, {}, {}\n",
        report.files,
        if report.files == 1 { "file" } else { "files" },
        count(Severity::Error, "error", "errors"),
        count(Severity::Warning, "warning", "warnings"),
        count(Severity::Info, "remark", "remarks"),
    ));
    if let Some(finding) = report.findings.0.first() {
        text.push_str(&format!("More about a code: isobar explain-code {}\n", finding.code));
    }
    text
}

fn request(args: &CheckArgs) -> Result<Request> {
    let mut faults = Vec::new();
    if args.paths.is_empty() && args.trees.configs.is_empty() && args.trees.private_configs.is_empty() {
        let fault = Diagnostic::error(Code::Usage, "there is nothing to check");
        faults.push(fault.with_help("name files or folders, or a whole tree with --configs"));
    }
    let named: Vec<PathBuf> = args
        .trees
        .configs
        .iter()
        .chain(&args.trees.private_configs)
        .cloned()
        .collect();
    let mut roots: Vec<PathBuf> = Vec::new();
    let mut asked = BTreeSet::new();
    for path in &args.paths {
        match Asked::of(path, &named) {
            Ok(found) => {
                asked.extend(found.files);
                if !named.contains(&found.root) && !roots.contains(&found.root) {
                    roots.push(found.root);
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    let (trees, platforms, unreadable) = inputs::trees(&args.trees, &roots);
    faults.extend(unreadable);
    let mut experiments = Vec::new();
    // Without any of these, stand-ins do: a check needs no network.
    let is_asked =
        |args: &ExperimentArgs| !args.experiments.is_empty() || args.experimenter_url.is_some() || args.drafts;
    if is_asked(&args.experiments) {
        match inputs::experiments(&args.experiments, args.trees.answer_limit()) {
            Ok((read, rejected)) => {
                experiments = read;
                faults.extend(rejected.into_iter().flat_map(|faults| faults.0));
            }
            Err(more) => faults.extend(more.0),
        }
    }
    match faults.is_empty() {
        true => Ok(Request {
            trees,
            platforms,
            experiments,
            paths: (!args.paths.is_empty()).then_some(asked),
        }),
        false => Err(Diagnostics(faults)),
    }
}

/// The files behind one path of the command line.
struct Asked {
    /// The tree that they belong to.
    root: PathBuf,
    /// Their paths, as the tree names them.
    files: Vec<String>,
}

impl Asked {
    fn of(path: &Path, configs: &[PathBuf]) -> std::result::Result<Self, Diagnostic> {
        let unusable =
            |reason: &str| Diagnostic::error(Code::Unreadable, format!("can't check {}: {reason}", path.display()));
        let full = path.canonicalize().map_err(|error| unusable(&error.to_string()))?;
        let root = root(path, &full, configs).ok_or_else(|| {
            unusable("it is no config file of experiments").with_help(
                "configs are TOML files, in a tree with the folders definitions, defaults, outcomes or jetstream",
            )
        })?;
        let tree = Tree::read(&root).map_err(|faults| unusable(&faults.to_string()))?;
        let below = |name: &&String| root.join(name).canonicalize().is_ok_and(|file| file.starts_with(&full));
        let names = tree.files.keys().chain(tree.unreadable.keys()).filter(below);
        let files: Vec<String> = names.map(|name| shown(&root.join(name))).collect();
        match files.is_empty() {
            true => Err(unusable("it holds no config files of experiments")),
            false => Ok(Self { root, files }),
        }
    }
}

/// The root of the tree that a path lies in: one of `configs`, or the folder from which it looks like a part of a tree. A
/// folder that has the parts of a tree is one itself.
fn root(path: &Path, full: &Path, configs: &[PathBuf]) -> Option<PathBuf> {
    let of_configs = configs
        .iter()
        .find(|root| root.canonicalize().is_ok_and(|root| full.starts_with(root)));
    if let Some(root) = of_configs {
        return Some(root.clone());
    }
    let is_tree = |folder: &Path| {
        ["definitions", "jetstream"]
            .iter()
            .any(|part| folder.join(part).is_dir())
    };
    // The nearest folder above that is a tree; `jetstream/` has definitions too, but belongs to the folder above it.
    let mut folder = if full.is_dir() { full } else { full.parent()? };
    loop {
        let is_upper = folder.file_name().is_some_and(|name| name == "jetstream");
        if is_tree(folder) && !is_upper {
            break;
        }
        match folder.parent() {
            Some(parent) => folder = parent,
            None => return alone(path, full),
        }
    }
    let relative = full.strip_prefix(folder).ok()?;
    let is_part = full.is_dir() || place(&relative.to_string_lossy().replace('\\', "/")).is_some();
    // As the user wrote it, as far as possible: the path without its part within the tree.
    let depth = relative.components().count();
    let written = path.ancestors().nth(depth).map(or_here);
    let written = written.filter(|root| root.canonicalize().is_ok_and(|root| root == folder));
    is_part.then(|| written.unwrap_or(folder).to_path_buf())
}

/// A path, or `.` for the empty one.
fn or_here(path: &Path) -> &Path {
    match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    }
}

/// A file or folder that lies in no tree is taken for experiments' configs.
fn alone(path: &Path, full: &Path) -> Option<PathBuf> {
    if full.is_dir() {
        return Some(path.to_path_buf());
    }
    let is_config = full.extension().is_some_and(|extension| extension == "toml");
    let folder = or_here(path.parent()?);
    is_config.then(|| folder.to_path_buf())
}
