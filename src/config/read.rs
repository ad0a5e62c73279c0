//! Turns the tree of one TOML file into a [`Spec`]: types, required keys, unknown keys; all faults of the file in one pass.

use indexmap::IndexMap;

use super::spec::{
    DataSourceSpec, ExperimentSpec, ExposureSignalSpec, FunctionSpec, MetricSpec, OutcomeSpec, ParameterSpec,
    ParameterValue, SegmentDataSourceSpec, SegmentSpec, Spec, StatisticSpec,
};
use crate::analysis::{AnalysisUnit, Basis, EnrollmentsQuery, ExperimentsColumn, Period, PreTreatment, WindowLimit};
use crate::diagnostics::{Code, Diagnostic, Span, nearest};
use crate::document::{Fields, Node, Table, Text, Value};

/// The words of configs for the kinds of analysis units.
pub(super) const UNITS: [(&str, AnalysisUnit); 2] = [
    ("client_id", AnalysisUnit::ClientId),
    ("profile_group_id", AnalysisUnit::ProfileGroupId),
];
/// The words of configs for the populations of metrics.
pub(super) const BASES: [(&str, Basis); 2] = [("enrollments", Basis::Enrollments), ("exposures", Basis::Exposures)];
/// The words of configs for the standing of metrics.
pub(super) const LEVELS: [(&str, &str); 3] = [("gold", "gold"), ("silver", "silver"), ("bronze", "bronze")];
/// The words of configs for the built-in enrollment queries.
pub(super) const ENROLLMENTS_QUERIES: [(&str, EnrollmentsQuery); 5] = [
    ("normandy", EnrollmentsQuery::Normandy),
    ("glean-event", EnrollmentsQuery::GleanEvent),
    ("cirrus", EnrollmentsQuery::Cirrus),
    ("fenix-fallback", EnrollmentsQuery::FenixFallback),
    ("background-update", EnrollmentsQuery::BackgroundUpdate),
];
/// The words of configs for how rows name their experiments; "none" may be written in any case.
pub(super) const COLUMN_TYPES: [(&str, Option<ExperimentsColumn>); 5] = [
    ("simple", Some(ExperimentsColumn::Simple)),
    ("native", Some(ExperimentsColumn::Native)),
    ("glean", Some(ExperimentsColumn::Glean)),
    ("events_stream", Some(ExperimentsColumn::EventsStream)),
    ("none", None),
];
/// The words of configs for the ends of an exposure signal's window.
pub(super) const WINDOW_LIMITS: [(&str, WindowLimit); 4] = [
    ("enrollment_start", WindowLimit::EnrollmentStart),
    ("enrollment_end", WindowLimit::EnrollmentEnd),
    ("analysis_window_start", WindowLimit::AnalysisWindowStart),
    ("analysis_window_end", WindowLimit::AnalysisWindowEnd),
];
/// The keys of `[metrics]` that hold lists.
pub(super) const PERIODS: [(&str, Period); 6] = [
    ("daily", Period::Day),
    ("weekly", Period::Week),
    ("28_day", Period::Days28),
    ("overall", Period::Overall),
    ("preenrollment_weekly", Period::PreenrollmentWeek),
    ("preenrollment_days28", Period::PreenrollmentDays28),
];

/// Parts of the same grammar that other programs read.
pub(super) const FOREIGN: [&str; 7] = [
    "project",
    "population",
    "alerts",
    "dimensions",
    "functions",
    "friendly_name",
    "description",
];

/// Reads an experiment's config, an app's defaults, or definitions.
pub fn spec(table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> Spec {
    let mut spec = Spec::default();
    let mut fields = Fields::new(table, "the file", span, faults);
    if let Some((experiment, span)) = fields.table("experiment") {
        spec.experiment = read_experiment(experiment, span, fields.faults());
    }
    read_common(&mut spec, &mut fields);
    for key in FOREIGN {
        fields.ignore(key);
    }
    fields.finish();
    spec
}

/// Reads an outcome.
pub fn outcome(table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> OutcomeSpec {
    let mut spec = Spec::default();
    let mut fields = Fields::new(table, "the outcome", span, faults);
    let friendly_name = fields.required_text("friendly_name");
    let description = fields.required_text("description");
    let default_metrics = fields.texts("default_metrics").unwrap_or_default();
    read_common(&mut spec, &mut fields);
    // An outcome may carry period lists beside its metrics or above them.
    let mut lists = IndexMap::new();
    for (key, period) in PERIODS {
        if let Some(names) = fields.texts(key) {
            lists.insert(period, names);
        }
    }
    if !lists.is_empty() {
        spec.periods = lists;
    } else if spec.periods.is_empty() {
        let all = || {
            let names = spec.metrics.iter();
            names.map(|(key, metric)| Text {
                value: key.clone(),
                span: metric.span.clone(),
            })
        };
        spec.periods = [(Period::Week, all().collect()), (Period::Overall, all().collect())].into();
    }
    for name in &default_metrics {
        if !spec.metrics.contains_key(&name.value) {
            let message = format!(
                "`default_metrics` names `{}`, which the outcome does not define",
                name.value
            );
            let mut fault = Diagnostic::error(Code::UnknownMetric, message).with_span(name.span.clone());
            fault.help = nearest(&name.value, spec.metrics.keys().map(String::as_str))
                .map(|name| format!("did you mean `{name}`?"));
            fields.faults().push(fault);
        }
    }
    fields.finish();
    OutcomeSpec {
        friendly_name,
        description,
        default_metrics,
        spec,
    }
}

/// Reads `functions.toml`.
pub fn functions(table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> IndexMap<String, FunctionSpec> {
    let mut fields = Fields::new(table, "the file", span, faults);
    let mut functions = IndexMap::new();
    for (name, table, span) in fields.tables("functions") {
        let mut fields = Fields::new(table, format!("function `{name}`"), span, fields.faults()).folding_case();
        let definition = fields.required_text("definition");
        fields.ignore("friendly_name");
        fields.ignore("description");
        fields.finish();
        if let Some(definition) = definition {
            functions.insert(name.to_string(), FunctionSpec { definition });
        }
    }
    fields.finish();
    functions
}

fn read_common(spec: &mut Spec, fields: &mut Fields<'_, '_>) {
    if let Some((table, span)) = fields.table("metrics") {
        read_metrics(spec, table, span, fields.faults());
    }
    for (name, table, span) in fields.tables("data_sources") {
        let source = read_data_source(name, table, span, fields.faults());
        spec.data_sources.insert(name.to_string(), source);
    }
    for (name, table, span) in fields.tables("segments") {
        if name == "data_sources" {
            for (name, entry) in &table.entries {
                match &entry.node.value {
                    Value::Table(table) => {
                        if let Some(source) = read_segment_data_source(name, table, entry.key.clone(), fields.faults())
                        {
                            spec.segment_data_sources.insert(name.clone(), source);
                        }
                    }
                    _ => fields.wrong_type(&format!("segments.data_sources.{name}"), &entry.node, "a table"),
                }
            }
        } else if let Some(segment) = read_segment(name, table, span, fields.faults()) {
            spec.segments.insert(name.to_string(), segment);
        }
    }
    for (name, table, span) in fields.tables("parameters") {
        let parameter = read_parameter(name, table, span, fields.faults());
        spec.parameters.insert(name.to_string(), parameter);
    }
}

fn read_experiment(table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> ExperimentSpec {
    let mut fields = Fields::new(table, "`[experiment]`", span, faults);
    let spec = ExperimentSpec {
        enrollment_query: fields.text("enrollment_query"),
        enrollment_period: fields.integer("enrollment_period"),
        reference_branch: fields.text("reference_branch"),
        segments: fields.texts("segments"),
        outcomes: fields.texts("outcomes"),
        start_date: fields.date("start_date", true),
        end_date: fields.date("end_date", true),
        skip: fields.boolean("skip"),
        exposure_signal: match fields.table("exposure_signal") {
            Some((table, span)) => read_exposure_signal(table, span, fields.faults()),
            None => None,
        },
        is_private: match fields.entry("is_private").map(|entry| entry.node.span.clone()) {
            Some(span) => fields.boolean("is_private").map(|flag| (flag, span)),
            None => None,
        },
        dataset_id: fields.text("dataset_id"),
        sample_size: fields.integer("sample_size"),
        analysis_unit: fields.located_choice("analysis_unit", &UNITS),
        enrollments_query_type: fields.located_choice("enrollments_query_type", &ENROLLMENTS_QUERIES),
    };
    fields.misplaced("default_dataset", "`default_dataset` belongs to a data source");
    fields.misplaced(
        "enrollment_end_date",
        "set `enrollment_period`, in days from `start_date`",
    );
    fields.misplaced(
        "exposure_query_type",
        "set `[experiment.exposure_signal]` to change what counts as exposure",
    );
    fields.finish();
    spec
}

fn read_exposure_signal(table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> Option<ExposureSignalSpec> {
    let mut fields = Fields::new(table, "`[experiment.exposure_signal]`", span, faults);
    let name = fields.required_text("name");
    let data_source = fields.required_text("data_source");
    let select_expression = fields.required_text("select_expression");
    let friendly_name = fields.required_text("friendly_name");
    let description = fields.required_text("description");
    let window_start = read_window_limit(&mut fields, "window_start");
    let window_end = read_window_limit(&mut fields, "window_end");
    fields.finish();
    Some(ExposureSignalSpec {
        name: name?,
        data_source: data_source?,
        select_expression: select_expression?,
        friendly_name: friendly_name?,
        description: description?,
        window_start,
        window_end,
    })
}

fn read_window_limit(fields: &mut Fields<'_, '_>, key: &'static str) -> Option<WindowLimit> {
    match &fields.entry(key)?.node.value {
        Value::Text(text) if text.trim().parse::<i64>().is_err() => fields.choice(key, &WINDOW_LIMITS),
        _ => fields.integer(key).map(WindowLimit::Days),
    }
}

/// Everything under `[metrics]`: the period lists, and a table for each metric.
fn read_metrics(spec: &mut Spec, table: &Table, span: Span, faults: &mut Vec<Diagnostic>) {
    let mut fields = Fields::new(table, "`[metrics]`", span, faults);
    for (key, period) in PERIODS {
        if let Some(names) = fields.texts(key) {
            spec.periods.insert(period, names);
        }
    }
    for (name, entry) in &table.entries {
        if PERIODS.iter().any(|(key, _)| key == name) {
            continue;
        }
        match &entry.node.value {
            Value::Table(metric) => {
                let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                if !is_name && !name.contains(['*', '?', '[']) {
                    let message =
                        format!("`{name}` is neither the name of a metric nor a pattern: merging leaves it out");
                    let warning = Diagnostic::warning(Code::WrongValue, message).with_span(entry.key.clone());
                    let warning = warning.with_help("names consist of letters, digits and `_`");
                    fields.faults().push(warning);
                }
                let metric = read_metric(name, metric, entry.key.clone(), fields.faults());
                spec.metrics.insert(name.clone(), metric);
            }
            _ => {
                fields.wrong_type(name, &entry.node, "a table that defines a metric");
                let meant = nearest(name, PERIODS.iter().map(|(key, _)| *key));
                if let (Some(key), Some(fault)) = (meant, fields.faults().last_mut()) {
                    fault.help = Some(format!("did you mean the period list `{key}`?"));
                }
            }
        }
    }
}

fn read_metric(name: &str, table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> MetricSpec {
    let mut fields = Fields::new(table, format!("metric `{name}`"), span.clone(), faults).folding_case();
    let explicit_name = fields.text("name");
    let metric = MetricSpec {
        name: explicit_name.map_or_else(|| name.to_string(), |text| text.value),
        select_expression: fields.text("select_expression"),
        data_source: fields.text("data_source"),
        statistics: read_statistics(&mut fields),
        friendly_name: fields.text("friendly_name"),
        description: fields.text("description"),
        bigger_is_better: fields.boolean("bigger_is_better"),
        analysis_bases: fields.choices("analysis_bases", &BASES),
        analysis_units: fields.choices("analysis_units", &UNITS),
        depends_on: fields.texts("depends_on"),
        kind: fields.text("type"),
        category: fields.text("category"),
        owner: match fields.entry("owner").map(|entry| &entry.node.value) {
            Some(Value::List(_)) => fields.texts("owner"),
            _ => fields.text("owner").map(|owner| vec![owner]),
        },
        deprecated: fields.boolean("deprecated"),
        level: fields.choice("level", &LEVELS),
        span,
    };
    fields.finish();
    metric
}

fn read_statistics(fields: &mut Fields<'_, '_>) -> Option<IndexMap<String, StatisticSpec>> {
    fields.entry("statistics")?;
    let mut statistics = IndexMap::new();
    for (name, table, span) in fields.tables("statistics") {
        let what = format!("statistic `{name}` of {}", fields.what());
        let mut params = IndexMap::new();
        let mut pre_treatments = Vec::new();
        for (key, entry) in &table.entries {
            if key == "pre_treatments" {
                pre_treatments = read_pre_treatments(&what, &entry.node, fields);
            } else {
                params.insert(key.clone(), entry.node.to_json());
            }
        }
        let statistic = StatisticSpec {
            span,
            params,
            pre_treatments,
        };
        statistics.insert(name.to_string(), statistic);
    }
    Some(statistics)
}

fn read_pre_treatments(what: &str, node: &Node, fields: &mut Fields<'_, '_>) -> Vec<PreTreatment> {
    let Value::List(nodes) = &node.value else {
        let message = format!("`pre_treatments` of {what} must be a list, but is {}", node.kind());
        let fault = Diagnostic::error(Code::WrongType, message).with_span(node.span.clone());
        fields.faults().push(match &node.value {
            Value::Text(text) => fault.with_help(format!("write `pre_treatments = [\"{text}\"]`")),
            _ => fault,
        });
        return Vec::new();
    };
    let mut read = Vec::new();
    for node in nodes {
        match &node.value {
            Value::Text(name) => read.push(PreTreatment {
                name: name.clone(),
                args: IndexMap::new(),
            }),
            Value::Table(table) => {
                let what = format!("a pre-treatment of {what}");
                let mut inner = Fields::new(table, what, node.span.clone(), fields.faults());
                if let Some(name) = inner.required_text("name") {
                    let args = table.entries.iter().filter(|(key, _)| *key != "name");
                    read.push(PreTreatment {
                        name: name.value,
                        args: args.map(|(key, entry)| (key.clone(), entry.node.to_json())).collect(),
                    });
                }
            }
            _ => {
                let message = format!(
                    "a pre-treatment of {what} must be a string or a table, but is {}",
                    node.kind()
                );
                let fault = Diagnostic::error(Code::WrongType, message).with_span(node.span.clone());
                fields.faults().push(fault);
            }
        }
    }
    read
}

fn read_data_source(name: &str, table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> DataSourceSpec {
    let mut fields = Fields::new(table, format!("data source `{name}`"), span.clone(), faults).folding_case();
    let source = DataSourceSpec {
        name: name.to_string(),
        span,
        from_expression: fields.text("from_expression"),
        experiments_column_type: read_column_type(&mut fields),
        client_id_column: fields.text("client_id_column"),
        group_id_column: fields.text("group_id_column"),
        glean_client_id_column: fields.text("glean_client_id_column"),
        legacy_client_id_column: fields.text("legacy_client_id_column"),
        submission_date_column: fields.text("submission_date_column"),
        build_id_column: fields.text("build_id_column"),
        columns_as_dimensions: fields.boolean("columns_as_dimensions"),
        default_dataset: fields.text("default_dataset"),
        analysis_units: fields.choices("analysis_units", &UNITS),
        friendly_name: fields.text("friendly_name"),
        description: fields.text("description"),
    };
    // Other programs join data sources; experiments do not.
    fields.ignore("joins");
    fields.ignore("deprecated");
    fields.finish();
    source
}

/// "none" may be written in any case.
fn read_column_type(fields: &mut Fields<'_, '_>) -> Option<Option<ExperimentsColumn>> {
    match &fields.entry("experiments_column_type")?.node.value {
        Value::Text(text) if text.eq_ignore_ascii_case("none") => Some(None),
        // The reference takes an empty string for absent.
        Value::Text(text) if text.is_empty() => None,
        _ => fields.choice("experiments_column_type", &COLUMN_TYPES),
    }
}

fn read_segment(name: &str, table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> Option<SegmentSpec> {
    let mut fields = Fields::new(table, format!("segment `{name}`"), span, faults).folding_case();
    let select_expression = fields.required_text("select_expression");
    let data_source = fields.required_text("data_source");
    let friendly_name = fields.text("friendly_name");
    let description = fields.text("description");
    for key in ["window_start", "window_end"] {
        fields.misplaced(
            key,
            "the window of a segment is that of its data source, under `[segments.data_sources]`",
        );
    }
    fields.finish();
    Some(SegmentSpec {
        name: name.to_string(),
        select_expression: select_expression?,
        data_source: data_source?,
        friendly_name,
        description,
    })
}

fn read_segment_data_source(
    name: &str,
    table: &Table,
    span: Span,
    faults: &mut Vec<Diagnostic>,
) -> Option<SegmentDataSourceSpec> {
    let mut fields = Fields::new(table, format!("segment data source `{name}`"), span, faults).folding_case();
    let from_expression = fields.required_text("from_expression");
    let window_start = fields.integer("window_start");
    let window_end = fields.integer("window_end");
    let client_id_column = fields.text("client_id_column");
    let group_id_column = fields.text("group_id_column");
    let glean_client_id_column = fields.text("glean_client_id_column");
    let legacy_client_id_column = fields.text("legacy_client_id_column");
    let submission_date_column = fields.text("submission_date_column");
    // `{dataset}` is always the experiment's own here.
    fields.ignore("default_dataset");
    fields.misplaced(
        "experiments_column_type",
        "rows of a segment data source count whatever experiments they name",
    );
    fields.ignore("friendly_name");
    fields.ignore("description");
    fields.finish();
    Some(SegmentDataSourceSpec {
        name: name.to_string(),
        from_expression: from_expression?,
        window_start,
        window_end,
        client_id_column,
        group_id_column,
        glean_client_id_column,
        legacy_client_id_column,
        submission_date_column,
    })
}

fn read_parameter(name: &str, table: &Table, span: Span, faults: &mut Vec<Diagnostic>) -> ParameterSpec {
    let mut fields = Fields::new(table, format!("parameter `{name}`"), span.clone(), faults).folding_case();
    fields.ignore("name");
    let parameter = ParameterSpec {
        span,
        friendly_name: fields.text("friendly_name"),
        description: fields.text("description"),
        value: read_parameter_value(&mut fields, "value"),
        default: read_parameter_value(&mut fields, "default"),
        distinct_by_branch: fields.boolean("distinct_by_branch"),
    };
    fields.finish();
    parameter
}

fn read_parameter_value(fields: &mut Fields<'_, '_>, key: &'static str) -> Option<ParameterValue> {
    let entry = fields.entry(key)?;
    let Value::Table(table) = &entry.node.value else {
        return fields.text(key).map(|text| ParameterValue::Text(text.value));
    };
    let mut values = IndexMap::new();
    for (branch, entry) in &table.entries {
        match &entry.node.value {
            Value::Text(text) => {
                values.insert(branch.clone(), text.clone());
            }
            _ => fields.wrong_type(&format!("{key}.{branch}"), &entry.node, "a string"),
        }
    }
    Some(ParameterValue::ByBranch(values))
}
