//! `isobar schema`: the JSON Schema of a kind of file, for editors.

use clap::{Args, ValueEnum};

use super::{Outcome, print};
use crate::config::schema::{self, Document};
use crate::diagnostics::Result;

/// Print the JSON Schema of the config files
#[derive(Debug, Args)]
pub struct Arguments {
    /// The kind of file
    #[arg(long = "for", value_name = "KIND", default_value = "experiment")]
    kind: Kind,
}

/// The kinds of files, by the words of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// jetstream/<slug>.toml
    Experiment,
    /// jetstream/defaults/<app>.toml
    Defaults,
    /// definitions/<app>.toml
    Definitions,
    /// outcomes/<app>/<slug>.toml
    Outcome,
    /// definitions/functions.toml
    Functions,
    /// The list of platforms
    Platforms,
    /// Nimbus experiments (v8 JSON)
    ExperimentJson,
}

/// Prints one schema.
///
/// # Errors
/// Standard output that can't be written.
pub fn run(args: &Arguments) -> Result<Outcome> {
    let document = match args.kind {
        Kind::Experiment => Document::Experiment,
        Kind::Defaults => Document::Defaults,
        Kind::Definitions => Document::Definitions,
        Kind::Outcome => Document::Outcome,
        Kind::Functions => Document::Functions,
        Kind::Platforms => Document::Platforms,
        Kind::ExperimentJson => Document::ExperimentJson,
    };
    print(&format!("{:#}\n", schema::schema(document)))?;
    Ok(Outcome::Complete)
}
