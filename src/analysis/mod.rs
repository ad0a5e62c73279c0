//! One experiment's analysis, resolved: everything named is found, every template is rendered, every date is concrete.
//!
//! This stage turns a layered [`Spec`](crate::config) and a Nimbus experiment into an [`Analysis`]. It knows nothing of
//! BigQuery or DuckDB, of the day on which it runs, or of which windows are due (that is [`schedule`](crate::schedule)).

mod experiment;
mod fragment;
mod ids;
mod inserted;
pub mod json;
mod metrics;
mod parameters;
mod refusal;
mod resolve;
mod sources;

use indexmap::IndexMap;
use jiff::civil::Date;
use serde_json::Value;

use crate::diagnostics::Span;

pub use ids::IdColumns;
pub use refusal::{Refusal, RefusalKind, enrollment_query_fault, refusal};
pub use resolve::{resolve, resolve_in_part};

/// A piece of SQL that a config's author wrote, after its templates were rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct Fragment {
    /// The SQL text, ready to be placed into a statement.
    pub sql: String,
    /// The value in the config file that it came from.
    pub span: Span,
}

/// The unit that an experiment randomises and that one row of its tables stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnalysisUnit {
    /// A client: one installation's id.
    ClientId,
    /// A profile group: several profiles of one person on one machine.
    ProfileGroupId,
}

/// Which client id a unit of the enrollments is known by. Firefox desktop has two that share no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientIds {
    /// That of the source's `client_id_column`: apps with one kind of id, and custom enrollment queries.
    Own,
    /// Desktop's legacy telemetry id.
    Legacy,
    /// Desktop's Glean id.
    Glean,
}

/// Which population a metric's windows count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Every enrolled unit, its windows counted from its enrollment.
    Enrollments,
    /// The units that saw the treatment (or would have).
    Exposures,
}

/// The kinds of analysis windows, in the order in which they are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// Single days.
    Day,
    /// Weeks of seven days.
    Week,
    /// Blocks of 28 days.
    Days28,
    /// The whole of the experiment after enrollment.
    Overall,
    /// The week before enrollment.
    PreenrollmentWeek,
    /// The 28 days before enrollment.
    PreenrollmentDays28,
}

/// The built-in way to find enrolled units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnrollmentsQuery {
    /// Desktop: `enroll` events of category `normandy` in `telemetry.events`.
    Normandy,
    /// Glean: `enrollment` events of category `nimbus_events` in `events_stream`.
    GleanEvent,
    /// Fenix without enrollment events: annotations of the baseline ping.
    FenixFallback,
    /// Server-side experiments.
    Cirrus,
    /// The Firefox background task.
    BackgroundUpdate,
}

/// How a data source's rows say which experiments their client is in; `None` in [`DataSource`] means they don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExperimentsColumn {
    /// `experiments`: a map from slug to branch.
    Simple,
    /// `experiments`: a map from slug to a record with a branch.
    Native,
    /// `ping_info.experiments` of a Glean ping.
    Glean,
    /// `event_extra` of a row of `events_stream`.
    EventsStream,
}

/// A resolved experiment with everything that its windows need.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// The experiment block: API values overlaid by the config.
    pub experiment: Experiment,
    /// Parameters of the config and its outcomes by name, with `value`, `default` and `distinct_by_branch`.
    pub parameters: IndexMap<String, Value>,
    /// For each period the summaries in the order of the reference.
    pub periods: IndexMap<Period, Vec<Summary>>,
    /// The metrics that the summaries name, and those they depend on.
    pub metrics: IndexMap<String, Metric>,
    /// The data sources that the metrics and the exposure signal name.
    pub data_sources: IndexMap<String, DataSource>,
}

/// The experiment block.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// The Nimbus slug, as written.
    pub slug: String,
    /// `firefox_desktop`, `fenix`, ...
    pub app_name: String,
    /// `firefox-desktop`, `org.mozilla.firefox`, ...; the platform's where the API has none, and empty where there is neither.
    pub app_id: String,
    /// The BigQuery dataset of the app: its id in lower case with `_` for all but letters and digits.
    pub dataset: String,
    /// Whether the experiment has an end date, so that its overall window can be computed on that day.
    pub is_complete: bool,
    /// The first day of enrollment.
    pub start_date: Option<Date>,
    /// The day on which the experiment ends.
    pub end_date: Option<Date>,
    /// Days, as proposed in Experimenter or set in the config.
    pub proposed_enrollment: i64,
    /// The day on which Experimenter saw enrollment end.
    pub enrollment_end_date: Option<Date>,
    /// Days from the first to the last date of enrollment, so that there is one enrollment date more than this.
    pub enrollment_period: i64,
    /// Whether the config sets the enrollment period, so that enrollment need not have ended.
    pub enrollment_period_is_configured: bool,
    /// The control branch, where one is named.
    pub reference_branch: Option<String>,
    /// All branches in the order of the experiment.
    pub branches: Vec<String>,
    /// Rollouts are not analysed.
    pub is_rollout: bool,
    /// Results of private experiments go to `dataset_id` alone.
    pub is_private: bool,
    /// The results' dataset, where the config overrides it.
    pub dataset_id: Option<String>,
    /// Whether the config asks to leave the experiment out.
    pub skip: bool,
    /// Percent of clients, where the config asks for a sample.
    pub sample_size: Option<i64>,
    /// `normandy_id`, `nimbus_id`, `group_id`, ... as Experimenter names it.
    pub randomization_unit: String,
    /// What a row of the tables stands for.
    pub analysis_unit: AnalysisUnit,
    /// What says so: a value of the config, else of the API.
    pub analysis_unit_at: Span,
    /// The built-in query for enrollments.
    pub enrollments_query: EnrollmentsQuery,
    /// The config's value that says so; `None` where it is the platform's.
    pub enrollments_query_at: Option<Span>,
    /// Which of desktop's client ids the enrollments have.
    pub client_ids: ClientIds,
    /// Whether the app is one whose experiments can be analysed.
    pub platform_is_supported: bool,
    /// SQL that replaces the built-in query.
    pub enrollment_query: Option<Fragment>,
    /// Whether the config changes dates, enrollment or reference branch of the API.
    pub has_external_config_overrides: bool,
    /// Outcome slugs, the API's first.
    pub outcomes: Vec<String>,
    /// Segments in order, duplicates dropped.
    pub segments: Vec<Segment>,
    /// What counts as exposure, where the default does not.
    pub exposure_signal: Option<ExposureSignal>,
}

/// A metric of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The name, which is also the column's.
    pub name: String,
    /// The key in [`Analysis::data_sources`]; `None` for a metric that only depends on others.
    pub data_source: Option<String>,
    /// The expression after its templates, as the reference reports it (the format layer not applied).
    pub select_expression: Option<String>,
    /// The expression as it goes into a statement: the format layer applied.
    pub select: Option<Fragment>,
    /// The upstream summaries of a ratio.
    pub depends_on: Vec<Summary>,
    /// For people.
    pub friendly_name: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// Whether an increase is good news.
    pub bigger_is_better: bool,
    /// The populations it is computed for.
    pub analysis_bases: Vec<Basis>,
    /// `scalar` by default.
    pub kind: String,
    /// A grouping for people.
    pub category: Option<String>,
    /// Who to ask.
    pub owner: Vec<String>,
    /// Whether its authors want it gone.
    pub deprecated: bool,
    /// `gold`, `silver` or `bronze`.
    pub level: Option<String>,
    /// The units it can be computed for.
    pub analysis_units: Vec<AnalysisUnit>,
}

/// A statistic of a metric, asked for in one period.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The key in [`Analysis::metrics`].
    pub metric: String,
    /// The statistic's configured name, such as `linear_model_mean`.
    pub statistic: String,
    /// Its parameters as written, without `pre_treatments`.
    pub params: IndexMap<String, Value>,
    /// Transformations of the values, in order.
    pub pre_treatments: Vec<PreTreatment>,
    /// The statistic's table in the config file.
    pub span: Span,
}

/// A transformation of a metric's values before a statistic.
#[derive(Debug, Clone, PartialEq)]
pub struct PreTreatment {
    /// The configured name, such as `remove_nulls`.
    pub name: String,
    /// Its arguments as written.
    pub args: IndexMap<String, Value>,
}

/// A source of rows with a unit id and a date.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSource {
    /// The name, which also stands in table and column names.
    pub name: String,
    /// The expression as written (Jinja applied where it applies; the format layer not).
    pub from_expression: String,
    /// The table or parenthesised query that goes behind `FROM`, all templates applied. For a source that only the exposure
    /// signal uses, `{dataset}` stands for the source's default dataset; see [`ExposureSignal::from`].
    pub from: Fragment,
    /// Which rows of the enrollment day count.
    pub experiments_column: Option<ExperimentsColumn>,
    /// Its columns with ids.
    pub ids: IdColumns,
    /// The column with the date.
    pub submission_date_column: String,
    /// The build id expression (unused by experiments).
    pub build_id_column: String,
    /// Unused by experiments.
    pub columns_as_dimensions: bool,
    /// The dataset that stands for `{dataset}` where the experiment's does not.
    pub default_dataset: Option<String>,
    /// The units it can serve.
    pub analysis_units: Vec<AnalysisUnit>,
    /// For people.
    pub friendly_name: Option<String>,
    /// For people.
    pub description: Option<String>,
}

/// A named subset of the enrolled units.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The name, which is also the column's.
    pub name: String,
    /// A boolean aggregate over the rows of its source.
    pub select: Fragment,
    /// Where the rows come from.
    pub data_source: SegmentDataSource,
    /// For people.
    pub friendly_name: Option<String>,
    /// For people.
    pub description: Option<String>,
}

/// A source of rows for segments, with the days around enrollment that count.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentDataSource {
    /// The name.
    pub name: String,
    /// The expression as written, Jinja applied.
    pub from_expression: String,
    /// The table or parenthesised query that goes behind `FROM`.
    pub from: Fragment,
    /// First day, relative to enrollment.
    pub window_start: i64,
    /// Last day, relative to enrollment.
    pub window_end: i64,
    /// Its columns with ids.
    pub ids: IdColumns,
    /// The column with the date.
    pub submission_date_column: String,
}

/// A limit of an exposure signal's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowLimit {
    /// Days after the first date of enrollment.
    Days(i64),
    /// The first date of enrollment.
    EnrollmentStart,
    /// The last date of enrollment.
    EnrollmentEnd,
    /// The start of the window that is being computed, counted from the last date of enrollment.
    AnalysisWindowStart,
    /// The end of that window, counted likewise.
    AnalysisWindowEnd,
}

/// A custom definition of exposure: a row of a source for which a condition holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ExposureSignal {
    /// The name.
    pub name: String,
    /// The key in [`Analysis::data_sources`].
    pub data_source: String,
    /// The source's table or query, `{dataset}` filled with the source's default dataset.
    pub from: Fragment,
    /// A boolean expression on a row of the source.
    pub select: Fragment,
    /// For people.
    pub friendly_name: String,
    /// For people.
    pub description: String,
    /// From when rows count; absent: from the first date of enrollment.
    pub window_start: Option<WindowLimit>,
    /// Until when rows count; absent: to the last date of enrollment.
    pub window_end: Option<WindowLimit>,
}

impl Period {
    /// Every period in the order of resolution.
    pub const ALL: [Period; 6] = [
        Period::Day,
        Period::Week,
        Period::Days28,
        Period::Overall,
        Period::PreenrollmentWeek,
        Period::PreenrollmentDays28,
    ];

    /// The word in table names: `day`, `week`, `days28`, `overall`, `preenrollment_week`, `preenrollment_days28`.
    pub fn as_str(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Days28 => "days28",
            Period::Overall => "overall",
            Period::PreenrollmentWeek => "preenrollment_week",
            Period::PreenrollmentDays28 => "preenrollment_days28",
        }
    }

    /// The word in view names and exported files: `daily`, `weekly`, ...
    pub fn view_word(self) -> &'static str {
        match self {
            Period::Day => "daily",
            Period::Week => "weekly",
            Period::Days28 => "days28",
            Period::Overall => "overall",
            Period::PreenrollmentWeek => "preenrollment_weekly",
            Period::PreenrollmentDays28 => "preenrollment_days28",
        }
    }

    /// The period of a table word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.as_str() == word)
    }

    /// Whether the window lies before enrollment.
    pub fn is_preenrollment(self) -> bool {
        matches!(self, Period::PreenrollmentWeek | Period::PreenrollmentDays28)
    }
}

impl Basis {
    /// Both, enrollments first.
    pub const ALL: [Basis; 2] = [Basis::Enrollments, Basis::Exposures];

    /// The word in table names and result rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Enrollments => "enrollments",
            Basis::Exposures => "exposures",
        }
    }
}

impl EnrollmentsQuery {
    /// The word in configs.
    pub fn as_str(self) -> &'static str {
        match self {
            EnrollmentsQuery::Normandy => "normandy",
            EnrollmentsQuery::GleanEvent => "glean-event",
            EnrollmentsQuery::FenixFallback => "fenix-fallback",
            EnrollmentsQuery::Cirrus => "cirrus",
            EnrollmentsQuery::BackgroundUpdate => "background-update",
        }
    }
}

impl ExperimentsColumn {
    /// The word in configs.
    pub fn as_str(self) -> &'static str {
        match self {
            ExperimentsColumn::Simple => "simple",
            ExperimentsColumn::Native => "native",
            ExperimentsColumn::Glean => "glean",
            ExperimentsColumn::EventsStream => "events_stream",
        }
    }
}

impl AnalysisUnit {
    /// The word in configs.
    pub fn as_str(self) -> &'static str {
        match self {
            AnalysisUnit::ClientId => "client_id",
            AnalysisUnit::ProfileGroupId => "profile_group_id",
        }
    }
}
