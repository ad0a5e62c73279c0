//! The parts of a plan as texts, laid out as in the statements, without what differs from window to window.

use indexmap::IndexMap;

use crate::plan::node::{Cohort, Column, MetricSource, Signal, UnitWindow};
use crate::sql::fragment::Role;
use crate::sql::layout::{Place, layout};

/// A piece of an author's SQL with a line break; as it is written where it can't be laid out.
fn laid_out(role: Role, text: &str) -> String {
    let place = Place {
        indent: 0,
        before: 0,
        after: 0,
    };
    let sql = layout(role, text, place).map_or_else(|_| text.to_string(), |sql| sql.to_string());
    format!("{}\n", sql.trim_end())
}

/// What a scan reads.
pub(super) fn source(source: &MetricSource) -> String {
    let experiments = source.experiments_column.unwrap_or("none");
    format!(
        "{}-- unit {}, date {}, experiments {experiments}\n",
        laid_out(Role::Source, &source.from),
        source.id_column,
        source.date_column
    )
}

/// A metric's expression.
pub(super) fn metric(source: &MetricSource, metric: &Column) -> String {
    format!("{}-- of {}\n", laid_out(Role::Expression, &metric.select), source.name)
}

/// The segments with what decides them.
pub(super) fn segments(cohort: &Cohort) -> IndexMap<String, String> {
    let mut segments = IndexMap::new();
    for source in &cohort.segment_sources {
        for segment in &source.segments {
            let text = format!(
                "{}-- of {}, day {} to day {}, unit {}, date {}\n{}",
                laid_out(Role::Expression, &segment.select),
                source.name,
                source.window.first,
                source.window.last,
                source.id_column,
                source.date_column,
                laid_out(Role::Source, &source.from)
            );
            segments.insert(segment.name.clone(), text);
        }
    }
    segments
}

/// A definition of exposure; its dates are those of the window.
pub(super) fn signal(signal: &Signal) -> String {
    format!(
        "{}-- signal {}, unit {}, date {}\n{}",
        laid_out(Role::Expression, &signal.select),
        signal.name,
        signal.id_column,
        signal.date_column,
        laid_out(Role::Source, &signal.from)
    )
}

/// Who can enroll, and when.
pub(super) fn enrollment(cohort: &Cohort) -> String {
    format!(
        "from {} to {}, by {}, unit {}\n{} percent of all clients, exposure by {}\n",
        cohort.enrollment.first,
        cohort.enrollment.last,
        cohort.kind,
        cohort.id_column,
        cohort.sample_size.unwrap_or(100),
        cohort.exposure_kind
    )
}

/// A window's days and dates.
pub(super) fn window(node: &UnitWindow) -> String {
    format!(
        "{} {}, basis {}: day {} to day {}, day 0 being the {}\nenrolled from {} to {}, source rows from {} to {}\n",
        node.period,
        node.index,
        node.basis,
        node.window.first,
        node.window.last,
        node.anchor,
        node.enrollment.first,
        node.enrollment.last,
        node.dates.first,
        node.dates.last
    )
}
