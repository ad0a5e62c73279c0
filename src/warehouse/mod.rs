//! Where statements run. One trait, [`Warehouse`], is the seam between the program and the engines behind it.
//!
//! Sees statements and rows, not plans; knows nothing of statistics.

pub mod decode;
pub mod duckdb;
mod file;
mod load;
pub mod records;
pub mod rows;
pub mod staging;
mod values;

pub use duckdb::DuckDb;
pub use load::FileKind;
pub use rows::{Rows, Value};

use crate::diagnostics::Result;
use crate::sql::script::{Statement, TableName};
use crate::sql::types::Type;

/// What running a statement did.
#[derive(Debug, Clone, PartialEq)]
pub enum Executed {
    /// The target table or view was written.
    Written,
    /// The target holds rows already and was left as it is.
    Kept,
    /// The rows of a statement without a target.
    Rows(Rows),
}

/// What is done with a row: the columns, and a value for each of them.
pub type Visit<'a> = dyn FnMut(&[(String, Type)], &[Value]) -> Result<()> + 'a;

/// An engine that runs BigQuery SQL and keeps tables.
///
/// Faults name the statement and, where one can be found, the place in it. A write is complete or has not happened.
pub trait Warehouse {
    /// Runs one statement into its target.
    fn execute(&self, statement: &Statement) -> Result<Executed>;

    /// Hands the rows of a BigQuery query to `visit` one by one, with the columns' names and types. `name` is what faults call it.
    ///
    /// # Errors
    /// A fault of the query, or the first fault of `visit`, after which no more rows are read.
    fn each_row(&self, name: &str, sql: &str, visit: &mut Visit) -> Result<()>;

    /// The rows of a BigQuery query, all at once. `name` is what faults call it.
    fn query(&self, name: &str, sql: &str) -> Result<Rows>;

    /// Whether a table or view exists.
    fn exists(&self, table: &TableName) -> Result<bool>;

    /// The tables and views of a dataset, in alphabetical order; none when there is no such dataset.
    fn tables(&self, project: &str, dataset: &str) -> Result<Vec<String>>;

    /// The columns of a table or view; a table that does not exist is a fault.
    fn schema(&self, table: &TableName) -> Result<Vec<(String, Type)>>;

    /// Writes rows into a table that replaces any of that name.
    fn load(&self, table: &TableName, rows: &Rows) -> Result<()>;
}
