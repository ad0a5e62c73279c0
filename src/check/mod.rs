//! The check of configs before anything runs: every file is read, resolved for its experiment or a stand-in, rendered, parsed
//! and compiled for every window and basis; then comes what parses and resolves but hurts people.
//!
//! Each kind of lint is a file. Nothing here changes what `compile` and `run` do, and nothing is written.

mod columns;
mod definitions;
mod enrollment;
mod expression;
mod signal;
mod source;
mod statistic;
mod subject;
mod template;
mod texts;
mod unused;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::civil::Date;
use rayon::prelude::*;

use crate::analysis::{Analysis, Period};
use crate::config::platforms::Platforms;
use crate::config::tree::{Role, Tree};
use crate::config::{self, ConfigFile, Configs, Provenance};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity, Span};
use crate::experiment::NimbusExperiment;
use crate::pipeline::{self, Selection};
use crate::schedule;
use crate::tables::Destination;

use self::subject::Subject;

/// What is checked.
#[derive(Debug, Default)]
pub struct Request {
    /// The config trees, later ones on top.
    pub trees: Vec<Tree>,
    /// The apps whose experiments can be analysed.
    pub platforms: Platforms,
    /// Experiments whose configs are checked for them; every other config is checked for a stand-in.
    pub experiments: Vec<NimbusExperiment>,
    /// The paths of the files to report on, as spans name them; `None` for all.
    pub paths: Option<BTreeSet<String>>,
}

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Every finding once, in the order of files and lines.
    pub findings: Diagnostics,
    /// How many files were looked at.
    pub files: usize,
    /// Where the configs come from.
    pub provenance: Vec<Provenance>,
}

/// Checks config files: all faults of all files at once.
pub fn check(request: &Request) -> Report {
    let files: Vec<ConfigFile<'_>> = request.trees.iter().flat_map(config::files).collect();
    let (configs, shared_faults) = config::assemble(&request.trees, request.platforms.clone());
    let is_asked = |file: &&ConfigFile<'_>| match (&request.paths, &file.source) {
        (Some(paths), Some(source)) => paths.contains(&source.path),
        _ => true,
    };
    let asked: Vec<&ConfigFile<'_>> = files.iter().filter(is_asked).collect();
    let mut findings: Vec<Diagnostic> = files.iter().flat_map(|file| file.remarks.iter().cloned()).collect();
    findings.extend(asked.iter().flat_map(|file| texts::findings(file, &configs)));
    // Where all definitions of a file are missing, every name of theirs would be a second fault.
    let is_shared = |file: &&ConfigFile<'_>| matches!(file.place.role, Role::Definitions | Role::Defaults);
    if files.iter().filter(is_shared).all(|file| file.contents.is_some()) {
        let found = asked.par_iter().flat_map_iter(|file| {
            let found = of_file(file, &files, &configs, request);
            found.into_iter().map(|finding| placed(finding, file))
        });
        findings.extend(found.collect::<Vec<Diagnostic>>());
    }
    findings.extend(shared_faults);
    Report {
        findings: Diagnostics(ordered(findings, request.paths.as_ref())),
        files: asked.len(),
        provenance: configs.provenance().to_vec(),
    }
}

/// What resolving and compiling one file brings to light.
fn of_file(file: &ConfigFile<'_>, files: &[ConfigFile<'_>], configs: &Configs, request: &Request) -> Vec<Diagnostic> {
    let Some(spec) = file.spec() else {
        return Vec::new();
    };
    if file.place.role == Role::Definitions {
        return definitions::findings(file.place.slug, spec, configs);
    }
    let subject = Subject::of(file, spec, configs, &request.experiments);
    let mut findings = unused::findings(file, spec, &subject, files, configs);
    findings.extend(subject.assumed.iter().cloned());
    let (analysis, faults) = configs.resolve_in_part(&subject.experiment);
    if faults.0.is_empty() {
        findings.extend(compiled(&analysis));
    }
    findings.extend(faults.0);
    findings.extend(of_analysis(&analysis));
    findings.extend(texts::deprecated(&analysis, spec));
    findings.extend(signal::findings(&analysis, &subject));
    if subject.is_real {
        findings.extend(subject::branches(&analysis, spec));
    }
    // What a file of the wrong shape seems to lack may only be unreadable, which is said already.
    let may_lack = |other: &ConfigFile<'_>| other.is_faulty() && other.place.role != Role::Experiment;
    if file.is_faulty() || files.iter().any(may_lack) {
        findings.retain(|finding| !SECOND_FAULTS.contains(&finding.code));
    }
    findings
}

/// Faults that follow from others, where something could not be read.
const SECOND_FAULTS: [Code; 5] = [
    Code::MissingKey,
    Code::UnknownSegment,
    Code::NoStatistics,
    Code::IncompleteMetric,
    Code::Unused,
];

/// The findings in a resolved analysis, wherever its parts were defined.
fn of_analysis(analysis: &Analysis) -> Vec<Diagnostic> {
    let mut findings = expression::findings(analysis);
    findings.extend(enrollment::findings(analysis));
    findings.extend(statistic::findings(analysis));
    for (name, source) in &analysis.data_sources {
        let is_of_metrics = analysis
            .metrics
            .values()
            .any(|metric| metric.data_source.as_ref() == Some(name));
        findings.extend(texts::source(
            name,
            &source.from,
            &source.submission_date_column,
            is_of_metrics,
        ));
    }
    for segment in &analysis.experiment.segments {
        let source = &segment.data_source;
        findings.extend(texts::source(
            &source.name,
            &source.from,
            &source.submission_date_column,
            false,
        ));
    }
    findings
}

/// The faults of compiling an experiment: of each period the first and the last window with every basis. The windows between
/// differ from these in nothing but their dates.
fn compiled(analysis: &Analysis) -> Vec<Diagnostic> {
    let destination = Destination {
        project: "project".to_string(),
        dataset: "dataset".to_string(),
        slug: analysis.experiment.slug.clone(),
    };
    let mut findings = Vec::new();
    let mut dates: BTreeMap<Date, Vec<Period>> = BTreeMap::new();
    let last = schedule::last_date(&analysis.experiment);
    for period in Period::ALL
        .into_iter()
        .filter(|period| analysis.periods.contains_key(period))
    {
        match last.map(|last| schedule::calendar(&analysis.experiment, period, last)) {
            Some(Ok(calendar)) => {
                let ends: BTreeSet<Date> = calendar
                    .first()
                    .into_iter()
                    .chain(calendar.last())
                    .map(|(date, _)| *date)
                    .collect();
                ends.into_iter()
                    .for_each(|date| dates.entry(date).or_default().push(period));
            }
            // A period whose dates are impossible costs only itself.
            Some(Err(faults)) => findings.extend(faults.0.into_iter().map(|fault| Diagnostic {
                severity: Severity::Warning,
                ..fault
            })),
            None => {}
        }
    }
    for (date, periods) in dates {
        let selection = Selection {
            date: Some(date),
            periods,
            ..Selection::default()
        };
        match pipeline::compile(analysis, &selection, &destination) {
            Ok(work) => findings.extend(work.remarks.0),
            Err(faults) => findings.extend(faults.0),
        }
    }
    findings
}

/// Each finding once, in the order of files and lines. A finding in a shared file is met once for each experiment that
/// uses it, so the experiment is left out of its words.
fn ordered(findings: Vec<Diagnostic>, paths: Option<&BTreeSet<String>>) -> Vec<Diagnostic> {
    let place = |span: &Option<Span>| {
        let span = span.as_ref()?;
        Some((span.source.path.clone(), span.range.start, span.range.end))
    };
    let mut seen = HashSet::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for mut finding in findings {
        if finding.span.is_some() {
            finding.context.retain(|context| !context.starts_with("experiment "));
        }
        let is_asked = match (paths, &finding.span) {
            (Some(paths), Some(span)) => paths.contains(&span.source.path),
            _ => true,
        };
        if is_asked && seen.insert((finding.code, place(&finding.span), finding.message.clone())) {
            kept.push(finding);
        }
    }
    kept.sort_by_key(|finding| (place(&finding.span), finding.code));
    kept
}

/// A finding without a place is one of the whole file.
fn placed(finding: Diagnostic, file: &ConfigFile<'_>) -> Diagnostic {
    match (&finding.span, &file.source) {
        (None, Some(source)) => finding.with_span(Span {
            source: source.clone(),
            range: 0..0,
        }),
        _ => finding,
    }
}

/// A finding with its place.
fn finding(severity: Severity, code: Code, message: String, span: &Span, help: &str) -> Diagnostic {
    let finding = Diagnostic {
        severity,
        ..Diagnostic::error(code, message)
    };
    finding.with_span(span.clone()).with_help(help)
}
