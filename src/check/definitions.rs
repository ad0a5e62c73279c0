//! The definitions of an app by themselves: each metric, data source and segment is resolved whether an experiment uses it or
//! not.

use indexmap::IndexMap;

use crate::analysis::{self, Period};
use crate::config::Configs;
use crate::config::spec::{MetricSpec, Spec, StatisticSpec};
use crate::diagnostics::{Code, Diagnostic, Span};
use crate::document::Text;

use super::{of_analysis, subject};

/// The findings in what a file defines for an app. Definitions of other programs' apps are not looked at.
pub fn findings(app: &str, own: &Spec, configs: &Configs) -> Vec<Diagnostic> {
    let (Some(definitions), Some(_)) = (configs.definitions(app), configs.platform(app)) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    // One by one, so that a fault of one hides nothing of the others.
    let mut add = |spec: Spec, place: &Span| findings.extend(of_one(app, &spec, place, configs));
    for name in own.metrics.keys() {
        if let Some(metric) = definitions.metrics.get(name) {
            add(listing(name, with_statistic(metric.clone())), &metric.span);
        }
    }
    for name in own.data_sources.keys() {
        if let Some(source) = definitions.data_sources.get(name) {
            let metric = count_of(name, source.analysis_units.clone(), &source.span);
            add(listing(&metric.name.clone(), metric), &source.span);
        }
    }
    for (name, segment) in &own.segments {
        let mut spec = Spec::default();
        let span = &segment.select_expression.span;
        spec.experiment.segments = Some(vec![text(name, span)]);
        add(spec, span);
    }
    findings
}

/// The findings in a spec that uses one definition.
fn of_one(app: &str, spec: &Spec, place: &Span, configs: &Configs) -> Vec<Diagnostic> {
    let experiment = subject::stand_in(subject::NOBODY, app, spec, place);
    let (analysis, faults) = analysis::resolve_in_part(configs, spec, &experiment);
    let mut findings = of_analysis(&analysis);
    // Whether a metric has statistics is the affair of who lists it.
    findings.extend(faults.into_iter().filter(|fault| fault.code != Code::NoStatistics));
    findings
}

/// A spec that lists one metric.
fn listing(key: &str, metric: MetricSpec) -> Spec {
    let mut spec = Spec::default();
    spec.periods.insert(Period::Overall, vec![text(key, &metric.span)]);
    spec.metrics.insert(key.to_string(), metric);
    spec
}

fn text(value: &str, span: &Span) -> Text {
    Text {
        value: value.to_string(),
        span: span.clone(),
    }
}

/// A metric that can be resolved: one without statistics gets the plainest, which works on every type.
fn with_statistic(mut metric: MetricSpec) -> MetricSpec {
    let has_some = metric
        .statistics
        .as_ref()
        .is_some_and(|statistics| !statistics.is_empty());
    if !has_some {
        metric.statistics = Some(plainest(&metric.span));
    }
    metric
}

fn plainest(span: &Span) -> IndexMap<String, StatisticSpec> {
    let count = StatisticSpec {
        span: span.clone(),
        params: IndexMap::new(),
        pre_treatments: Vec::new(),
    };
    [("count".to_string(), count)].into()
}

/// A metric that uses a data source, so that it is resolved.
fn count_of(source: &str, units: Option<Vec<analysis::AnalysisUnit>>, span: &Span) -> MetricSpec {
    MetricSpec {
        // A name that no file can have: keys are words.
        name: format!("rows of {source}"),
        span: span.clone(),
        select_expression: Some(text("COUNT(*)", span)),
        data_source: Some(text(source, span)),
        statistics: Some(plainest(span)),
        friendly_name: None,
        description: None,
        bigger_is_better: None,
        analysis_bases: None,
        analysis_units: units,
        depends_on: None,
        kind: None,
        category: None,
        owner: None,
        deprecated: None,
        level: None,
    }
}
