//! The relations of a plan. Each is what one statement computes; its fields are what the statement's template may print.

use jiff::civil::Date;
use serde::Serialize;

use crate::tables::TableName;

/// One relation.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// One row per (unit, branch): the experiment's population.
    Cohort(Cohort),
    /// One row per (unit, branch) of the cohort, with the metrics of one window.
    UnitWindow(UnitWindow),
    /// The rows of all windows of a period.
    PeriodView(PeriodView),
}

/// Dates, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Dates {
    /// The first one.
    pub first: Date,
    /// The last one.
    pub last: Date,
}

/// Days relative to a unit's enrollment or exposure, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Days {
    /// The first one.
    pub first: i64,
    /// The last one.
    pub last: i64,
}

/// A table of ours, or the query that stands in its place in a statement that reads no stored table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    /// The table.
    pub table: TableName,
    /// The query that gives its rows; a common table expression of the table's name then holds it.
    pub query: Option<String>,
}

impl Relation {
    /// A table that an earlier statement makes.
    pub fn stored(table: TableName) -> Self {
        Self { table, query: None }
    }
}

/// Enrollments, segments and exposures: what `enrollments_<slug>` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// The experiment.
    pub slug: String,
    /// `client_id` or `profile_group_id`, for the comment.
    pub unit: &'static str,
    /// The table that the rows go to.
    pub target: TableName,
    /// The dates of enrollment.
    pub enrollment: Dates,
    /// Which built-in query finds the units; unused beside `query`.
    pub kind: &'static str,
    /// An author's SELECT that finds the units instead.
    pub query: Option<String>,
    /// The telemetry's column with the unit id.
    pub id_column: String,
    /// The dataset of the app's own telemetry.
    pub app_dataset: String,
    /// Clients with a `sample_id` below this take part: percent, where the config asks for a sample.
    pub sample_size: Option<i64>,
    /// The same of clients whose exposure events are read.
    pub exposure_sample_size: Option<i64>,
    /// The first date that is read by a query which leaves out units that enrolled before.
    pub fallback_first: Date,
    /// Sources of segments, each with the segments that it decides.
    pub segment_sources: Vec<SegmentSource>,
    /// Which built-in events count as exposure; unused beside `signal`.
    pub exposure_kind: &'static str,
    /// A custom definition of exposure.
    pub signal: Option<Signal>,
}

/// A scan that decides segments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SegmentSource {
    /// The data source.
    pub name: String,
    /// The name of its common table expression.
    pub cte: String,
    /// An author's table or query.
    pub from: String,
    /// Its column with the unit id.
    pub id_column: String,
    /// Its column with the date.
    pub date_column: String,
    /// The days around enrollment that count.
    pub window: Days,
    /// All dates that any unit can need.
    pub dates: Dates,
    /// The segments.
    pub segments: Vec<Column>,
}

/// A column made by an author's expression.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The aggregate that makes it.
    pub select: String,
}

/// A custom definition of exposure over the dates of one window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// An author's table or query.
    pub from: String,
    /// An author's condition on a row.
    pub select: String,
    /// The source's column with the unit id.
    pub id_column: String,
    /// The source's column with the date.
    pub date_column: String,
    /// The dates on which it is looked for.
    pub dates: Dates,
}

/// The metrics of one window and basis: what `<slug>_<basis>_<period>_<index>` holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitWindow {
    /// The experiment.
    pub slug: String,
    /// The table that the rows go to.
    pub target: TableName,
    /// The cohort.
    pub enrollments: Relation,
    /// The relations that the statement defines for itself.
    pub with: Vec<Relation>,
    /// The period's word.
    pub period: &'static str,
    /// The window's 1-based index.
    pub index: i64,
    /// The basis' word.
    pub basis: &'static str,
    /// The window's days.
    pub window: Days,
    /// What day 0 is, for the comment: `enrollment` or `exposure`.
    pub anchor: &'static str,
    /// The cohort's column with the date of day 0.
    pub anchor_column: &'static str,
    /// Whether a unit's window can hold its day of enrollment, of which only the rows after enrolling count.
    pub window_has_enrollment_day: bool,
    /// The dates of enrollment.
    pub enrollment: Dates,
    /// All source dates that any unit can need.
    pub dates: Dates,
    /// A custom definition of exposure, evaluated for this window; for basis exposures alone.
    pub signal: Option<Signal>,
    /// The scans, one per data source.
    pub sources: Vec<MetricSource>,
    /// The columns that the scans add to the cohort's, in order.
    pub columns: Vec<ScanColumn>,
}

/// A view over the tables of a period's windows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeriodView {
    /// Words for the statement's first line.
    pub title: String,
    /// The view.
    pub target: TableName,
    /// The tables: a name that ends in `*`.
    pub tables: TableName,
    /// The columns to show; all where none is named.
    pub columns: Vec<String>,
}

/// A scan that computes metrics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricSource {
    /// The data source.
    pub name: String,
    /// The name of its common table expression.
    pub cte: String,
    /// An author's table or query.
    pub from: String,
    /// Its column with the unit id.
    pub id_column: String,
    /// Its column with the date.
    pub date_column: String,
    /// How its rows name their experiments, if they do: `simple`, `native`, `glean`, `events_stream`.
    pub experiments_column: Option<&'static str>,
    /// The metrics.
    pub metrics: Vec<Column>,
}

/// A column of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScanColumn {
    /// The scan's common table expression.
    pub cte: String,
    /// The column.
    pub name: String,
}
