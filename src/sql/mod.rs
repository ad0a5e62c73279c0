//! Plans as SQL text: templates, quoting, the check of every rendered statement, and the translation for DuckDB.
//!
//! Knows nothing of connections. What leaves this module parses in `sqlparser`'s BigQuery dialect.

pub mod check;
pub mod compile;
pub mod duckdb;
pub mod fragment;
pub mod layout;
mod nesting;
mod quote;
pub mod render;
pub mod script;
pub mod shape;
pub mod types;
