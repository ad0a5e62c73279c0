//! `isobar diff`: which statements a change of the configs alters, and by what.

use std::fmt::Write as _;

use clap::Args;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::args::{self, DateChoice, Format, Inputs, ResultsPlace};
use super::inputs::{self, Selected};
use super::{Outcome, print, report};
use crate::analysis::{Analysis, Period};
use crate::compare::{self, Change, Kind, Side};
use crate::diagnostics::{Diagnostic, Diagnostics, Result, to_text};
use crate::pipeline::{self, Selection, Work};

/// Show which statements of which experiments a config change alters
#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    place: ResultsPlace,
    /// The branch, tag or commit of the config trees to compare with
    #[arg(long, value_name = "REV", conflicts_with = "configs_as_of")]
    base: String,
    /// The branch, tag or commit that is compared [default: the trees as they stand]
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// The last day whose data is complete (YYYY-MM-DD), or `all` for every window of the experiment's life
    #[arg(long, default_value = "all")]
    date: DateChoice,
    /// Only these analysis periods, separated by commas; repeatable
    #[arg(long, value_delimiter = ',', value_parser = args::period, value_name = "LIST")]
    analysis_periods: Vec<Period>,
    /// JSON is one object with the experiments that change
    #[arg(long, default_value = "text")]
    format: Format,
}

/// An experiment that the change concerns.
struct Changed {
    slug: String,
    changes: Vec<Change>,
    /// How many statements differ, appear or vanish.
    statements: usize,
}

/// An experiment's analysis with its statements.
type Compiled<'a> = Result<(&'a Analysis, Work)>;

/// Compiles the selected experiments with both states of the configs and prints what differs.
///
/// # Errors
/// Unusable inputs, an unknown revision, or configs that do not load in one of the states.
pub fn run(args: &DiffArgs) -> Result<Outcome> {
    let trees = &args.inputs.trees;
    let (base, head) = match (
        inputs::configs(trees, Some(&args.base)),
        inputs::configs(trees, args.head.as_deref()),
    ) {
        (Ok(base), Ok(head)) => (base, head),
        (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => return Err(faults),
        (Err(mut faults), Err(more)) => {
            // What is wrong with both states is said once.
            let more = more.0.into_iter().filter(|fault| !faults.0.contains(fault));
            let more: Vec<Diagnostic> = more.collect();
            faults.0.extend(more);
            return Err(faults);
        }
    };
    let chosen = inputs::choose(&args.inputs.experiments, trees.answer_limit())?;
    let resolve = |configs| inputs::resolve(configs, &chosen, args.inputs.use_glean_ids);
    let (base, head) = (resolve(&base), resolve(&head));
    let pairs: Vec<(&Selected, &Selected)> = base.experiments.iter().zip(&head.experiments).collect();
    // An experiment's statements are dropped as soon as they are compared: those of all would fill the memory.
    let compared: Vec<(Option<Changed>, Diagnostics)> =
        pairs.par_iter().map(|(base, head)| changed(args, base, head)).collect();
    let faulty = compared.iter().filter(|(_, faults)| !faults.0.is_empty()).count();
    if faulty > 0 && faulty == compared.len() {
        let faults = compared.into_iter().flat_map(|(_, faults)| faults.0);
        return Err(Diagnostics(faults.collect()));
    }
    let mut changed = Vec::new();
    for (one, remarks) in compared {
        if !remarks.0.is_empty() {
            report(&remarks);
        }
        changed.extend(one);
    }
    match args.format {
        Format::Text => print(&text(&changed, pairs.len()))?,
        Format::Json => print(&format!("{}\n", to_json(&changed)))?,
    }
    Ok(match changed.is_empty() {
        true => Outcome::Complete,
        false => Outcome::Incomplete,
    })
}

/// What changes for one experiment, and its faults where it has some on both sides.
fn changed(args: &DiffArgs, base: &Selected, head: &Selected) -> (Option<Changed>, Diagnostics) {
    let (before, after) = (compiled(args, base), compiled(args, head));
    let (changes, statements) = match (&before, &after) {
        (Ok((base, before)), Ok((head, after))) => {
            let side = |analysis, work| Side { analysis, work };
            let (changes, altered) = compare::compare(side(base, before), side(head, after));
            (changes, altered.len())
        }
        (Ok((_, work)), Err(faults)) => resolution("no longer resolves", '-', work, faults),
        (Err(faults), Ok((_, work))) => resolution("resolves now", '+', work, faults),
        (Err(_), Err(faults)) => return (None, faults.clone()),
    };
    let changed = (!changes.is_empty()).then(|| Changed {
        slug: head.slug.clone(),
        changes,
        statements,
    });
    (changed, Diagnostics::default())
}

fn compiled<'a>(args: &DiffArgs, selected: &'a Selected) -> Compiled<'a> {
    let analysis = selected.analysis.as_ref().map_err(Clone::clone)?;
    let selection = Selection {
        date: args.date.date(),
        periods: args::periods(&args.analysis_periods),
        ..Selection::default()
    };
    let destination = args.place.destination(&analysis.experiment);
    let work = pipeline::compile(analysis, &selection, &destination)
        .map_err(|faults| faults.within(&format!("experiment {}", selected.slug)))?;
    Ok((analysis, work))
}

/// An experiment that has statements on one side alone, with the faults of the other.
fn resolution(name: &str, sign: char, work: &Work, faults: &Diagnostics) -> (Vec<Change>, usize) {
    let statements: Vec<String> = work.statements().map(|statement| statement.name.clone()).collect();
    // The faults belong to the side without statements.
    let other = if sign == '-' { '+' } else { '-' };
    let lines = to_text(faults, false);
    let diff = lines.lines().map(|line| format!("{other}{line}\n")).collect();
    let count = statements.len();
    let change = Change {
        kind: Kind::Experiment,
        name: name.to_string(),
        statements,
        diff,
    };
    (vec![change], count)
}

fn text(changed: &[Changed], experiments: usize) -> String {
    let mut out = String::new();
    for experiment in changed {
        out.push_str(&format!(
            "{}: {}\n",
            experiment.slug,
            counted(experiment.statements, "statement")
        ));
        for change in &experiment.changes {
            let statements = match change.statements.is_empty() {
                true => "alters no statement".to_string(),
                false => compare::names(&change.statements),
            };
            // Writing to a text can't fail.
            let _ = writeln!(out, "\n  {} {}: {statements}", change.kind.as_str(), change.name);
            for line in change.diff.lines() {
                let _ = writeln!(out, "    {line}");
            }
        }
        out.push('\n');
    }
    let statements: usize = changed.iter().map(|experiment| experiment.statements).sum();
    let verb = if changed.len() == 1 { "changes" } else { "change" };
    out.push_str(&format!(
        "{} of {} {verb}: {}\n",
        changed.len(),
        counted(experiments, "experiment"),
        counted(statements, "statement")
    ));
    out
}

/// A number with its noun.
fn counted(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

fn to_json(changed: &[Changed]) -> Value {
    let change = |change: &Change| {
        json!({
            "kind": change.kind.as_str(),
            "name": change.name,
            "statements": change.statements,
            "diff": change.diff,
        })
    };
    let experiments = changed.iter().map(|experiment| {
        json!({
            "slug": experiment.slug,
            "changes": experiment.changes.iter().map(change).collect::<Vec<_>>(),
        })
    });
    json!({"experiments": experiments.collect::<Vec<_>>()})
}
