//! A script: statements in the order in which they run, each with the table it makes.

use sha2::{Digest, Sha256};

pub use crate::tables::TableName;

/// Where the rows of a statement go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Into a table that replaces any of that name, atomically.
    Table(TableName),
    /// Into a table, unless one of that name holds rows already.
    TableIfEmpty(TableName),
    /// The statement is the query of a view of this name.
    View(TableName),
    /// Back to the caller.
    Rows,
}

/// What a statement is for; the word stands in `compile --emit plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The experiment's units with branch, segments and exposure.
    Enrollments,
    /// One row per unit with the metrics of a window.
    Metrics,
    /// Small summaries of a metric table for the statistics.
    Summaries,
    /// A view over the windows of a period.
    View,
}

impl Purpose {
    /// The word in `compile --emit plan`.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Enrollments => "enrollments",
            Purpose::Metrics => "metrics",
            Purpose::Summaries => "summaries",
            Purpose::View => "view",
        }
    }
}

/// One statement of a script: a BigQuery SELECT without a trailing `CREATE`, so that it runs as it stands in a console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The name of its file: `enrollments`, `metrics_week_enrollments_2`, ...
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// BigQuery SQL: a comment that says what it is for, then one statement, then `;`.
    pub sql: String,
    /// Where its rows go.
    pub target: Target,
    /// The tables of ours that it reads, which earlier statements make.
    pub reads: Vec<TableName>,
}

impl Statement {
    /// The query alone, without the comment at its head and the `;`.
    pub fn query(&self) -> &str {
        let mut query = self.sql.as_str();
        while let Some((_, rest)) = query.split_once('\n').filter(|(line, _)| line.starts_with("--")) {
            query = rest;
        }
        query.trim_end().trim_end_matches(';')
    }

    /// SHA-256 of the SQL text, in lower-case hexadecimal.
    pub fn sha256(&self) -> String {
        Sha256::digest(self.sql.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// Statements in the order in which they run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The statements.
    pub statements: Vec<Statement>,
}
