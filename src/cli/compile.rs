//! `isobar compile`: everything that `run` does but execute.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::args::{self, DateChoice, Format, Inputs, ResultsPlace};
use super::inputs::{self, Selected};
use super::{Outcome, files, print, provenance, report};
use crate::analysis::{Analysis, Period, json as analysis_json};
use crate::config::Provenance;
use crate::diagnostics::{Diagnostics, Result, Source};
use crate::pipeline::{self, Selection};
use crate::sql::duckdb::{self, Functions};
use crate::sql::script::{Purpose, Script, Statement, Target};

/// Compile experiments to SQL without running it
#[derive(Debug, Args)]
pub struct CompileArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    place: ResultsPlace,
    /// The last day whose data is complete (YYYY-MM-DD), or `all` for every window of the experiment's life
    #[arg(long, default_value = "all")]
    date: DateChoice,
    /// Only these analysis periods, separated by commas; repeatable
    #[arg(long, value_delimiter = ',', value_parser = args::period, value_name = "LIST")]
    analysis_periods: Vec<Period>,
    /// Make every statement stand alone: it holds the queries of the tables that it would read; there are no views
    #[arg(long, conflicts_with = "source_views")]
    inline: bool,
    /// Publish a view of each data source's metrics too, beside the one of all metrics of a period and basis
    #[arg(long)]
    source_views: bool,
    /// What to emit
    #[arg(long, default_value = "sql")]
    emit: Emit,
    /// The dialect of the SQL
    #[arg(long, default_value = "bigquery")]
    engine: Engine,
    /// Write one file per statement, DIR/<slug>/<name>.sql, instead of printing the SQL
    #[arg(long, value_name = "DIR")]
    sql_output_dir: Option<PathBuf>,
    /// JSON has one object per experiment and line
    #[arg(long, default_value = "text")]
    format: Format,
}

/// What a person has to know to use the statements in DuckDB's shell.
const SETUP_COMMENT: &str = "-- What DuckDB's shell needs before one of the statements beside this file runs in it.
-- Attach the files of the database too, each under its project's name, such as
--   ATTACH 'isobar-demo/database/moz-fx-data-shared-prod.duckdb' AS \"moz-fx-data-shared-prod\" (READ_ONLY);
";

/// What `compile` can print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// The resolved analysis with its schedule
    Analysis,
    /// Which statements run, what they read and what they make
    Plan,
    /// The statements
    Sql,
}

/// An SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// GoogleSQL, as the console takes it
    Bigquery,
    /// The same statements translated for the embedded engine
    Duckdb,
}

/// Compiles the selected experiments. A faulty experiment costs only itself; when all of them are faulty nothing is written.
///
/// # Errors
/// Unusable inputs, or no experiment that compiles; an unwritable folder.
pub fn run(args: &CompileArgs) -> Result<Outcome> {
    let selection = inputs::select(&args.inputs)?;
    for selected in &selection.experiments {
        report_any(&selected.warnings);
    }
    match args.emit {
        Emit::Analysis => emit_analyses(&selection, args.format),
        Emit::Plan | Emit::Sql => emit_scripts(args, &selection),
    }
}

fn emit_analyses(selection: &inputs::Selection, format: Format) -> Result<Outcome> {
    let mut outcome = Outcome::Complete;
    for selected in &selection.experiments {
        let mut value = match &selected.analysis {
            Ok(analysis) => analysis_json::to_json(analysis),
            Err(faults) => {
                outcome = Outcome::Incomplete;
                report(faults);
                analysis_json::error_to_json(&selected.slug, faults)
            }
        };
        provenance::add_to(&mut value, &selection.provenance);
        print(&line(&value, format))?;
    }
    Ok(outcome)
}

/// How many experiments are compiled before their texts are printed, which keeps memory small and the order that of the files.
const AT_ONCE: usize = 16;

fn emit_scripts(args: &CompileArgs, selection: &inputs::Selection) -> Result<Outcome> {
    let provenance = &selection.provenance;
    let prints = args.sql_output_dir.is_none() && args.emit == Emit::Sql && args.format == Format::Text;
    let mut comment = provenance::comment(provenance).filter(|_| prints);
    let mut faults: Vec<Diagnostics> = Vec::new();
    for selected in selection.experiments.chunks(AT_ONCE) {
        let emitted: Vec<Result<Emitted>> = selected
            .par_iter()
            .map(|selected| emit(args, provenance, selected))
            .collect();
        for emitted in emitted {
            match emitted {
                Ok(emitted) => {
                    report_any(&emitted.remarks);
                    if let Some(comment) = comment.take() {
                        print(&comment)?;
                    }
                    print(&emitted.text)?;
                }
                Err(fault) => faults.push(fault),
            }
        }
    }
    let faulty = faults.len();
    let faults = Diagnostics(faults.into_iter().flat_map(|faults| faults.0).collect());
    if faulty > 0 && faulty == selection.experiments.len() {
        return Err(faults);
    }
    report_any(&faults);
    if let (Some(folder), Emit::Sql) = (&args.sql_output_dir, args.emit) {
        provenance::write(folder, provenance)?;
        if args.engine == Engine::Duckdb {
            let setup = duckdb::setup_sql(&Functions::load(&[])?);
            let setup = format!("{SETUP_COMMENT}{setup}");
            files::replace(folder, std::iter::once(("setup.sql".to_string(), setup.as_str())))?;
        }
    }
    Ok(match faulty {
        0 => Outcome::Complete,
        _ => Outcome::Incomplete,
    })
}

/// What one experiment adds to the output.
struct Emitted {
    /// For standard output; empty when the statements went to files.
    text: String,
    /// Remarks on its windows.
    remarks: Diagnostics,
}

/// Compiles one experiment, and writes its files if there are to be files.
fn emit(args: &CompileArgs, provenance: &[Provenance], selected: &Selected) -> Result<Emitted> {
    let analysis = selected.analysis.as_ref().map_err(Clone::clone)?;
    let (script, remarks) = script(args, analysis)?;
    let text = match (&args.sql_output_dir, args.emit) {
        (_, Emit::Plan) => {
            let mut plan = plan_json(&selected.slug, &script);
            provenance::add_to(&mut plan, provenance);
            line(&plan, args.format)
        }
        (Some(folder), _) => {
            files::write_script(&folder.join(&selected.slug), &script)?;
            String::new()
        }
        (None, _) => printed(&selected.slug, &script, provenance, args.format),
    };
    Ok(Emitted { text, remarks })
}

fn report_any(diagnostics: &Diagnostics) {
    if !diagnostics.0.is_empty() {
        report(diagnostics);
    }
}

/// One experiment's statements in the dialect that was asked for, and remarks on its windows.
fn script(args: &CompileArgs, analysis: &Analysis) -> Result<(Script, Diagnostics)> {
    let selection = Selection {
        date: args.date.date(),
        periods: args::periods(&args.analysis_periods),
        source_views: args.source_views,
        inline: args.inline,
        ..Selection::default()
    };
    let destination = args.place.destination(&analysis.experiment);
    let within = |faults: Diagnostics| faults.within(&format!("experiment {}", analysis.experiment.slug));
    let work = pipeline::compile(analysis, &selection, &destination).map_err(within)?;
    let remarks = work.remarks.clone();
    let script = work.into_script();
    match args.engine {
        Engine::Bigquery => Ok((script, remarks)),
        Engine::Duckdb => {
            let functions = Functions::load(&[])?;
            // A view reads whatever tables there are when it is made, which only a run knows.
            let statements = script
                .statements
                .iter()
                .filter(|statement| statement.purpose != Purpose::View);
            let statements = statements.map(|statement| translated(statement, &functions));
            let statements = statements.collect::<Result<_>>().map_err(within)?;
            Ok((Script { statements }, remarks))
        }
    }
}

/// The statement for DuckDB, below the comment of the original.
fn translated(statement: &Statement, functions: &Functions) -> Result<Statement> {
    let source = Arc::new(Source {
        path: format!("{}.sql", statement.name),
        text: statement.sql.clone(),
    });
    let comment = statement
        .sql
        .lines()
        .take_while(|line| line.starts_with("--"))
        .map(|line| format!("{line}\n"));
    let mut sql: String = comment.collect();
    for query in duckdb::translate(&source, functions, None)? {
        sql.push_str(&query);
        sql.push_str(";\n");
    }
    Ok(Statement {
        sql,
        ..statement.clone()
    })
}

fn line(value: &Value, format: Format) -> String {
    match format {
        Format::Text => format!("{value:#}\n"),
        Format::Json => format!("{value}\n"),
    }
}

fn plan_json(slug: &str, script: &Script) -> Value {
    let statements = script.statements.iter().map(|statement| {
        json!({
            "name": statement.name,
            "purpose": statement.purpose.as_str(),
            "target": match &statement.target {
                Target::Table(name) | Target::TableIfEmpty(name) | Target::View(name) => Some(name.to_string()),
                Target::Rows => None,
            },
            "reads": statement.reads,
            "sql_sha256": statement.sha256(),
        })
    });
    json!({"slug": slug, "statements": statements.collect::<Vec<_>>()})
}

fn printed(slug: &str, script: &Script, provenance: &[Provenance], format: Format) -> String {
    let statements = script.statements.iter();
    let texts = statements.map(|statement| match format {
        Format::Text => format!("-- {slug}/{}.sql\n{}\n", statement.name, statement.sql),
        Format::Json => {
            let mut value = json!({"slug": slug, "name": statement.name, "sql": statement.sql});
            provenance::add_to(&mut value, provenance);
            format!("{value}\n")
        }
    });
    texts.collect()
}
