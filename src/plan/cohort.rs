//! The cohort: which units took part, in which segments they are, and when they were exposed.

use crate::analysis::{
    Analysis, AnalysisUnit, DataSource, EnrollmentsQuery, Experiment, ExposureSignal, Segment, enrollment_query_fault,
};
use crate::diagnostics::{Code, Diagnostic, Result};
use crate::schedule::{self, Window};
use crate::tables::Destination;

use super::node::{Cohort, Column, Dates, Days, SegmentSource, Signal};

/// The cohort of an experiment, as it stands on the first day of its analysis: `window` is the first daily window.
///
/// # Errors
/// An enrollment query that can't serve the experiment's unit, or a segment whose window ends before it starts.
pub fn cohort(analysis: &Analysis, window: &Window, destination: &Destination) -> Result<Cohort> {
    let experiment = &analysis.experiment;
    check_unit(experiment)?;
    let enrollment = Dates {
        first: window.first_enrollment_date,
        last: window.last_enrollment_date,
    };
    Ok(Cohort {
        slug: experiment.slug.clone(),
        unit: experiment.analysis_unit.as_str(),
        target: destination.enrollments(),
        enrollment,
        kind: experiment.enrollments_query.as_str(),
        query: experiment.enrollment_query.as_ref().map(|query| query.sql.clone()),
        id_column: experiment.analysis_unit.as_str().to_string(),
        app_dataset: experiment.dataset.clone(),
        sample_size: experiment.sample_size,
        exposure_sample_size: exposure_sample_size(experiment),
        fallback_first: schedule::plus(enrollment.first, -7)?,
        segment_sources: segment_sources(experiment, enrollment)?,
        exposure_kind: exposure_kind(experiment.enrollments_query),
        signal: signal(analysis, window)?,
    })
}

/// Fails where the built-in query has no id of the experiment's unit. A custom query and signal need no built-in one.
fn check_unit(experiment: &Experiment) -> Result<()> {
    if let Some(fault) = enrollment_query_fault(experiment) {
        return Err(fault.into());
    }
    if let Some(fault) = experiment.unit_fault() {
        return Err(fault.into());
    }
    if experiment.dataset.is_empty() {
        let message = format!(
            "the experiment has no `appId`, and its app `{}` is not among the platforms",
            experiment.app_name
        );
        return Err(Diagnostic::error(Code::NoDataset, message)
            .with_help("give the experiment an `appId`, or add its app with --platforms")
            .into());
    }
    Ok(())
}

/// Whose exposure events the built-in enrollments go with.
fn exposure_kind(enrollments: EnrollmentsQuery) -> &'static str {
    match enrollments {
        EnrollmentsQuery::Normandy | EnrollmentsQuery::BackgroundUpdate => "normandy",
        EnrollmentsQuery::GleanEvent | EnrollmentsQuery::FenixFallback => "glean-event",
        EnrollmentsQuery::Cirrus => "cirrus",
    }
}

/// Exposures of clients outside of the sample would be read for nothing. But a profile group has clients of any `sample_id`, and
/// the background task's `sample_id` is that of another id than its exposures have.
fn exposure_sample_size(experiment: &Experiment) -> Option<i64> {
    let is_same_id = experiment.analysis_unit == AnalysisUnit::ClientId
        && experiment.enrollments_query != EnrollmentsQuery::BackgroundUpdate;
    experiment.sample_size.filter(|_| is_same_id)
}

/// Segments grouped by their source, in the order in which the sources first appear.
fn segment_sources(experiment: &Experiment, enrollment: Dates) -> Result<Vec<SegmentSource>> {
    let mut sources: Vec<SegmentSource> = Vec::new();
    for segment in &experiment.segments {
        let column = Column {
            name: segment.name.clone(),
            select: segment.select.sql.clone(),
        };
        match sources
            .iter_mut()
            .find(|source| source.name == segment.data_source.name)
        {
            Some(source) => source.segments.push(column),
            None => sources.push(segment_source(experiment, segment, column, enrollment)?),
        }
    }
    Ok(sources)
}

fn segment_source(
    experiment: &Experiment,
    segment: &Segment,
    column: Column,
    enrollment: Dates,
) -> Result<SegmentSource> {
    let source = &segment.data_source;
    let window = Days {
        first: source.window_start,
        last: source.window_end,
    };
    if window.first > window.last {
        let message = format!(
            "the window of segment source `{}` starts on day {} and ends before that, on day {}",
            source.name, window.first, window.last
        );
        return Err(Diagnostic::error(Code::WindowOrder, message)
            .with_span(source.from.span.clone())
            .into());
    }
    Ok(SegmentSource {
        name: source.name.clone(),
        cte: format!("{}_segments", source.name),
        from: source.from.sql.clone(),
        id_column: source.ids.of(experiment).to_string(),
        date_column: source.submission_date_column.clone(),
        window,
        dates: Dates {
            first: schedule::plus(enrollment.first, window.first)?,
            last: schedule::plus(enrollment.last, window.last)?,
        },
        segments: vec![column],
    })
}

/// The experiment's exposure signal over the dates that `window` gives it.
pub fn signal(analysis: &Analysis, window: &Window) -> Result<Option<Signal>> {
    let Some(signal) = &analysis.experiment.exposure_signal else {
        return Ok(None);
    };
    let source = data_source(analysis, &signal.data_source);
    Ok(Some(Signal {
        name: signal.name.clone(),
        from: signal.from.sql.clone(),
        select: signal.select.sql.clone(),
        id_column: source.ids.of(&analysis.experiment).to_string(),
        date_column: source.submission_date_column.clone(),
        dates: signal_dates(signal, window)?,
    }))
}

fn signal_dates(signal: &ExposureSignal, window: &Window) -> Result<Dates> {
    let (first, last) = schedule::exposure_dates(signal, window)?;
    Ok(Dates { first, last })
}

/// A source that the resolved analysis names.
pub fn data_source<'a>(analysis: &'a Analysis, name: &str) -> &'a DataSource {
    analysis
        .data_sources
        .get(name)
        .expect("a resolved analysis holds every data source that it names")
}
