//! The experiment that a file is checked for: the real one where it is at hand, else a stand-in that has all windows.

use jiff::civil::Date;

use crate::analysis::Analysis;
use crate::config::spec::{ExperimentSpec, ParameterValue, Spec};
use crate::config::tree::Role;
use crate::config::{ConfigFile, Configs};
use crate::diagnostics::{Code, Diagnostic, Severity, Span, nearest};
use crate::document::Text;
use crate::experiment::{Branch, BucketConfig, NimbusExperiment};
use crate::schedule::plus;

use super::finding;

/// The experiment that a file is checked for.
pub struct Subject {
    /// The experiment.
    pub experiment: NimbusExperiment,
    /// Whether it is a real one.
    pub is_real: bool,
    /// Whether the length of its enrollment is known, and not a stand-in's.
    pub knows_enrollment: bool,
    /// What had to be assumed of a stand-in.
    pub assumed: Vec<Diagnostic>,
}

/// A name that no experiment has, for files that are not one experiment's.
pub const NOBODY: &str = "isobar-check";
/// When stand-ins start: any day does, as nothing is read.
const START: Date = Date::constant(2025, 1, 6);
/// Days of enrollment where nothing says how many: Jetstream's validation takes two weeks as well.
const ENROLLMENT: i64 = 14;
/// Days from the end of enrollment to the end of the experiment: enough for every kind of window.
const LIFE: i64 = 30;

impl Subject {
    /// The subject of an experiment's config, of an outcome or of defaults.
    pub fn of(file: &ConfigFile<'_>, spec: &Spec, configs: &Configs, experiments: &[NimbusExperiment]) -> Self {
        let config = &spec.experiment;
        let start = Span {
            source: file.source.clone().unwrap_or_default(),
            range: 0..0,
        };
        let stand_in = |slug: &str, app: &str| stand_in(slug, app, spec, &start);
        let mut assumed = Vec::new();
        let experiment = match file.place.role {
            Role::Experiment => {
                let slug = file.place.slug;
                if let Some(real) = experiments.iter().find(|experiment| experiment.slug == slug) {
                    return Self {
                        experiment: with_dates(real.clone(), config),
                        is_real: true,
                        knows_enrollment: true,
                        assumed: Vec::new(),
                    };
                }
                // Its outcomes are known only where the config names them, or lists a metric that one of them defines.
                let experiment = likeliest(configs, |app| {
                    let mut experiment = stand_in(slug, app);
                    experiment.outcomes = needed_outcomes(configs, app, spec);
                    experiment
                });
                assumed = outcomes_assumed(&experiment);
                experiment
            }
            Role::Outcome { platform } => {
                let mut experiment = stand_in(NOBODY, platform);
                experiment.outcomes.push(Text {
                    value: file.place.slug.to_string(),
                    span: start.clone(),
                });
                experiment
            }
            Role::Defaults | Role::Definitions => stand_in(NOBODY, file.place.slug),
        };
        Self {
            experiment,
            is_real: false,
            knows_enrollment: config.enrollment_period.is_some(),
            assumed,
        }
    }
}

/// The outcomes of an app that define metrics which a config lists and nothing else defines, each with the place of a list
/// that needs it.
fn needed_outcomes(configs: &Configs, app: &str, spec: &Spec) -> Vec<Text> {
    let definitions = configs.definitions(app);
    let is_defined = |name: &str| {
        let own = spec.metrics.get(name);
        own.is_some_and(|metric| metric.data_source.is_some() || metric.depends_on.is_some())
            || definitions.is_some_and(|definitions| definitions.metrics.contains_key(name))
    };
    let named: Vec<&str> = spec
        .experiment
        .outcomes
        .iter()
        .flatten()
        .map(|text| text.value.as_str())
        .collect();
    let mut needed: Vec<Text> = Vec::new();
    for name in spec.periods.values().flatten().filter(|name| !is_defined(&name.value)) {
        let defining = || {
            let outcomes = configs.outcomes_of(app);
            outcomes
                .filter(|(_, outcome)| outcome.spec.metrics.contains_key(&name.value))
                .map(|(slug, _)| slug)
        };
        let is_there = defining().any(|slug| named.contains(&slug) || needed.iter().any(|text| text.value == slug));
        if let (false, Some(slug)) = (is_there, defining().next()) {
            needed.push(Text {
                value: slug.to_string(),
                span: name.span.clone(),
            });
        }
    }
    needed
}

fn outcomes_assumed(experiment: &NimbusExperiment) -> Vec<Diagnostic> {
    let assumed = experiment.outcomes.iter().map(|outcome| {
        let message = format!(
            "this metric is defined by the outcome `{}` alone, which the config does not name",
            outcome.value
        );
        let help = format!(
            "it is known only if the experiment has that outcome; to be sure, add `outcomes = [\"{}\"]`",
            outcome.value
        );
        finding(Severity::Warning, Code::UnknownMetric, message, &outcome.span, &help)
    });
    assumed.collect()
}

/// The stand-in of the app that knows the names in a config best; the first of the list where several do.
fn likeliest(configs: &Configs, stand_in: impl Fn(&str) -> NimbusExperiment) -> NimbusExperiment {
    let mut best: Option<(usize, NimbusExperiment)> = None;
    for app in configs.platforms() {
        let experiment = stand_in(app);
        let faults = configs.resolve(&experiment).map_or_else(|faults| faults.0.len(), |_| 0);
        if best.as_ref().is_none_or(|(fewest, _)| faults < *fewest) {
            best = Some((faults, experiment));
        }
        if faults == 0 {
            break;
        }
    }
    best.map_or_else(|| stand_in("firefox_desktop"), |(_, experiment)| experiment)
}

/// A stand-in for an experiment of an app: as much of it as a config depends on.
pub fn stand_in(slug: &str, app: &str, spec: &Spec, start: &Span) -> NimbusExperiment {
    let config = &spec.experiment;
    let mut branches: Vec<&str> = config.reference_branch.iter().map(|text| text.value.as_str()).collect();
    let values = spec
        .parameters
        .values()
        .flat_map(|parameter| [&parameter.value, &parameter.default]);
    for value in values.flatten() {
        if let ParameterValue::ByBranch(values) = value {
            branches.extend(values.keys().map(String::as_str));
        }
    }
    if branches.is_empty() {
        branches.push("control");
    }
    branches.push("treatment");
    let mut known: Vec<Branch> = Vec::new();
    for slug in branches {
        if !known.iter().any(|branch| branch.slug == slug) {
            known.push(Branch {
                slug: slug.to_string(),
                ratio: 1,
            });
        }
    }
    // An enrollment query tells the unit by the id that it selects.
    let selects_groups = |text: &Text| text.value.contains("profile_group_id");
    let unit = match config.enrollment_query.as_ref().is_some_and(selects_groups) {
        true => "group_id",
        false => "normandy_id",
    };
    let experiment = NimbusExperiment {
        slug: slug.to_string(),
        app_name: Some(app.to_string()),
        app_id: None,
        reference_branch: known.first().map(|branch| branch.slug.clone()),
        branches: known,
        start_date: None,
        end_date: None,
        enrollment_end_date: None,
        proposed_enrollment: ENROLLMENT,
        bucket_config: BucketConfig {
            randomization_unit: Text {
                value: unit.to_string(),
                span: start.clone(),
            },
            namespace: String::new(),
            start: 0,
            count: 10_000,
            total: 10_000,
        },
        outcomes: Vec::new(),
        segments: Vec::new(),
        is_enrollment_paused: None,
        is_rollout: false,
        span: start.clone(),
    };
    with_dates(experiment, config)
}

/// Fills in the dates that are not known yet, so that every window can be compiled.
fn with_dates(mut experiment: NimbusExperiment, config: &ExperimentSpec) -> NimbusExperiment {
    let enrollment = config
        .enrollment_period
        .unwrap_or(match experiment.proposed_enrollment {
            0 => ENROLLMENT,
            days => days,
        });
    let given = |date: &Option<(Date, Span)>| date.as_ref().map(|(date, _)| *date);
    let life = enrollment.saturating_add(LIFE);
    let end = given(&config.end_date).or(experiment.end_date);
    // A date beyond the calendar stays unknown; the config's own dates then have their own finding.
    let start = given(&config.start_date)
        .or(experiment.start_date)
        .or_else(|| plus(end?, life.saturating_neg()).ok())
        .unwrap_or(START);
    experiment.start_date.get_or_insert(start);
    experiment.end_date = experiment.end_date.or(end).or_else(|| plus(start, life).ok());
    experiment.enrollment_end_date = experiment
        .enrollment_end_date
        .or_else(|| plus(start, enrollment.saturating_sub(1)).ok());
    experiment
}

/// Branches that a config names and a real experiment lacks.
pub fn branches(analysis: &Analysis, spec: &Spec) -> Vec<Diagnostic> {
    let known = &analysis.experiment.branches;
    let is_known = |name: &str| known.iter().any(|branch| branch == name);
    let help = |name: &str| match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its branches are {}", known.join(", ")),
    };
    let mut findings = Vec::new();
    if let Some(branch) = spec
        .experiment
        .reference_branch
        .as_ref()
        .filter(|branch| !is_known(&branch.value))
    {
        let message = format!("the experiment has no branch `{}`", branch.value);
        findings.push(finding(
            Severity::Error,
            Code::UnknownBranch,
            message,
            &branch.span,
            &help(&branch.value),
        ));
    }
    for (name, parameter) in &spec.parameters {
        for value in [&parameter.value, &parameter.default].into_iter().flatten() {
            let ParameterValue::ByBranch(values) = value else {
                continue;
            };
            for branch in values.keys().filter(|branch| !is_known(branch)) {
                let message =
                    format!("the parameter `{name}` has a value for `{branch}`, a branch that the experiment lacks");
                findings.push(finding(
                    Severity::Warning,
                    Code::UnknownBranch,
                    message,
                    &parameter.span,
                    &help(branch),
                ));
            }
        }
    }
    findings
}
