//! The statements of an experiment, reduced to one of each shape and those that are analysed in any case.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use isobar::diagnostics::Source;
use isobar::pipeline::Work;
use isobar::sql::check;
use isobar::sql::script::{Purpose, Statement, Target};

use crate::shapes::tokens;

/// A statement that stands for those of its experiment that have the same shape.
pub struct Candidate {
    /// The number of its experiment.
    pub experiment: usize,
    /// The statement.
    pub statement: Statement,
    /// Equal for statements of one shape over tables of the same columns.
    pub shape: u64,
    /// Equal for statements of one text.
    pub text: u64,
    /// Whether it is analysed even if another of its shape is.
    pub is_required: bool,
    /// The tables that statements of this shape make.
    pub targets: Vec<String>,
    /// How many statements it stands for.
    pub count: usize,
}

/// How many statements an experiment has, and those that stand for them.
pub fn candidates(experiment: usize, slug: &str, work: Work, is_exhaustive: bool) -> (usize, Vec<Candidate>) {
    let required = ends(&work);
    let mut found: Vec<Candidate> = Vec::new();
    let statements = work.into_script().statements;
    let count = statements.len();
    let mut places: HashMap<(usize, u64), usize> = HashMap::new();
    for statement in statements {
        let tokens = tokens(&statement.sql, slug);
        let (text, shape) = (tokens.text(), tokens.shape());
        let is_required = statement.purpose == Purpose::Enrollments || required.contains(&statement.name);
        let target = match &statement.target {
            Target::Table(table) | Target::TableIfEmpty(table) => Some(table.to_string()),
            Target::View(_) | Target::Rows => None,
        };
        let place = (statement.purpose as usize, shape);
        match places.get(&place).filter(|_| !is_required && !is_exhaustive) {
            Some(place) => {
                found[*place].count += 1;
                found[*place].targets.extend(target);
            }
            None => {
                places.insert(place, found.len());
                found.push(Candidate {
                    experiment,
                    shape,
                    text,
                    is_required,
                    targets: target.into_iter().collect(),
                    count: 1,
                    statement,
                });
            }
        }
    }
    (count, found)
}

/// The names of the metrics statements of the experiment's first and last window.
fn ends(work: &Work) -> HashSet<String> {
    let windows = work.windows.first().into_iter().chain(work.windows.last());
    windows
        .flat_map(|window| &window.bases)
        .map(|basis| basis.metrics.name.clone())
        .collect()
}

/// The full names of the tables that a statement reads.
pub fn relations(statement: &Statement) -> Vec<String> {
    let source = Arc::new(Source {
        path: statement.name.clone(),
        text: statement.sql.clone(),
    });
    let mut names = Vec::new();
    let _ = sqlparser::ast::visit_relations(&check::parse(&source).unwrap(), |name| {
        let parts = name.0.iter().map(|part| part.to_string().replace('`', ""));
        let name = parts.collect::<Vec<_>>().join(".");
        if name.matches('.').count() >= 2 && !names.contains(&name) {
            names.push(name);
        }
        ControlFlow::<()>::Continue(())
    });
    names
}
