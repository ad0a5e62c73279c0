//! Functions on Google's reference implementation: built-in ones, whose values the embedded engine is held to, and the program's own
//! definitions of Mozilla's, which have to be accepted as they stand in `configs/functions`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use isobar::config;
use isobar::diagnostics::Source;
use isobar::pipeline::Work;
use isobar::sql::check::parse;
use isobar::sql::script::Statement;
use rayon::prelude::*;
use sqlparser::ast::{Expr, visit_expressions};

use crate::equality::fixtures::experiments;
use crate::equality::functions::{BUILT_IN, CASES, check};
use crate::equality::mozilla::{MOZILLA, NAMED};
use crate::equality::statements::work;
use crate::oracle::Oracle;

/// A function of Mozilla's whose definition is private, so that there is none here to test.
const PRIVATE: &str = "moz-fx-data-shared-prod.udf.monetized_search";

/// Asks for the value of every case and for every definition. Returns what differs or is refused.
pub fn evaluate(python: &Path, own: &str) -> Vec<String> {
    let mut oracle = Oracle::start(python);
    oracle.functions(own);
    let mut faults: Vec<String> = (CASES.iter().chain(MOZILLA))
        .flat_map(|case| check(oracle.query(&format!("SELECT {}", case.0)), case, str::to_string))
        .collect();
    let statements = definitions(own);
    for statement in &statements {
        let first = statement.lines().next().unwrap_or_default();
        faults.extend(oracle.accept(statement).err().map(|fault| format!("{first}: {fault}")));
    }
    let expressions = CASES.len() + MOZILLA.len();
    println!(
        "{expressions} lists of expressions, {} definitions, {} differences",
        statements.len(),
        faults.len()
    );
    faults
}

/// The `CREATE FUNCTION` statements of a text, without the comments before them.
fn definitions(text: &str) -> Vec<String> {
    let starts: Vec<usize> = text.match_indices("CREATE FUNCTION").map(|(place, _)| place).collect();
    let ends = starts
        .iter()
        .map(|start| start + text[*start..].find("\n);").expect("a definition ends with `);`"));
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| format!("{}\n)", &text[*start..end]))
        .collect()
}

/// The functions that statements of the corpus call and that have no case.
pub fn unknown(shared: &Path) -> BTreeSet<String> {
    let configs = config::load(&[shared.join("metric-hub")]).unwrap();
    let names = experiments(shared)
        .into_par_iter()
        .flat_map_iter(|slug| match work(shared, &configs, &slug) {
            Ok(work) => kinds(&work).into_iter().flat_map(called).collect(),
            // An experiment that does not resolve has no statements.
            Err(_) => BTreeSet::new(),
        });
    let names: BTreeSet<String> = names.collect();
    println!("{} functions are called by statements of the corpus", names.len());
    // In `mozfun.map.get_key(m, k).branch` the call is to `get_key` of a path, so the last part of a name is enough.
    let is_named = |name: &str| {
        NAMED
            .iter()
            .any(|known| *known == name || known.ends_with(&format!(".{name}")))
    };
    let is_known =
        |name: &String| is_named(name) || BUILT_IN.contains(&name.to_uppercase().as_str()) || name == PRIVATE;
    names.into_iter().filter(|name| !is_known(name)).collect()
}

/// The cohort's statement, and the metrics and summaries of each period's first window: other windows call the same functions.
fn kinds(work: &Work) -> Vec<&Statement> {
    let mut periods = BTreeSet::new();
    let windows = work
        .windows
        .iter()
        .filter(|window| periods.insert(window.window.period.as_str()));
    let bases: Vec<_> = windows.filter_map(|window| window.bases.first()).collect();
    let statements = bases.into_iter().flat_map(|basis| basis.statements());
    work.cohort
        .iter()
        .map(|cohort| &cohort.statement)
        .chain(statements)
        .collect()
}

/// The functions that a statement calls, by their dotted names.
fn called(statement: &Statement) -> BTreeSet<String> {
    let source = Arc::new(Source {
        path: statement.name.clone(),
        text: statement.sql.clone(),
    });
    let mut names = BTreeSet::new();
    let _ = visit_expressions(&parse(&source).unwrap(), |expression| {
        if let Expr::Function(function) = expression {
            names.insert(function.name.to_string().replace('`', ""));
        }
        ControlFlow::<()>::Continue(())
    });
    names
}
