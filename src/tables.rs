//! The names of our tables and views, as Jetstream's readers expect them. The one place that builds such a name.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::analysis::{Basis, Period};

/// A table's full name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableName {
    /// The Google Cloud project, such as `moz-fx-data-experiments`.
    pub project: String,
    /// The dataset.
    pub dataset: String,
    /// The table or view.
    pub table: String,
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.project, self.dataset, self.table)
    }
}

/// As its dotted name.
impl Serialize for TableName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the results of one experiment go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The project, `moz-fx-data-experiments` unless set otherwise.
    pub project: String,
    /// The dataset, `mozanalysis` unless set otherwise; a private experiment's own.
    pub dataset: String,
    /// The experiment's slug as written.
    pub slug: String,
}

impl Destination {
    fn table(&self, table: String) -> TableName {
        TableName {
            project: self.project.clone(),
            dataset: self.dataset.clone(),
            table,
        }
    }

    /// `enrollments_<slug>`: the cohort.
    pub fn enrollments(&self) -> TableName {
        self.table(format!("enrollments_{}", normalize(&self.slug)))
    }

    /// `<slug>_<basis>_<period>_<index>`: one window's metrics.
    pub fn metrics(&self, basis: Basis, period: Period, index: i64) -> TableName {
        self.table(format!(
            "{}_{}_{}_{index}",
            normalize(&self.slug),
            basis.as_str(),
            period.as_str()
        ))
    }

    /// `statistics_<slug>_<period>_<index>`: one window's statistics.
    pub fn statistics(&self, period: Period, index: i64) -> TableName {
        self.table(format!(
            "statistics_{}_{}_{index}",
            normalize(&self.slug),
            period.as_str()
        ))
    }

    /// `isobar_states_<slug>_<period>_<index>`: why cells of one window have no number, or not the one that was asked for.
    pub fn states(&self, period: Period, index: i64) -> TableName {
        self.table(format!(
            "isobar_states_{}_{}_{index}",
            normalize(&self.slug),
            period.as_str()
        ))
    }

    /// `<slug>_<basis>_<period>_*`: one period's metrics.
    pub fn metrics_of_period(&self, basis: Basis, period: Period) -> TableName {
        self.table(format!(
            "{}_{}_{}_*",
            normalize(&self.slug),
            basis.as_str(),
            period.as_str()
        ))
    }

    /// `statistics_<slug>_<period>_*`: one period's statistics.
    pub fn statistics_of_period(&self, period: Period) -> TableName {
        self.table(format!("statistics_{}_{}_*", normalize(&self.slug), period.as_str()))
    }

    /// `<slug>_<basis>_<view word>`: all windows' metrics of a period.
    pub fn metrics_view(&self, basis: Basis, period: Period) -> TableName {
        self.table(format!(
            "{}_{}_{}",
            normalize(&self.slug),
            basis.as_str(),
            period.view_word()
        ))
    }

    /// `<slug>_<basis>_source_<data source>_<view word>`: all windows' metrics of one data source. (A wildcard over a period's tables
    /// must not match the name of a view, whatever the source is called.)
    pub fn source_view(&self, basis: Basis, source: &str, period: Period) -> TableName {
        self.table(format!(
            "{}_{}_source_{}_{}",
            normalize(&self.slug),
            basis.as_str(),
            normalize(source),
            period.view_word()
        ))
    }

    /// `statistics_<slug>_<view word>`: all windows' statistics of a period.
    pub fn statistics_view(&self, period: Period) -> TableName {
        self.table(format!("statistics_{}_{}", normalize(&self.slug), period.view_word()))
    }
}

/// A slug as it stands in table and file names: every character but letters, digits and `_` becomes `_`.
pub fn normalize(slug: &str) -> String {
    slug.chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' })
        .collect()
}
