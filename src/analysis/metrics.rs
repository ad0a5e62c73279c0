//! Metrics: from the names in the period lists to summaries, metrics and data sources.
//!
//! The order of events matters and is the reference's: periods in their order, references in list order. A definition that
//! borrows an app's metric leaves its statistics with that metric for the rest of this experiment, so that a ratio may
//! depend on it; it leaves nothing behind for other experiments.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::inserted::Harmless;
use super::resolve::Scope;
use super::{AnalysisUnit, Basis, DataSource, Metric, Period, Summary, sources};
use crate::config::format::format;
use crate::config::spec::MetricSpec;
use crate::diagnostics::{Code, Diagnostic, Span, nearest};
use crate::document::Text;
use crate::sql::fragment::Role;

/// What the metrics of an experiment resolve to.
#[derive(Default)]
pub(super) struct Metrics {
    pub periods: IndexMap<Period, Vec<Summary>>,
    pub metrics: IndexMap<String, Metric>,
    pub data_sources: IndexMap<String, DataSource>,
    /// Definitions of the app as this experiment has changed them.
    borrowed: HashMap<String, MetricSpec>,
    /// The metrics that are being resolved, outermost first.
    path: Vec<String>,
}

impl Metrics {
    /// Resolves all periods.
    pub fn resolve(&mut self, scope: &Scope<'_>, faults: &mut Vec<Diagnostic>) {
        let mut listed: IndexMap<String, Metric> = IndexMap::new();
        for period in Period::ALL {
            let mut summaries = Vec::new();
            for name in scope.spec.periods.get(&period).into_iter().flatten() {
                let found = match scope.spec.metrics.get(&name.value) {
                    Some(definition) => Some(definition.clone()),
                    None => self.app_metric(scope, &name.value),
                };
                let Some(definition) = found else {
                    faults.push(unknown_metric(scope, name));
                    continue;
                };
                self.path.clear();
                if let Some((metric, found)) = self.definition(scope, definition, &name.span, faults) {
                    listed.entry(metric.name.clone()).or_insert(metric);
                    summaries.extend(found);
                }
            }
            summaries.reverse();
            let mut kept: Vec<Summary> = Vec::with_capacity(summaries.len());
            for summary in summaries {
                let same = |other: &Summary| other.metric == summary.metric && other.statistic == summary.statistic;
                if !kept.iter().any(same) {
                    kept.push(summary);
                }
            }
            self.periods.insert(period, kept);
        }
        self.order(listed);
    }

    /// Puts the metrics in the order of the summaries, upstream metrics before what depends on them, and the data sources
    /// in the order of the metrics. A metric that is listed and also depended on counts as it is listed.
    fn order(&mut self, mut listed: IndexMap<String, Metric>) {
        let mut upstream = std::mem::take(&mut self.metrics);
        let mut names = Vec::new();
        for summary in self.periods.values().flatten() {
            self.path.clear();
            let mut stack = vec![(summary.metric.clone(), false)];
            while let Some((name, expanded)) = stack.pop() {
                if names.contains(&name) {
                    continue;
                }
                if expanded {
                    names.push(name);
                    continue;
                }
                stack.push((name.clone(), true));
                let metric = listed.get(&name).or_else(|| upstream.get(&name));
                let depends_on = metric.map(|metric| metric.depends_on.as_slice()).unwrap_or_default();
                stack.extend(depends_on.iter().rev().map(|summary| (summary.metric.clone(), false)));
            }
        }
        for name in names {
            let metric = listed.swap_remove(&name).or_else(|| upstream.swap_remove(&name));
            self.metrics.extend(metric.map(|metric| (name, metric)));
        }
        let mut met = std::mem::take(&mut self.data_sources);
        for name in self.metrics.values().filter_map(|metric| metric.data_source.as_ref()) {
            let source = met.swap_remove(name);
            self.data_sources.extend(source.map(|source| (name.clone(), source)));
        }
    }

    /// Resolves a definition into its metric and one summary for each of its statistics; `named_at` is the place that asks for it.
    fn definition(
        &mut self,
        scope: &Scope<'_>,
        definition: MetricSpec,
        named_at: &Span,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<(Metric, Vec<Summary>)> {
        let depends_on = self.upstream(scope, &definition, faults)?;
        let name = definition.name.clone();
        let (select, data_source) = match (&definition.select_expression, &definition.data_source) {
            (Some(select), Some(data_source)) => (select, data_source),
            _ if !depends_on.is_empty() => {
                return finish(
                    scope,
                    metric(scope, &definition, depends_on),
                    &definition,
                    named_at,
                    faults,
                );
            }
            _ => {
                let borrowed = self.borrow(scope, &definition, faults)?;
                return self.definition(scope, borrowed, named_at, faults);
            }
        };
        let what = format!("metric `{name}`");
        let mut resolved = metric(scope, &definition, depends_on);
        let source = sources::data_source(scope, data_source, &mut self.data_sources, faults);
        if let Some(missing) = source.and_then(|source| missing_unit(&resolved, &self.data_sources[source])) {
            let message = format!(
                "{what} has the analysis unit `{}`, which its data source `{}` does not have",
                missing.as_str(),
                data_source.value
            );
            let fault = Diagnostic::error(Code::AnalysisUnit, message).with_span(data_source.span.clone());
            faults.push(fault.with_help("set `analysis_units` of the metric to units that its data source has"));
        }
        resolved.data_source = Some(data_source.value.clone());
        let templates = scope.configs.templates();
        match templates.render(select, &what, &scope.parameters) {
            Err(errors) => {
                faults.extend(errors.0);
                return None;
            }
            Ok(rendered) => {
                match format(&rendered, &[("experiment_slug", &scope.block.slug)]) {
                    Ok(sql) => {
                        let what = format!("the select expression of {what}");
                        let render = |harmless: &Harmless| {
                            let rendered = templates.render(select, &what, &harmless.parameters).ok()?;
                            format(&rendered, &[("experiment_slug", &harmless.slug)]).ok()
                        };
                        let sql = (select, sql);
                        resolved.select = Some(scope.checked(sql, Role::Expression, &what, faults, render));
                    }
                    Err(fault) => faults.push(sources::brace(select, &rendered, &what, true, fault)),
                }
                resolved.select_expression = Some(rendered);
            }
        }
        finish(scope, resolved, &definition, named_at, faults)
    }

    /// The summaries of all metrics that a definition depends on.
    fn upstream(
        &mut self,
        scope: &Scope<'_>,
        definition: &MetricSpec,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<Vec<Summary>> {
        let mut summaries = Vec::new();
        let mut complete = true;
        for name in definition.depends_on.iter().flatten() {
            if let Some(start) = self.path.iter().position(|other| *other == name.value) {
                let circle = self.path[start..].join(" -> ");
                let message = format!("metrics depend on each other in a circle: {circle} -> {}", name.value);
                faults.push(Diagnostic::error(Code::Circle, message).with_span(name.span.clone()));
                return None;
            }
            let found = self.app_metric(scope, &name.value);
            let found = found.or_else(|| scope.spec.metrics.get(&name.value).cloned());
            let Some(found) = found else {
                faults.push(unknown_metric(scope, name));
                complete = false;
                continue;
            };
            self.path.push(name.value.clone());
            let resolved = self.definition(scope, found, &name.span, faults);
            self.path.pop();
            match resolved {
                Some((metric, found)) => {
                    self.metrics.entry(metric.name.clone()).or_insert(metric);
                    summaries.extend(found);
                }
                None => complete = false,
            }
        }
        complete.then_some(summaries)
    }

    /// The app's definition of a metric that the experiment only gives statistics to. Of the experiment's definition, the
    /// statistics, bases and units are used.
    fn borrow(
        &mut self,
        scope: &Scope<'_>,
        definition: &MetricSpec,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<MetricSpec> {
        let missing = match (&definition.select_expression, &definition.data_source) {
            (None, None) => "neither `select_expression` nor `data_source`",
            (None, _) => "no `select_expression`",
            _ => "no `data_source`",
        };
        let app = self.app_metric(scope, &definition.name);
        let complete = |metric: &MetricSpec| {
            metric.select_expression.is_some() && metric.data_source.is_some()
                || metric
                    .depends_on
                    .as_ref()
                    .is_some_and(|depends_on| !depends_on.is_empty())
        };
        let Some(app) = app.filter(complete) else {
            let message = format!(
                "metric `{}` has {missing}, and the definitions of {} do not complete it",
                definition.name, scope.block.app_name
            );
            let mut fault = Diagnostic::error(Code::IncompleteMetric, message).with_span(definition.span.clone());
            let names = scope.definitions.into_iter().flat_map(|spec| spec.metrics.keys());
            let names = names.map(String::as_str).filter(|other| *other != definition.name);
            fault.help = nearest(&definition.name, names).map(|name| format!("did you mean `{name}`?"));
            faults.push(fault);
            return None;
        };
        let borrowed = MetricSpec {
            statistics: definition.statistics.clone(),
            analysis_bases: definition.analysis_bases.clone().or(app.analysis_bases),
            analysis_units: definition.analysis_units.clone().or(app.analysis_units),
            ..app
        };
        self.borrowed.insert(definition.name.clone(), borrowed.clone());
        Some(borrowed)
    }

    fn app_metric(&self, scope: &Scope<'_>, name: &str) -> Option<MetricSpec> {
        let defined = || scope.definitions.and_then(|definitions| definitions.metrics.get(name));
        self.borrowed.get(name).or_else(defined).cloned()
    }
}

/// A metric with all that needs no lookup.
fn metric(scope: &Scope<'_>, definition: &MetricSpec, depends_on: Vec<Summary>) -> Metric {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    Metric {
        name: definition.name.clone(),
        data_source: None,
        select_expression: None,
        select: None,
        depends_on,
        friendly_name: text(&definition.friendly_name).map(|text| dedent(&text)),
        description: text(&definition.description).map(|text| dedent(&text)),
        bigger_is_better: definition.bigger_is_better.unwrap_or(true),
        analysis_bases: match &definition.analysis_bases {
            Some(bases) if !bases.is_empty() => bases.clone(),
            _ => Basis::ALL.to_vec(),
        },
        kind: text(&definition.kind).unwrap_or_else(|| "scalar".to_string()),
        category: text(&definition.category),
        owner: definition
            .owner
            .iter()
            .flatten()
            .map(|owner| owner.value.clone())
            .collect(),
        deprecated: definition.deprecated.unwrap_or(false),
        level: definition.level.map(str::to_string),
        analysis_units: sources::units(scope, &definition.analysis_units),
    }
}

/// The summaries of a metric, one for each statistic.
fn finish(
    scope: &Scope<'_>,
    metric: Metric,
    definition: &MetricSpec,
    named_at: &Span,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Metric, Vec<Summary>)> {
    let statistics = definition.statistics.iter().flatten();
    let summaries: Vec<Summary> = statistics
        .map(|(statistic, spec)| Summary {
            metric: metric.name.clone(),
            statistic: statistic.clone(),
            params: spec.params.clone(),
            pre_treatments: spec.pre_treatments.clone(),
            span: spec.span.clone(),
        })
        .collect();
    if summaries.is_empty() {
        let message = format!(
            "metric `{}` has no statistics, so there is nothing to compute of it",
            metric.name
        );
        let app = scope
            .definitions
            .and_then(|definitions| definitions.metrics.get(&metric.name));
        let of_app = app.and_then(|app| app.statistics.as_ref()?.keys().next());
        let help = match of_app {
            Some(statistic) => format!(
                "its definition in this config replaces the app's with its statistics: repeat them, such as `[metrics.{}.statistics.{statistic}]`",
                metric.name
            ),
            None => format!("add one, such as `[metrics.{}.statistics.bootstrap_mean]`", metric.name),
        };
        let fault = Diagnostic::error(Code::NoStatistics, message).with_span(named_at.clone());
        faults.push(fault.with_help(help));
        return None;
    }
    Some((metric, summaries))
}

/// A unit of the metric that its data source lacks.
fn missing_unit(metric: &Metric, source: &DataSource) -> Option<AnalysisUnit> {
    let units = metric.analysis_units.iter().copied();
    units.into_iter().find(|unit| !source.analysis_units.contains(unit))
}

fn unknown_metric(scope: &Scope<'_>, name: &Text) -> Diagnostic {
    let message = format!(
        "there is no metric `{}`, neither in the experiment's configs nor in the definitions of {}",
        name.value, scope.block.app_name
    );
    let fault = Diagnostic::error(Code::UnknownMetric, message).with_span(name.span.clone());
    match suggestion(scope, &name.value) {
        Some(help) => fault.with_help(help),
        None => fault,
    }
}

fn suggestion(scope: &Scope<'_>, name: &str) -> Option<String> {
    let app = scope.definitions.into_iter().flat_map(|spec| spec.metrics.keys());
    let names = scope.spec.metrics.keys().chain(app).map(String::as_str);
    nearest(name, names.filter(|other| *other != name)).map(|name| format!("did you mean `{name}`?"))
}

/// Takes the margin off a text that all its lines share. Lines of nothing but space become empty.
fn dedent(text: &str) -> String {
    let is_space = |c: char| c == ' ' || c == '\t';
    let blank = |line: &str| line.trim_end_matches('\n').chars().all(is_space);
    let mut margin: Option<&str> = None;
    for line in text.split_inclusive('\n').filter(|line| !blank(line)) {
        let indent = &line[..line.len() - line.trim_start_matches(is_space).len()];
        margin = Some(match margin {
            None => indent,
            Some(margin) => {
                let shared = margin.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
                &margin[..shared]
            }
        });
    }
    let margin = margin.unwrap_or_default().len();
    text.split_inclusive('\n')
        .map(|line| match blank(line) {
            true => line.trim_start_matches(is_space),
            false => &line[margin..],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::dedent;

    #[test]
    fn margins() {
        assert_eq!(dedent("  a\n    b\n  c\n"), "a\n  b\nc\n");
        assert_eq!(dedent("\n  a\n   \n  b"), "\na\n\nb");
        assert_eq!(dedent("\ta\n  b"), "\ta\n  b");
        assert_eq!(dedent("a\n  b"), "a\n  b");
        assert_eq!(dedent(""), "");
    }
}
