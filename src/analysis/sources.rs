//! Where rows come from: data sources, segments with their sources, the exposure signal, the custom enrollment query.

use indexmap::IndexMap;

use super::fragment::checked;
use super::inserted::Harmless;
use super::resolve::Scope;
use super::{
    AnalysisUnit, DataSource, ExperimentsColumn, ExposureSignal, Fragment, IdColumns, Segment, SegmentDataSource,
};
use crate::config::format::{self, format, mentions};
use crate::config::spec::DataSourceSpec;
use crate::diagnostics::{Code, Diagnostic, nearest};
use crate::document::Text;
use crate::experiment::NimbusExperiment;
use crate::sql::fragment::Role;

/// Resolves a data source into `resolved`, unless it stands there already, and gives back its key.
pub(super) fn data_source<'n>(
    scope: &Scope<'_>,
    name: &'n Text,
    resolved: &mut IndexMap<String, DataSource>,
    faults: &mut Vec<Diagnostic>,
) -> Option<&'n str> {
    if resolved.contains_key(&name.value) {
        return Some(&name.value);
    }
    let app = || scope.definitions.and_then(|spec| spec.data_sources.get(&name.value));
    let Some(spec) = scope.spec.data_sources.get(&name.value).or_else(app) else {
        let app = scope.definitions.into_iter().flat_map(|spec| spec.data_sources.keys());
        let names = scope.spec.data_sources.keys().chain(app).map(String::as_str);
        let message = format!(
            "there is no data source `{}`, neither in the experiment's configs nor in the definitions of {}",
            name.value, scope.block.app_name
        );
        let mut fault = Diagnostic::error(Code::UnknownDataSource, message).with_span(name.span.clone());
        fault.help = nearest(&name.value, names).map(|name| format!("did you mean `{name}`?"));
        faults.push(fault);
        return None;
    };
    let (from_expression, from) = from(scope, spec, &scope.block.dataset, faults)?;
    let source = DataSource {
        name: spec.name.clone(),
        from_expression,
        from,
        experiments_column: spec.experiments_column_type.unwrap_or(Some(ExperimentsColumn::Simple)),
        ids: id_columns(
            [&spec.client_id_column, &spec.group_id_column],
            [&spec.glean_client_id_column, &spec.legacy_client_id_column],
        ),
        submission_date_column: column(&spec.submission_date_column, "submission_date"),
        build_id_column: column(&spec.build_id_column, "SAFE.SUBSTR(application.build_id, 0, 8)"),
        columns_as_dimensions: spec.columns_as_dimensions.unwrap_or(false),
        default_dataset: text(&spec.default_dataset),
        analysis_units: units(scope, &spec.analysis_units),
        friendly_name: text(&spec.friendly_name),
        description: text(&spec.description),
    };
    resolved.insert(name.value.clone(), source);
    Some(&name.value)
}

/// A data source's expression after its template, and as a fragment in which `{dataset}` is the given one.
fn from(
    scope: &Scope<'_>,
    spec: &DataSourceSpec,
    dataset: &str,
    faults: &mut Vec<Diagnostic>,
) -> Option<(String, Fragment)> {
    let what = format!("data source `{}`", spec.name);
    let Some(text) = &spec.from_expression else {
        let fault = Diagnostic::error(Code::MissingKey, format!("{what} has no `from_expression`"));
        faults.push(fault.with_span(spec.span.clone()));
        return None;
    };
    let templates = scope.configs.templates();
    // Doubled braces of other kinds belong to the format layer.
    let rendered = match templates.mentions(&text.value, "experiment") {
        false => text.value.clone(),
        true => match templates.render(text, &what, &scope.experiment) {
            Ok(rendered) => rendered,
            Err(errors) => {
                faults.extend(errors.0);
                return None;
            }
        },
    };
    if mentions(&rendered, "dataset") && spec.default_dataset.is_none() {
        let fault = Diagnostic::error(
            Code::NoDataset,
            format!("{what} uses `{{dataset}}` without `default_dataset`"),
        );
        faults.push(fault.with_span(text.span.clone()));
        return None;
    }
    let sql = expand(text, &rendered, &what, dataset, faults)?;
    let what = format!("the from expression of {what}");
    let render = |harmless: &Harmless| {
        // What no template changed may have doubled braces that a template would take for its own.
        let is_template = rendered != text.value;
        let rendered = is_template.then(|| templates.render(text, &what, &harmless.experiment).ok())??;
        format(&rendered, &[("dataset", dataset)]).ok()
    };
    let fragment = scope.checked((text, sql), Role::Source, &what, faults, render);
    Some((rendered, fragment))
}

fn text(given: &Option<Text>) -> Option<String> {
    given.as_ref().map(|text| text.value.clone())
}

fn column(given: &Option<Text>, default: &str) -> String {
    text(given).unwrap_or_else(|| default.to_string())
}

/// The columns with ids: those of clients and groups, which have default names, and Glean's and the legacy telemetry's clients'.
fn id_columns([client, group]: [&Option<Text>; 2], [glean, legacy]: [&Option<Text>; 2]) -> IdColumns {
    IdColumns {
        client: column(client, "client_id"),
        group: column(group, "profile_group_id"),
        glean_client: text(glean),
        legacy_client: text(legacy),
    }
}

/// Resolves the segments: the config's, then the API's, each once.
pub(super) fn segments(scope: &Scope<'_>, nimbus: &NimbusExperiment, faults: &mut Vec<Diagnostic>) -> Vec<Segment> {
    let mut seen: Vec<&str> = Vec::new();
    let mut segments = Vec::new();
    for name in scope.spec.experiment.segments.iter().flatten().chain(&nimbus.segments) {
        if seen.contains(&name.value.as_str()) {
            continue;
        }
        seen.push(&name.value);
        segments.extend(segment(scope, name, faults));
    }
    segments
}

fn segment(scope: &Scope<'_>, name: &Text, faults: &mut Vec<Diagnostic>) -> Option<Segment> {
    let app = || scope.definitions.and_then(|spec| spec.segments.get(&name.value));
    let Some(spec) = scope.spec.segments.get(&name.value).or_else(app) else {
        let app = scope.definitions.into_iter().flat_map(|spec| spec.segments.keys());
        let names = scope.spec.segments.keys().chain(app).map(String::as_str);
        let message = format!(
            "there is no segment `{}`, neither in the experiment's configs nor in the definitions of {}",
            name.value, scope.block.app_name
        );
        let mut fault = Diagnostic::error(Code::UnknownSegment, message).with_span(name.span.clone());
        fault.help = nearest(&name.value, names).map(|name| format!("did you mean `{name}`?"));
        faults.push(fault);
        return None;
    };
    let what = format!("segment `{}`", spec.name);
    let rendered = scope
        .configs
        .templates()
        .render(&spec.select_expression, &what, &minijinja::Value::UNDEFINED);
    let data_source = segment_data_source(scope, &spec.data_source, faults);
    let sql = match rendered {
        Ok(sql) => sql,
        Err(errors) => {
            faults.extend(errors.0);
            return None;
        }
    };
    let what = format!("the select expression of {what}");
    Some(Segment {
        name: spec.name.clone(),
        select: checked(&spec.select_expression, sql, Role::Expression, &what, faults),
        data_source: data_source?,
        friendly_name: spec.friendly_name.as_ref().map(|text| text.value.clone()),
        description: spec.description.as_ref().map(|text| text.value.clone()),
    })
}

fn segment_data_source(scope: &Scope<'_>, name: &Text, faults: &mut Vec<Diagnostic>) -> Option<SegmentDataSource> {
    let app = || {
        scope
            .definitions
            .and_then(|spec| spec.segment_data_sources.get(&name.value))
    };
    let Some(spec) = scope.spec.segment_data_sources.get(&name.value).or_else(app) else {
        let app = scope
            .definitions
            .into_iter()
            .flat_map(|spec| spec.segment_data_sources.keys());
        let names = scope.spec.segment_data_sources.keys().chain(app).map(String::as_str);
        let message = format!("there is no segment data source `{}`", name.value);
        let mut fault = Diagnostic::error(Code::UnknownDataSource, message).with_span(name.span.clone());
        fault.help = Some(match nearest(&name.value, names) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("define it under `[segments.data_sources.{}]`", name.value),
        });
        faults.push(fault);
        return None;
    };
    let what = format!("segment data source `{}`", spec.name);
    let text = &spec.from_expression;
    let rendered = match scope.configs.templates().render(text, &what, &scope.experiment) {
        Ok(rendered) => rendered,
        Err(errors) => {
            faults.extend(errors.0);
            return None;
        }
    };
    let sql = expand(text, &rendered, &what, &scope.block.dataset, faults)?;
    let (window_start, window_end) = (spec.window_start.unwrap_or(0), spec.window_end.unwrap_or(0));
    if window_start > window_end {
        let message = format!("the window of {what} starts on day {window_start}, after its end on day {window_end}");
        faults.push(Diagnostic::error(Code::WindowOrder, message).with_span(text.span.clone()));
    }
    let what = format!("the from expression of {what}");
    let render = |harmless: &Harmless| {
        let rendered = scope
            .configs
            .templates()
            .render(text, &what, &harmless.experiment)
            .ok()?;
        format(&rendered, &[("dataset", &scope.block.dataset)]).ok()
    };
    Some(SegmentDataSource {
        name: spec.name.clone(),
        from: scope.checked((text, sql), Role::Source, &what, faults, render),
        from_expression: rendered,
        window_start,
        window_end,
        ids: id_columns(
            [&spec.client_id_column, &spec.group_id_column],
            [&spec.glean_client_id_column, &spec.legacy_client_id_column],
        ),
        submission_date_column: column(&spec.submission_date_column, "submission_date"),
    })
}

/// Resolves the exposure signal. Its source is one of the metrics' kind, but `{dataset}` stands for the source's default.
pub(super) fn exposure_signal(
    scope: &Scope<'_>,
    resolved: &mut IndexMap<String, DataSource>,
    faults: &mut Vec<Diagnostic>,
) -> Option<ExposureSignal> {
    let spec = scope.spec.experiment.exposure_signal.as_ref()?;
    let source = data_source(scope, &spec.data_source, resolved, faults)?;
    let source = &resolved[source];
    let dataset = source.default_dataset.as_deref().unwrap_or(&scope.block.dataset);
    let text = Text {
        value: source.from_expression.clone(),
        span: source.from.span.clone(),
    };
    let what = format!("data source `{}`", source.name);
    let sql = expand(&text, &source.from_expression, &what, dataset, faults)?;
    let what = "the select expression of the exposure signal";
    let select = spec.select_expression.value.clone();
    Some(ExposureSignal {
        name: spec.name.value.clone(),
        data_source: spec.data_source.value.clone(),
        from: Fragment { sql, span: text.span },
        select: checked(&spec.select_expression, select, Role::Expression, what, faults),
        friendly_name: spec.friendly_name.value.clone(),
        description: spec.description.value.clone(),
        window_start: spec.window_start,
        window_end: spec.window_end,
    })
}

/// Renders the query that replaces the built-in search for enrollments.
pub(super) fn enrollment_query(scope: &Scope<'_>, faults: &mut Vec<Diagnostic>) -> Option<Fragment> {
    let text = scope.spec.experiment.enrollment_query.as_ref()?;
    let what = "the enrollment query";
    match scope.configs.templates().render(text, what, &scope.experiment) {
        Ok(sql) => {
            let templates = scope.configs.templates();
            let render = |harmless: &Harmless| templates.render(text, what, &harmless.experiment).ok();
            Some(scope.checked((text, sql), Role::Query, what, faults, render))
        }
        Err(errors) => {
            faults.extend(errors.0);
            None
        }
    }
}

/// The units of a metric or data source: as given, else all that the app has.
pub(super) fn units(scope: &Scope<'_>, given: &Option<Vec<AnalysisUnit>>) -> Vec<AnalysisUnit> {
    match given {
        Some(units) if !units.is_empty() => units.clone(),
        _ if scope.block.app_name == "firefox_desktop" => vec![AnalysisUnit::ClientId, AnalysisUnit::ProfileGroupId],
        _ => vec![AnalysisUnit::ClientId],
    }
}

/// A fault of the format layer. Where templates are rendered before it, they would take a doubled brace for theirs.
pub(super) fn brace(text: &Text, rendered: &str, what: &str, is_template: bool, fault: format::Fault) -> Diagnostic {
    let help = match is_template {
        false => "a literal brace is written twice: `{{` or `}}`",
        true => "a template has to print a literal brace, and twice: `{{ '{{' }}` or `{{ '}}' }}`",
    };
    Diagnostic::error(Code::Brace, format!("{what} can't be formatted: {}", fault.message))
        .with_span(text.rendered_part(rendered, fault.at))
        .with_help(help)
}

fn expand(text: &Text, rendered: &str, what: &str, dataset: &str, faults: &mut Vec<Diagnostic>) -> Option<String> {
    match format(rendered, &[("dataset", dataset)]) {
        Ok(sql) => Some(sql),
        Err(fault) => {
            // A text that no template changed may be doubled as it is.
            faults.push(brace(text, rendered, what, rendered != text.value, fault));
            None
        }
    }
}
