//! Statistics of an extract: somebody's file with one row per unit. The file becomes a table of an embedded engine in memory, and
//! from there on everything is as in an analysis: the same summary statement, translated and run, the same estimates.

mod request;

use std::path::Path;

use indexmap::IndexMap;

use crate::analysis::Basis;
use crate::diagnostics::{Code, Diagnostic, Result};
use crate::plan::node::Relation;
use crate::plan::summarize::{Columns, Source, SourceKind, summarize};
use crate::results::decode::read;
use crate::sql::duckdb::Functions;
use crate::sql::script::TableName;
use crate::sql::types::Type;
use crate::stats::corrections::correct;
use crate::stats::{self, Compat, Context, Estimates};
use crate::summary::{ColumnKind, Demand};
use crate::warehouse::duckdb::Limits;
use crate::warehouse::{DuckDb, Warehouse};

pub use request::{Request, parse};

/// What the engine may take of memory: enough for millions of rows; what is more goes to temporary files.
const MEMORY: &str = "640MB";

/// The column that keeps the order of the file's rows.
const ROW_NUMBER: &str = "isobar_row_number";

/// A file as a table.
pub struct Extract {
    engine: DuckDb,
    table: TableName,
    columns: Columns,
}

impl Extract {
    /// Loads a CSV (with a header; an empty cell is NULL) or a Parquet file. CSV columns without a declared type are text.
    ///
    /// # Errors
    /// A file that can't be read, a value that does not fit its column's type, no column `branch`.
    pub fn load(file: &Path, types: &IndexMap<String, Type>) -> Result<Self> {
        let table = TableName {
            project: "isobar-extract".to_string(),
            dataset: "extract".to_string(),
            table: "units".to_string(),
        };
        let limits = Limits {
            memory: Some(MEMORY.to_string()),
            threads: None,
        };
        let engine = DuckDb::in_memory(Functions::default(), &limits)?;
        engine.load_file(&table, file, types, ROW_NUMBER)?;
        let columns: Columns = engine
            .schema(&table)?
            .into_iter()
            .map(|(name, kind)| (name, column_kind(&kind)))
            .collect();
        if !columns.contains_key("branch") {
            let message = format!("{} has no column `branch`", file.display());
            return Err(Diagnostic::error(Code::Data, message).into());
        }
        Ok(Self { engine, table, columns })
    }

    /// The rows and states of a request, statistic by statistic. What several of them need is summarised once, all of it in one statement per kind
    /// of summary.
    ///
    /// # Errors
    /// A name that can't stand in SQL, or a fault of the engine.
    pub fn estimate(&self, request: &Request, compat: Compat) -> Result<Estimates> {
        let context = Context {
            period: request.period,
            days: request.days,
            basis: Basis::Enrollments,
            window_index: None,
            branches: &request.branches,
            compat,
        };
        let mut demand = Demand::default();
        for statistic in &request.statistics {
            statistic.demand(&context, &mut demand);
        }
        let source = Source {
            table: Relation::stored(self.table.clone()),
            with: Vec::new(),
            columns: self.columns.clone(),
            kind: SourceKind::Extract {
                row_number: ROW_NUMBER.to_string(),
            },
            segments: Vec::new(),
            title: "an extract".to_string(),
            name: "summaries".to_string(),
        };
        let query = summarize(&demand, &source)?;
        let summaries = read(&query, &self.engine, &request.branches, &mut |_| {})?;
        let estimate = |statistic: &stats::Request| statistic.estimate(&summaries, &context);
        let mut estimates: Vec<Estimates> = request.statistics.iter().map(estimate).collect();
        correct(&request.statistics, &mut estimates);
        let mut all = Estimates::default();
        for estimates in estimates {
            all.rows.extend(estimates.rows);
            all.states.extend(estimates.states);
        }
        Ok(all)
    }
}

/// What a column's type means for statistics.
pub fn column_kind(kind: &Type) -> ColumnKind {
    match kind {
        Type::Int64 => ColumnKind::Integer,
        Type::Float64 => ColumnKind::Float,
        Type::Bool => ColumnKind::Boolean,
        Type::Numeric => ColumnKind::Decimal,
        Type::String
        | Type::Bytes
        | Type::Date
        | Type::Datetime
        | Type::Timestamp
        | Type::Time
        | Type::Interval
        | Type::Json
        | Type::Array(_)
        | Type::Struct(_) => ColumnKind::Other,
    }
}
