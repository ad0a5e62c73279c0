//! The mirror of the config files: what an author wrote, with its places; nothing looked up, nothing defaulted.
//!
//! A field is `None` when the file is silent, so that layers can be merged. `read` fills these types,
//! `merge` layers them.

use indexmap::IndexMap;
use jiff::civil::Date;
use serde_json::Value;

use crate::analysis::{AnalysisUnit, Basis, EnrollmentsQuery, ExperimentsColumn, Period, PreTreatment, WindowLimit};
use crate::diagnostics::Span;
use crate::document::Text;

/// An experiment's config file, an app's defaults, or the definitions of an app.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spec {
    /// `[experiment]`.
    pub experiment: ExperimentSpec,
    /// The period lists of `[metrics]`: references in order, duplicates kept.
    pub periods: IndexMap<Period, Vec<Text>>,
    /// `[metrics.<name>]`.
    pub metrics: IndexMap<String, MetricSpec>,
    /// `[data_sources.<name>]`.
    pub data_sources: IndexMap<String, DataSourceSpec>,
    /// `[segments.<name>]`.
    pub segments: IndexMap<String, SegmentSpec>,
    /// `[segments.data_sources.<name>]`.
    pub segment_data_sources: IndexMap<String, SegmentDataSourceSpec>,
    /// `[parameters.<name>]`.
    pub parameters: IndexMap<String, ParameterSpec>,
}

/// An outcome file: metrics to be computed for every experiment that names it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeSpec {
    /// For people.
    pub friendly_name: Option<Text>,
    /// For people.
    pub description: Option<Text>,
    /// Metrics shown first.
    pub default_metrics: Vec<Text>,
    /// Metrics by period, their definitions, data sources and parameters.
    pub spec: Spec,
}

/// `[experiment]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExperimentSpec {
    /// SQL that replaces the built-in enrollment query; a template.
    pub enrollment_query: Option<Text>,
    /// Days.
    pub enrollment_period: Option<i64>,
    /// The control branch.
    pub reference_branch: Option<Text>,
    /// Segments to analyse.
    pub segments: Option<Vec<Text>>,
    /// Outcomes beside those of the API.
    pub outcomes: Option<Vec<Text>>,
    /// Overrides the API's.
    pub start_date: Option<(Date, Span)>,
    /// Overrides the API's.
    pub end_date: Option<(Date, Span)>,
    /// Whether to leave the experiment out.
    pub skip: Option<bool>,
    /// What counts as exposure.
    pub exposure_signal: Option<ExposureSignalSpec>,
    /// Whether results must not be public; the place of the key.
    pub is_private: Option<(bool, Span)>,
    /// The results' dataset.
    pub dataset_id: Option<Text>,
    /// Percent of clients.
    pub sample_size: Option<i64>,
    /// The unit of analysis, and the place of the value.
    pub analysis_unit: Option<(AnalysisUnit, Span)>,
    /// The built-in query for enrollments, and the place of the value.
    pub enrollments_query_type: Option<(EnrollmentsQuery, Span)>,
}

/// `[experiment.exposure_signal]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExposureSignalSpec {
    /// The name.
    pub name: Text,
    /// A data source of metrics.
    pub data_source: Text,
    /// A condition on a row.
    pub select_expression: Text,
    /// For people.
    pub friendly_name: Text,
    /// For people.
    pub description: Text,
    /// From when rows count.
    pub window_start: Option<WindowLimit>,
    /// Until when rows count.
    pub window_end: Option<WindowLimit>,
}

/// `[metrics.<name>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSpec {
    /// The key, or an explicit `name`.
    pub name: String,
    /// Where the key stands.
    pub span: Span,
    /// A template of an aggregate over rows of the data source.
    pub select_expression: Option<Text>,
    /// Where the rows come from.
    pub data_source: Option<Text>,
    /// What is computed.
    pub statistics: Option<IndexMap<String, StatisticSpec>>,
    /// For people.
    pub friendly_name: Option<Text>,
    /// For people.
    pub description: Option<Text>,
    /// Whether an increase is good news.
    pub bigger_is_better: Option<bool>,
    /// The populations it is computed for.
    pub analysis_bases: Option<Vec<Basis>>,
    /// The units it can be computed for.
    pub analysis_units: Option<Vec<AnalysisUnit>>,
    /// The metrics that a ratio is computed from.
    pub depends_on: Option<Vec<Text>>,
    /// `scalar` and the like.
    pub kind: Option<Text>,
    /// A grouping for people.
    pub category: Option<Text>,
    /// Who to ask.
    pub owner: Option<Vec<Text>>,
    /// Whether its authors want it gone.
    pub deprecated: Option<bool>,
    /// `gold`, `silver` or `bronze`.
    pub level: Option<&'static str>,
}

/// `[metrics.<name>.statistics.<statistic>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct StatisticSpec {
    /// Where the key stands.
    pub span: Span,
    /// Everything but the pre-treatments, as written.
    pub params: IndexMap<String, Value>,
    /// Transformations before the statistic.
    pub pre_treatments: Vec<PreTreatment>,
}

/// `[data_sources.<name>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSourceSpec {
    /// The key.
    pub name: String,
    /// Where the key stands.
    pub span: Span,
    /// A table or parenthesised query; a template in part.
    pub from_expression: Option<Text>,
    /// How rows name their experiments; `Some(None)` is the explicit `none`.
    pub experiments_column_type: Option<Option<ExperimentsColumn>>,
    /// The column with the client id.
    pub client_id_column: Option<Text>,
    /// The column with the profile group id.
    pub group_id_column: Option<Text>,
    /// The column with the Glean client id.
    pub glean_client_id_column: Option<Text>,
    /// The column with the legacy client id.
    pub legacy_client_id_column: Option<Text>,
    /// The column with the date.
    pub submission_date_column: Option<Text>,
    /// An expression for the build id.
    pub build_id_column: Option<Text>,
    /// Unused by experiments.
    pub columns_as_dimensions: Option<bool>,
    /// Stands for `{dataset}` in exposure signals.
    pub default_dataset: Option<Text>,
    /// The units it can serve.
    pub analysis_units: Option<Vec<AnalysisUnit>>,
    /// For people.
    pub friendly_name: Option<Text>,
    /// For people.
    pub description: Option<Text>,
}

/// `[segments.<name>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentSpec {
    /// The key.
    pub name: String,
    /// A template of a boolean aggregate.
    pub select_expression: Text,
    /// A segment data source.
    pub data_source: Text,
    /// For people.
    pub friendly_name: Option<Text>,
    /// For people.
    pub description: Option<Text>,
}

/// `[segments.data_sources.<name>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentDataSourceSpec {
    /// The key.
    pub name: String,
    /// A table or parenthesised query; a template.
    pub from_expression: Text,
    /// First day, relative to enrollment.
    pub window_start: Option<i64>,
    /// Last day, relative to enrollment.
    pub window_end: Option<i64>,
    /// The column with the client id.
    pub client_id_column: Option<Text>,
    /// The column with the profile group id.
    pub group_id_column: Option<Text>,
    /// The column with the Glean client id.
    pub glean_client_id_column: Option<Text>,
    /// The column with the legacy client id.
    pub legacy_client_id_column: Option<Text>,
    /// The column with the date.
    pub submission_date_column: Option<Text>,
}

/// `[parameters.<name>]`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterSpec {
    /// Where the key stands.
    pub span: Span,
    /// For people.
    pub friendly_name: Option<Text>,
    /// For people.
    pub description: Option<Text>,
    /// The value: a text, or a text by branch.
    pub value: Option<ParameterValue>,
    /// The value where none is given.
    pub default: Option<ParameterValue>,
    /// Whether the value is one by branch.
    pub distinct_by_branch: Option<bool>,
}

/// What a parameter holds.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// A text.
    Text(String),
    /// Branch to text.
    ByBranch(IndexMap<String, String>),
}

/// `[functions.<name>]`: a function of one text that templates may call.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionSpec {
    /// SQL with `{select_expr}` where the argument goes.
    pub definition: Text,
}
