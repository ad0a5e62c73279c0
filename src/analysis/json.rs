//! The resolved analysis as JSON: what `compile --emit analysis --format json` prints, one object for an experiment.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{Analysis, DataSource, Experiment, ExposureSignal, Metric, Period, Segment, Summary, WindowLimit, refusal};
use crate::diagnostics::{Diagnostics, Severity};
use crate::schedule;

/// An experiment that was resolved: `slug`, `status`, `experiment`, `parameters`, `periods`, `metrics`, `data_sources`,
/// `run_status`, `schedule`.
///
/// `schedule.<period>.due` lists `[date, window index, window start, window end, last date of data]` for every date up to the
/// end (without an end: six weeks after enrollment). `run_status` says whether the experiment would be analysed on its last
/// date.
pub fn to_json(analysis: &Analysis) -> Value {
    let metrics = analysis
        .metrics
        .iter()
        .map(|(name, value)| (name.clone(), metric(value)));
    let sources = analysis.data_sources.iter();
    json!({
        "slug": analysis.experiment.slug,
        "status": "ok",
        "experiment": experiment(&analysis.experiment),
        "parameters": analysis.parameters,
        "periods": analysis
            .periods
            .iter()
            .map(|(period, summaries)| (period.as_str().to_string(), summaries.iter().map(summary).collect()))
            .collect::<Map<_, _>>(),
        "metrics": metrics.collect::<Map<_, _>>(),
        "data_sources": sources.map(|(name, source)| (name.clone(), data_source(source))).collect::<Map<_, _>>(),
        "run_status": run_status(&analysis.experiment),
        "schedule": Period::ALL
            .into_iter()
            .map(|period| (period.as_str().to_string(), calendar(&analysis.experiment, period)))
            .collect::<Map<_, _>>(),
    })
}

/// An experiment that can't be resolved: `slug`, `status`, `error` (the first fault), `errors` (all of them).
pub fn error_to_json(slug: &str, faults: &Diagnostics) -> Value {
    let errors: Vec<Value> = faults
        .0
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .map(|fault| {
            let place = fault.span.as_ref();
            json!({
                "code": fault.code.as_str(),
                "message": fault.message,
                "file": place.map(|span| span.source.path.as_str()),
                "line": place.map(|span| span.line_column().0),
                "column": place.map(|span| span.line_column().1),
                "suggestion": fault.help,
            })
        })
        .collect();
    json!({"slug": slug, "status": "error", "error": errors.first(), "errors": errors})
}

fn experiment(experiment: &Experiment) -> Value {
    let last_enrollment_date = schedule::enrollments_window(experiment).ok().flatten();
    json!({
        "slug": experiment.slug,
        "app_name": experiment.app_name,
        "app_id": experiment.app_id,
        "bigquery_dataset": experiment.dataset,
        "status": if experiment.is_complete { "Complete" } else { "Live" },
        "start_date": date(experiment.start_date),
        "end_date": date(experiment.end_date),
        "proposed_enrollment": experiment.proposed_enrollment,
        "enrollment_end_date": date(experiment.enrollment_end_date),
        "enrollment_period": experiment.enrollment_period,
        "last_enrollment_date_str": date(last_enrollment_date.map(|window| window.last_enrollment_date)),
        "reference_branch": experiment.reference_branch,
        "branches": experiment.branches,
        "is_rollout": experiment.is_rollout,
        "is_private": experiment.is_private,
        "dataset_id": experiment.dataset_id,
        "skip": experiment.skip,
        "sample_size": experiment.sample_size,
        "randomization_unit": experiment.randomization_unit,
        "analysis_unit": experiment.analysis_unit.as_str(),
        "enrollments_query_type": experiment.enrollments_query.as_str(),
        "enrollment_query": experiment.enrollment_query.as_ref().map(|query| query.sql.as_str()),
        "has_external_config_overrides": experiment.has_external_config_overrides,
        "outcomes": experiment.outcomes,
        "segments": experiment.segments.iter().map(segment).collect::<Vec<_>>(),
        "exposure_signal": experiment.exposure_signal.as_ref().map(exposure_signal),
    })
}

fn segment(segment: &Segment) -> Value {
    let source = &segment.data_source;
    json!({
        "name": segment.name,
        "select_expression": segment.select.sql,
        "friendly_name": segment.friendly_name,
        "description": segment.description,
        "data_source": {
            "name": source.name,
            "from_expression": source.from_expression,
            "window_start": source.window_start,
            "window_end": source.window_end,
            "client_id_column": source.ids.client,
            "submission_date_column": source.submission_date_column,
            // Jetstream forgets it, and it has no use.
            "default_dataset": null,
            "group_id_column": source.ids.group,
            "glean_client_id_column": source.ids.glean_client,
            "legacy_client_id_column": source.ids.legacy_client,
        },
    })
}

fn exposure_signal(signal: &ExposureSignal) -> Value {
    json!({
        "name": signal.name,
        "data_source": signal.data_source,
        "select_expression": signal.select.sql,
        "friendly_name": signal.friendly_name,
        "description": signal.description,
        "window_start": signal.window_start.map(window_limit),
        "window_end": signal.window_end.map(window_limit),
    })
}

fn window_limit(limit: WindowLimit) -> Value {
    match limit {
        WindowLimit::Days(days) => json!(days),
        WindowLimit::EnrollmentStart => json!("enrollment_start"),
        WindowLimit::EnrollmentEnd => json!("enrollment_end"),
        WindowLimit::AnalysisWindowStart => json!("analysis_window_start"),
        WindowLimit::AnalysisWindowEnd => json!("analysis_window_end"),
    }
}

fn metric(metric: &Metric) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_string(), value);
    put("name", json!(metric.name));
    put("data_source", json!(metric.data_source));
    put("select_expression", json!(metric.select_expression));
    for (key, text) in [
        ("friendly_name", &metric.friendly_name),
        ("description", &metric.description),
    ] {
        if let Some(text) = text {
            put(key, json!(text));
        }
    }
    put("bigger_is_better", json!(metric.bigger_is_better));
    put(
        "analysis_bases",
        metric.analysis_bases.iter().map(|basis| basis.as_str()).collect(),
    );
    put("type", json!(metric.kind));
    if let Some(category) = &metric.category {
        put("category", json!(category));
    }
    if !metric.depends_on.is_empty() {
        put("depends_on", metric.depends_on.iter().map(summary).collect());
    }
    if !metric.owner.is_empty() {
        put("owner", json!(metric.owner));
    }
    put("deprecated", json!(metric.deprecated));
    if let Some(level) = &metric.level {
        put("level", json!(level));
    }
    put(
        "analysis_units",
        metric.analysis_units.iter().map(|unit| unit.as_str()).collect(),
    );
    Value::Object(out)
}

/// A statistic with its parameters.
pub fn summary(summary: &Summary) -> Value {
    let mut out = Map::new();
    out.insert("metric".to_string(), json!(summary.metric));
    out.insert("statistic".to_string(), json!(summary.statistic));
    if !summary.params.is_empty() {
        out.insert("params".to_string(), json!(summary.params));
    }
    if !summary.pre_treatments.is_empty() {
        let treatments = summary.pre_treatments.iter();
        let treatments = treatments.map(|treatment| json!({"name": treatment.name, "args": treatment.args}));
        out.insert("pre_treatments".to_string(), treatments.collect());
    }
    Value::Object(out)
}

fn data_source(source: &DataSource) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_string(), value);
    put("name", json!(source.name));
    put("from_expression", json!(source.from_expression));
    put("from_expression_expanded", json!(source.from.sql));
    put(
        "experiments_column_type",
        json!(source.experiments_column.map(|column| column.as_str())),
    );
    put("client_id_column", json!(source.ids.client));
    put("group_id_column", json!(source.ids.group));
    for (key, column) in [
        ("glean_client_id_column", &source.ids.glean_client),
        ("legacy_client_id_column", &source.ids.legacy_client),
    ] {
        if let Some(column) = column {
            put(key, json!(column));
        }
    }
    put("submission_date_column", json!(source.submission_date_column));
    if let Some(dataset) = &source.default_dataset {
        put("default_dataset", json!(dataset));
    }
    put("build_id_column", json!(source.build_id_column));
    put("columns_as_dimensions", json!(source.columns_as_dimensions));
    put(
        "analysis_units",
        source.analysis_units.iter().map(|unit| unit.as_str()).collect(),
    );
    for (key, text) in [
        ("friendly_name", &source.friendly_name),
        ("description", &source.description),
    ] {
        if let Some(text) = text {
            put(key, json!(text));
        }
    }
    Value::Object(out)
}

/// Whether the experiment would be analysed on its last date, or, while it has none, on the day after enrollment.
fn run_status(experiment: &Experiment) -> Value {
    let days = schedule::last_date(experiment).and_then(|last| schedule::calendar(experiment, Period::Day, last).ok());
    let run_on = match days.unwrap_or_default().as_slice() {
        [] => None,
        due => experiment.end_date.or(due.get(1).map(|(date, _)| *date)),
    };
    let exception = run_on.and_then(|run_on| refusal(experiment, run_on));
    json!({
        "run_on": date(run_on),
        "exception": exception.map(|refusal| json!({"type": refusal.kind.as_str(), "message": refusal.message})),
    })
}

fn calendar(experiment: &Experiment, period: Period) -> Value {
    let Some(last) = schedule::last_date(experiment) else {
        return json!({"due": []});
    };
    match schedule::calendar(experiment, period, last) {
        Ok(calendar) => {
            let due = calendar.into_iter().map(|(date, window)| {
                let data = window.last_date_data_required.to_string();
                json!([date.to_string(), window.index, window.start, window.end, data])
            });
            json!({"due": due.collect::<Vec<_>>()})
        }
        Err(faults) => json!({"due": [], "error": faults.0.first().map(|fault| json!({
            "code": fault.code.as_str(),
            "message": fault.message,
        }))}),
    }
}

fn date(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}
