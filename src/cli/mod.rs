//! The command line: arguments, one file per command, words and colours, exit codes. The only part that prints.

mod args;
mod check;
mod compile;
mod database;
mod demo;
mod diff;
mod explain_code;
mod files;
mod import;
mod inputs;
mod provenance;
mod query;
mod run;
mod schema;
mod stats;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::diagnostics::{self, Code, Diagnostic, Diagnostics, Kind};

/// Compiles experiment configs to BigQuery SQL, runs it, and computes the statistics.
#[derive(Debug, Parser)]
#[command(name = "isobar", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Run(run::RunArgs),
    Check(check::CheckArgs),
    Compile(compile::CompileArgs),
    Diff(diff::DiffArgs),
    Import(import::ImportArgs),
    Query(query::QueryArgs),
    /// Compute a statistic on a client-level file
    Stats(stats::Arguments),
    ExplainCode(explain_code::Arguments),
    Schema(schema::Arguments),
}

/// How a command ended, when it could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything due has a number or an expected state: exit code 0.
    Complete,
    /// Work was done, but something failed or was found: exit code 1.
    Incomplete,
}

/// Runs the command line of this process. Faults go to stderr; the exit codes are listed in the README.
pub fn main() -> ExitCode {
    let cli = Cli::parse_from(std::env::args_os().map(with_hyphens));
    let outcome: diagnostics::Result<Outcome> = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Import(args) => import::run(args),
        Command::Query(args) => query::run(args),
        Command::Stats(args) => stats::run(&args),
        Command::ExplainCode(args) => explain_code::run(&args),
        Command::Schema(args) => schema::run(&args),
    };
    match outcome {
        Ok(Outcome::Complete) => ExitCode::SUCCESS,
        Ok(Outcome::Incomplete) => ExitCode::from(1),
        Err(faults) => {
            report(&faults);
            ExitCode::from(exit_code(&faults))
        }
    }
}

/// Prints diagnostics for people, to stderr.
pub fn report(diagnostics: &Diagnostics) {
    let stderr = std::io::stderr();
    let colour = stderr.is_terminal();
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(stderr.lock(), "{}", diagnostics::to_text(diagnostics, colour));
}

/// Whether what goes to standard output is read by a person, who may like colours.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes machine output or a table to stdout. A reader that went away (`| head`) is no fault.
pub fn print(text: &str) -> diagnostics::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Diagnostic::error(Code::Unwritable, format!("can't write to standard output: {error}")).into())
        }
        _ => Ok(()),
    }
}

/// The exit code of a command that could not do its work.
fn exit_code(faults: &Diagnostics) -> u8 {
    let kinds = || faults.0.iter().map(|d| d.code.kind());
    if kinds().any(|kind| kind == Kind::Unreachable) {
        3
    } else if kinds().any(|kind| kind == Kind::Work) {
        1
    } else {
        2
    }
}

/// Jetstream spells its flags with underscores; both spellings are accepted.
fn with_hyphens(argument: std::ffi::OsString) -> std::ffi::OsString {
    match argument.to_str() {
        Some(text) if text.starts_with("--") => {
            let (flag, value) = text.split_at(text.find('=').unwrap_or(text.len()));
            format!("{}{value}", flag.replace('_', "-")).into()
        }
        _ => argument,
    }
}
