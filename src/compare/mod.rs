//! What two states of the configs make differ in an experiment's statements, by cause: cohort, window, source, metric, statistic.
//!
//! Compares plans, not texts, so that a change that concerns forty windows is found forty times and told once. What changes a
//! statement without a cause in the plan is told by its text. Knows neither where the states come from nor how they are shown.

mod changes;
mod describe;
mod text;

use indexmap::{IndexMap, IndexSet};

use self::changes::Changes;
pub use self::text::names;
use crate::analysis::Analysis;
use crate::pipeline::Work;

/// What a change is about; the order is that of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Whether the experiment resolves at all.
    Experiment,
    /// Who takes part: enrollment, segments, exposure.
    Cohort,
    /// Which windows there are, and their dates.
    Window,
    /// What a scan reads.
    Source,
    /// A metric's expression.
    Metric,
    /// A statistic, and what it needs summarised.
    Statistics,
    /// A statement's text, for a reason that is none of these.
    Statement,
}

impl Kind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Experiment => "experiment",
            Kind::Cohort => "cohort",
            Kind::Window => "window",
            Kind::Source => "source",
            Kind::Metric => "metric",
            Kind::Statistics => "statistics",
            Kind::Statement => "statement",
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub kind: Kind,
    /// Which metric, source, ... it is.
    pub name: String,
    /// The statements that it alters, adds or removes, in the order in which they run.
    pub statements: Vec<String>,
    /// A unified diff without file names; of one statement where several have the same.
    pub diff: String,
}

/// An experiment's side of the comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What its configs mean.
    pub analysis: &'a Analysis,
    /// What they compile to.
    pub work: &'a Work,
}

/// What changes from one side to the other, and the statements that differ.
pub fn compare(base: Side<'_>, head: Side<'_>) -> (Vec<Change>, Vec<String>) {
    let altered = altered(base.work, head.work);
    let mut changes = Changes::default();
    changes.cohort(base.work, head.work, &altered);
    changes.windows(base.work, head.work, &altered);
    changes.statistics(base.analysis, head.analysis, (base.work, head.work), &altered);
    changes.rest(base.work, head.work, &altered);
    (changes.finish(), altered.into_iter().collect())
}

/// The names of statements whose text differs or that only one side has; those that vanish come last.
fn altered(base: &Work, head: &Work) -> IndexSet<String> {
    fn texts(work: &Work) -> IndexMap<&str, &str> {
        (work.statements())
            .map(|statement| (statement.name.as_str(), statement.sql.as_str()))
            .collect()
    }
    let (before, after) = (texts(base), texts(head));
    let changed = after.iter().filter(|(name, sql)| before.get(**name) != Some(*sql));
    let vanished = before.keys().filter(|name| !after.contains_key(**name));
    changed
        .map(|(name, _)| name)
        .chain(vanished)
        .map(|name| name.to_string())
        .collect()
}
