//! `isobar stats`: the statistics of a client-level file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Outcome, print, report};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Source, to_json};
use crate::extract::{self, Extract};
use crate::stats::Compat;

/// Arguments of `isobar stats`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A file with one row per unit: a column `branch`, the metric, perhaps covariates `<metric>_pre`; .csv or .parquet
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// A JSON object with `metric`, `statistic`, `params`, `pre_treatments` (or a list `statistics` of such), `analysis_period`, `analysis_period_length`, `experiment`, `column_types`
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// Reproduce the reference implementation where its numbers differ on purpose
    #[arg(long, value_name = "NAME")]
    compat: Option<CompatName>,
}

/// What `--compat` may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompatName {
    /// Mozilla's Jetstream.
    Jetstream,
}

/// Computes the statistics and prints `{"rows": [...], "diagnostics": [...]}`.
///
/// # Errors
/// Files that can't be read, a request that makes no sense, data that does not fit its types.
pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let request = extract::parse(&read(&arguments.request)?)?;
    if !request.warnings.0.is_empty() {
        report(&request.warnings);
    }
    let compat = match arguments.compat {
        Some(CompatName::Jetstream) => Compat::Jetstream,
        None => Compat::None,
    };
    let estimates = Extract::load(&arguments.data, &request.column_types)?.estimate(&request, compat)?;
    let states = Diagnostics(estimates.states.iter().map(|state| state.diagnostic()).collect());
    let answer = json!({ "rows": estimates.rows, "diagnostics": to_json(&states) });
    print(&format!("{answer}\n"))?;
    Ok(Outcome::Complete)
}

fn read(path: &Path) -> Result<Arc<Source>> {
    let unreadable =
        |error: std::io::Error| Diagnostic::error(Code::Unreadable, format!("can't read {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(Arc::new(Source {
        path: path.display().to_string(),
        text,
    }))
}
