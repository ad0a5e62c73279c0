//! Definitions in an experiment's config or an outcome that nothing uses: they do nothing, and were meant to.

use crate::config::spec::{MetricSpec, Spec};
use crate::config::tree::Role;
use crate::config::{ConfigFile, Configs};
use crate::diagnostics::{Code, Diagnostic, Severity, Span};

use super::finding;
use super::subject::Subject;

/// The unused definitions of a file. Definitions and defaults serve whoever comes.
pub fn findings(
    file: &ConfigFile<'_>,
    own: &Spec,
    subject: &Subject,
    files: &[ConfigFile<'_>],
    configs: &Configs,
) -> Vec<Diagnostic> {
    if !matches!(file.place.role, Role::Experiment | Role::Outcome { .. }) {
        return Vec::new();
    }
    let (merged, _) = configs.spec_in_part(&subject.experiment);
    let mut around: Vec<&Spec> = vec![&merged];
    // Of a stand-in the app is a guess, and which outcomes an experiment has only Experimenter knows: all of them count.
    let apps: Vec<&str> = match subject.is_real {
        true => vec![subject.experiment.app_name()],
        false => configs.platforms().collect(),
    };
    for app in apps {
        around.extend(configs.definitions(app));
        around.extend(configs.defaults(app));
        around.extend(configs.outcomes_of(app).map(|(_, outcome)| &outcome.spec));
    }
    // And an outcome serves the experiments that name its metrics.
    if matches!(file.place.role, Role::Outcome { .. }) {
        around.extend(
            files
                .iter()
                .filter(|other| other.place.role == Role::Experiment)
                .filter_map(ConfigFile::spec),
        );
    }
    let used = Used { around };
    let mut findings = Vec::new();
    let mut add = |what: String, span: &Span, help: &str| {
        findings.push(finding(
            Severity::Warning,
            Code::Unused,
            format!("{what} is never used"),
            span,
            help,
        ));
    };
    for (key, metric) in &own.metrics {
        if !used.metric(key, metric, &merged) {
            add(
                format!("metric `{key}`"),
                &metric.span,
                "list it under `[metrics]`, such as `overall = [...]`, or leave it out",
            );
        }
    }
    for (name, source) in &own.data_sources {
        if !used.data_source(name) {
            add(
                format!("data source `{name}`"),
                &source.span,
                "no metric and no exposure signal names it",
            );
        }
    }
    for (name, segment) in &own.segments {
        let mut listed = merged
            .experiment
            .segments
            .iter()
            .flatten()
            .chain(&subject.experiment.segments);
        if !listed.any(|text| text.value == *name) {
            add(
                format!("segment `{name}`"),
                &segment.select_expression.span,
                "list it: `segments = [...]` under `[experiment]`",
            );
        }
    }
    for (name, source) in &own.segment_data_sources {
        if !used.segment_data_source(name) {
            add(
                format!("segment data source `{name}`"),
                &source.from_expression.span,
                "no segment names it",
            );
        }
    }
    for (name, parameter) in &own.parameters {
        if !used.parameter(name) {
            add(
                format!("parameter `{name}`"),
                &parameter.span,
                "no expression has `parameters.` and its name",
            );
        }
    }
    findings
}

/// The specs that may use a definition.
struct Used<'a> {
    around: Vec<&'a Spec>,
}

impl Used<'_> {
    fn metrics(&self) -> impl Iterator<Item = &MetricSpec> {
        self.around.iter().flat_map(|spec| spec.metrics.values())
    }

    /// Whether a metric is listed, something depends on it, or a statistic's parameters name it. A pattern is used if it
    /// matches something.
    fn metric(&self, key: &str, metric: &MetricSpec, merged: &Spec) -> bool {
        if key.contains(['*', '?', '[']) {
            return merged.metrics.keys().any(|name| crate::config::matches(key, name));
        }
        let is_it = |name: &str| name == key || name == metric.name;
        let listed = self.around.iter().flat_map(|spec| spec.periods.values().flatten());
        let depended = self.metrics().flat_map(|metric| metric.depends_on.iter().flatten());
        listed.chain(depended).any(|text| is_it(&text.value)) || self.metrics().any(|other| mentions(other, &is_it))
    }

    fn data_source(&self, name: &str) -> bool {
        let of_metrics = self.metrics().filter_map(|metric| metric.data_source.as_ref());
        let signals = self
            .around
            .iter()
            .filter_map(|spec| spec.experiment.exposure_signal.as_ref());
        of_metrics
            .chain(signals.map(|signal| &signal.data_source))
            .any(|text| text.value == name)
    }

    fn segment_data_source(&self, name: &str) -> bool {
        let mut segments = self.around.iter().flat_map(|spec| spec.segments.values());
        segments.any(|segment| segment.data_source.value == name)
    }

    fn parameter(&self, name: &str) -> bool {
        let mut expressions = self.metrics().filter_map(|metric| metric.select_expression.as_ref());
        let word = format!("parameters.{name}");
        let quoted = [format!("parameters['{name}']"), format!("parameters[\"{name}\"]")];
        expressions.any(|text| has_word(&text.value, &word) || quoted.iter().any(|quoted| text.value.contains(quoted)))
    }
}

/// Whether a parameter of a metric's statistics is a text that `is_it` accepts.
fn mentions(metric: &MetricSpec, is_it: &dyn Fn(&str) -> bool) -> bool {
    fn any_text(value: &serde_json::Value, is_it: &dyn Fn(&str) -> bool) -> bool {
        match value {
            serde_json::Value::String(text) => is_it(text),
            serde_json::Value::Array(values) => values.iter().any(|value| any_text(value, is_it)),
            serde_json::Value::Object(values) => values.values().any(|value| any_text(value, is_it)),
            _ => false,
        }
    }
    let statistics = metric.statistics.iter().flat_map(|statistics| statistics.values());
    let mut values = statistics.flat_map(|statistic| statistic.params.values());
    values.any(|value| any_text(value, is_it))
}

/// Whether a text has a word that is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[at + word.len()..].starts_with(continues))
}
