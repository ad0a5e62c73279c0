//! The arguments that say which embedded database to use and which functions it knows.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Source};
use crate::sql::duckdb::Functions;
use crate::warehouse::DuckDb;
use crate::warehouse::duckdb::{Access, Limits};

/// An embedded database.
#[derive(Debug, Args)]
pub struct Database {
    /// Where to run.
    #[arg(long, value_enum, default_value_t = Engine::Duckdb)]
    pub warehouse: Engine,
    /// The database: a folder with one file `<project>.duckdb` per project.
    #[arg(long, value_name = "PATH")]
    pub database: PathBuf,
    /// `CREATE FUNCTION` statements in BigQuery SQL, which come before the built-in ones; repeatable.
    #[arg(long, value_name = "FILE")]
    pub functions: Vec<PathBuf>,
    /// The most memory the engine may use, such as `4GB`.
    #[arg(long, value_name = "SIZE")]
    pub memory_limit: Option<String>,
    /// How many threads the engine may use; with more than one, sums of floats can differ in their last bits from run to run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,
}

/// Where statements run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// The embedded engine.
    Duckdb,
}

impl Database {
    /// Opens it.
    pub fn open(&self, access: Access) -> Result<DuckDb> {
        let Engine::Duckdb = self.warehouse;
        let limits = Limits {
            memory: self.memory_limit.clone(),
            threads: Some(self.threads),
        };
        DuckDb::open(&self.database, load_functions(&self.functions)?, access, &limits)
    }
}

/// The built-in functions and those of files, which come before them.
pub fn load_functions(files: &[PathBuf]) -> Result<Functions> {
    let mut faults = Diagnostics::default();
    let mut sources = Vec::new();
    for file in files {
        match std::fs::read_to_string(file) {
            Ok(text) => sources.push(Arc::new(Source {
                path: file.display().to_string(),
                text,
            })),
            Err(error) => faults.0.push(Diagnostic::error(
                Code::Unreadable,
                format!("can't read `{}`: {error}", file.display()),
            )),
        }
    }
    match faults.has_errors() {
        true => Err(faults),
        false => Functions::load(&sources),
    }
}
