//! One window's metrics, straight from the sources: the direct plan.

use crate::analysis::{Analysis, Basis, ExperimentsColumn, Metric};
use crate::diagnostics::Result;
use crate::schedule::Window;
use crate::tables::Destination;

use super::cohort::{data_source, signal};
use super::node::{Column, Dates, Days, MetricSource, Relation, ScanColumn, UnitWindow};

/// The metrics that a window has on a basis, in the order of its summaries; upstream metrics of ratios stand before them.
pub fn metrics_of<'a>(analysis: &'a Analysis, window: &Window, basis: Basis) -> Vec<&'a Metric> {
    let mut metrics: Vec<&Metric> = Vec::new();
    let summaries = analysis.periods.get(&window.period).map_or(&[][..], Vec::as_slice);
    for summary in summaries {
        let metric = &analysis.metrics[&summary.metric];
        if !metric.analysis_bases.contains(&basis) {
            continue;
        }
        let upstream = metric
            .depends_on
            .iter()
            .map(|summary| &analysis.metrics[&summary.metric]);
        for metric in upstream.chain([metric]) {
            if !metrics.iter().any(|known| known.name == metric.name) {
                metrics.push(metric);
            }
        }
    }
    metrics
}

/// The metrics of one window and basis, or `None` when the period has no metric on that basis.
pub fn unit_window(
    analysis: &Analysis,
    window: &Window,
    basis: Basis,
    destination: &Destination,
) -> Result<Option<UnitWindow>> {
    let metrics = metrics_of(analysis, window, basis);
    if metrics.is_empty() {
        return Ok(None);
    }
    let sources = sources(analysis, &metrics);
    let columns = sources.iter().flat_map(columns_of).collect();
    // The exposed set of a signal is a property of the window; that of exposure events stands in the cohort's table.
    let signal = if basis == Basis::Exposures {
        signal(analysis, window)?
    } else {
        None
    };
    let (anchor, anchor_column) = match basis {
        Basis::Exposures if signal.is_none() => ("first exposure", "exposure_date"),
        Basis::Exposures | Basis::Enrollments => ("enrollment", "enrollment_date"),
    };
    Ok(Some(UnitWindow {
        slug: analysis.experiment.slug.clone(),
        target: destination.metrics(basis, window.period, window.index),
        enrollments: Relation::stored(destination.enrollments()),
        with: Vec::new(),
        period: window.period.as_str(),
        index: window.index,
        basis: basis.as_str(),
        window: Days {
            first: window.start,
            last: window.end,
        },
        anchor,
        anchor_column,
        // A first exposure is never before enrollment.
        window_has_enrollment_day: window.start <= 0 && (window.end >= 0 || anchor_column == "exposure_date"),
        enrollment: Dates {
            first: window.first_enrollment_date,
            last: window.last_enrollment_date,
        },
        dates: Dates {
            first: window.first_date_data_required,
            last: window.last_date_data_required,
        },
        signal,
        sources,
        columns,
    }))
}

/// One scan per data source, in the order in which the metrics first name them.
fn sources(analysis: &Analysis, metrics: &[&Metric]) -> Vec<MetricSource> {
    let mut sources: Vec<MetricSource> = Vec::new();
    for metric in metrics {
        let (Some(name), Some(select)) = (&metric.data_source, &metric.select) else {
            continue;
        };
        let column = Column {
            name: metric.name.clone(),
            select: select.sql.clone(),
        };
        if let Some(source) = sources.iter_mut().find(|source| source.name == *name) {
            source.metrics.push(column);
            continue;
        }
        let source = data_source(analysis, name);
        sources.push(MetricSource {
            name: name.clone(),
            cte: format!("{name}_metrics"),
            from: source.from.sql.clone(),
            id_column: source.ids.of(&analysis.experiment).to_string(),
            date_column: source.submission_date_column.clone(),
            experiments_column: source.experiments_column.map(ExperimentsColumn::as_str),
            metrics: vec![column],
        });
    }
    sources
}

/// The metrics of a scan, then its two sanity columns where its rows name their experiments.
fn columns_of(source: &MetricSource) -> Vec<ScanColumn> {
    let column = |name: String| ScanColumn {
        cte: source.cte.clone(),
        name,
    };
    let metrics = source.metrics.iter().map(|metric| column(metric.name.clone()));
    let sanity = source.experiments_column.iter().flat_map(|_| {
        ["has_contradictory_branch", "has_non_enrolled_data"].map(|word| column(format!("{}_{word}", source.name)))
    });
    metrics.chain(sanity).collect()
}
