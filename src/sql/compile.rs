//! A plan's nodes as statements: one template each.

use crate::diagnostics::Result;
use crate::plan::node::Node;

use super::render;
use super::script::{Purpose, Statement, Target};

/// The statement of a node. `name` is the name of its file, without the extension.
///
/// # Errors
/// A fragment or name that can't stand in SQL.
pub fn compile(node: &Node, name: String) -> Result<Statement> {
    match node {
        Node::Cohort(cohort) => Ok(Statement {
            sql: render::statement("enrollments", cohort)?,
            purpose: Purpose::Enrollments,
            target: Target::TableIfEmpty(cohort.target.clone()),
            reads: Vec::new(),
            name,
        }),
        Node::UnitWindow(window) => Ok(Statement {
            sql: render::statement("metrics", window)?,
            purpose: Purpose::Metrics,
            target: Target::Table(window.target.clone()),
            reads: match window.enrollments.query {
                None => vec![window.enrollments.table.clone()],
                Some(_) => Vec::new(),
            },
            name,
        }),
        Node::PeriodView(view) => Ok(Statement {
            sql: render::statement("view", view)?,
            purpose: Purpose::View,
            target: Target::View(view.target.clone()),
            reads: vec![view.tables.clone()],
            name,
        }),
    }
}
