//! Reads experiments from JSON files: an object, a list, or a folder of such files. All faults of all files at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Branch, BucketConfig, NimbusExperiment};
use crate::config;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Severity, Source};
use crate::document::{Fields, Node, Text, Value, parse_json};

/// Experiments in the order of the files' names, and of the list within a file.
///
/// `Err` when a path can't be read at all. A faulty experiment costs only itself: its faults stand in the second list, each
/// within `experiment <slug>` where the slug could be read.
pub fn load(paths: &[PathBuf]) -> Result<(Vec<NimbusExperiment>, Vec<Diagnostics>)> {
    let mut read = Vec::new();
    for path in paths {
        for file in files(path)? {
            match parse(&config::source(&file)?) {
                Ok(more) => read.extend(more),
                Err(faults) => read.push(Err(faults)),
            }
        }
    }
    Ok(distinct(read))
}

/// The experiments that could be read, each slug once, and the faults of the others.
pub fn distinct(read: Vec<Result<NimbusExperiment>>) -> (Vec<NimbusExperiment>, Vec<Diagnostics>) {
    let mut experiments: Vec<NimbusExperiment> = Vec::new();
    let mut rejected = Vec::new();
    let mut first_seen: BTreeMap<String, Arc<Source>> = BTreeMap::new();
    for result in read {
        match result {
            Err(faults) => rejected.push(faults),
            Ok(experiment) => match first_seen.get(&experiment.slug) {
                Some(other) => rejected.push(duplicate(&experiment, &other.path)),
                None => {
                    first_seen.insert(experiment.slug.clone(), experiment.source().clone());
                    experiments.push(experiment);
                }
            },
        }
    }
    (experiments, rejected)
}

/// The experiments of one JSON text. `Err` when the text is no JSON, or neither an object nor a list.
pub fn parse(source: &Arc<Source>) -> Result<Vec<Result<NimbusExperiment>>> {
    let node = parse_json(source)?;
    match &node.value {
        Value::Table(_) => Ok(vec![experiment(&node)]),
        Value::List(nodes) => Ok(nodes.iter().map(experiment).collect()),
        _ => {
            let message = format!(
                "experiments must be an object or a list of objects, but the file holds {}",
                node.kind()
            );
            Err(Diagnostic::error(Code::WrongType, message).with_span(node.span).into())
        }
    }
}

/// A file is itself; a folder is the JSON files in it, sorted by name.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |what: &str| {
        let message = format!("can't read the experiments in {}: {what}", path.display());
        Diagnostics::from(Diagnostic::error(Code::Unreadable, message))
    };
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let listed = std::fs::read_dir(path).map_err(|error| unreadable(&error.to_string()))?;
    let mut files: Vec<PathBuf> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    match files.is_empty() {
        true => Err(unreadable("the folder holds no .json files")),
        false => Ok(files),
    }
}

fn duplicate(experiment: &NimbusExperiment, other: &str) -> Diagnostics {
    let message = format!("the experiment `{}` is also described in {other}", experiment.slug);
    Diagnostics::from(
        Diagnostic::error(Code::DuplicateExperiment, message)
            .with_span(experiment.span.clone())
            .with_help("the first description is used"),
    )
}

fn experiment(node: &Node) -> Result<NimbusExperiment> {
    let Value::Table(table) = &node.value else {
        let message = format!("an experiment must be an object, but is {}", node.kind());
        return Err(Diagnostic::error(Code::WrongType, message)
            .with_span(node.span.clone())
            .into());
    };
    let mut faults = Vec::new();
    // The opening brace: marking the whole object would print all of it.
    let mut span = node.span.clone();
    span.range.end = span.range.start + 1;
    let mut fields = Fields::new(table, "the experiment", span.clone(), &mut faults);
    let slug = fields.required_text("slug");
    for key in ["startDate", "endDate", "referenceBranch", "proposedEnrollment"] {
        fields.required_or_null(key);
    }
    let branches = read_branches(&mut fields);
    let bucket_config = read_bucket_config(&mut fields);
    let dates = ["startDate", "endDate", "enrollmentEndDate"].map(|key| fields.date(key, false).map(|(date, _)| date));
    let proposed_enrollment = fields.integer("proposedEnrollment").unwrap_or(0);
    let reference_branch = fields.text("referenceBranch");
    let app_name = fields.text("appName");
    let app_id = fields.text("appId");
    let outcomes = read_slugs(&mut fields, "outcomes");
    let segments = read_slugs(&mut fields, "segments");
    let is_enrollment_paused = fields.boolean("isEnrollmentPaused");
    let is_rollout = fields.boolean("isRollout").unwrap_or(false);
    // The API has many more keys than an analysis needs, so unknown ones are no news.
    drop(fields);
    faults.sort_by_key(|fault| fault.span.as_ref().map_or(0, |span| span.range.start));
    let (Some(slug), Some(bucket_config), false) = (
        slug.clone(),
        bucket_config,
        faults.iter().any(|fault| fault.severity == Severity::Error),
    ) else {
        let faults = Diagnostics(faults);
        return Err(match slug {
            Some(slug) => faults.within(&format!("experiment {}", slug.value)),
            None => faults,
        });
    };
    let [start_date, end_date, enrollment_end_date] = dates;
    let value = |text: Option<Text>| text.map(|text| text.value);
    Ok(NimbusExperiment {
        slug: slug.value,
        app_name: value(app_name),
        app_id: value(app_id),
        branches,
        start_date,
        end_date,
        enrollment_end_date,
        proposed_enrollment,
        reference_branch: value(reference_branch),
        bucket_config,
        outcomes,
        segments,
        is_enrollment_paused,
        is_rollout,
        span,
    })
}

fn read_branches(fields: &mut Fields<'_, '_>) -> Vec<Branch> {
    let mut branches = Vec::new();
    if fields.required("branches").is_none() {
        return branches;
    }
    for node in fields.list("branches").unwrap_or_default() {
        let Value::Table(table) = &node.value else {
            fields.wrong_type("branches", node, "a list of objects");
            continue;
        };
        let mut inner = Fields::new(table, "a branch", node.span.clone(), fields.faults());
        let slug = inner.required_text("slug");
        let ratio = inner.integer("ratio").unwrap_or(1);
        branches.extend(slug.map(|slug| Branch {
            slug: slug.value,
            ratio,
        }));
    }
    branches
}

fn read_bucket_config(fields: &mut Fields<'_, '_>) -> Option<BucketConfig> {
    fields.required("bucketConfig")?;
    let (table, span) = fields.table("bucketConfig")?;
    let mut inner = Fields::new(table, "`bucketConfig`", span, fields.faults());
    Some(BucketConfig {
        randomization_unit: inner.required_text("randomizationUnit")?,
        namespace: inner.text("namespace").map_or_else(String::new, |text| text.value),
        start: inner.integer("start").unwrap_or(0),
        count: inner.integer("count").unwrap_or(0),
        total: inner.integer("total").unwrap_or(0),
    })
}

/// A list of objects with a slug.
fn read_slugs(fields: &mut Fields<'_, '_>, key: &'static str) -> Vec<Text> {
    let mut slugs = Vec::new();
    for node in fields.list(key).unwrap_or_default() {
        match &node.value {
            Value::Table(table) => {
                let what = format!("an entry of `{key}`");
                let mut inner = Fields::new(table, what, node.span.clone(), fields.faults());
                slugs.extend(inner.required_text("slug"));
            }
            _ => fields.wrong_type(key, node, "a list of objects with a `slug`"),
        }
    }
    slugs
}
