//! The causes of a difference, each noted once however many statements it alters.

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use super::text::{changed_lines, unified};
use super::{Change, Kind, describe};
use crate::analysis::{Analysis, Basis, Period, json};
use crate::pipeline::{BasisWork, WindowWork, Work};
use crate::plan::node::{Cohort, MetricSource, UnitWindow};
use crate::sql::script::Statement;

/// One cause as it was met first, with the statements in which it was met.
struct Met {
    diff: String,
    statements: IndexSet<String>,
}

/// Changes by kind, name and what makes two of them the same.
#[derive(Default)]
pub(super) struct Changes(IndexMap<(Kind, String, String), Met>);

impl Changes {
    /// Notes that texts differ. The same texts are the same change wherever they are met.
    fn note<'a>(
        &mut self,
        kind: Kind,
        name: &str,
        (before, after): (Option<&str>, Option<&str>),
        statements: impl IntoIterator<Item = &'a str>,
    ) {
        if before == after {
            return;
        }
        let same = format!("{before:?}{after:?}");
        let diff = || unified(before.unwrap_or_default(), after.unwrap_or_default());
        self.add(kind, name, same, diff, statements);
    }

    fn add<'a>(
        &mut self,
        kind: Kind,
        name: &str,
        same: String,
        diff: impl FnOnce() -> String,
        statements: impl IntoIterator<Item = &'a str>,
    ) {
        let met = self.0.entry((kind, name.to_string(), same)).or_insert_with(|| Met {
            diff: diff(),
            statements: IndexSet::new(),
        });
        met.statements.extend(statements.into_iter().map(str::to_string));
    }

    /// Enrollment, segments and exposure.
    pub(super) fn cohort(&mut self, base: &Work, head: &Work, altered: &IndexSet<String>) {
        let of = ["enrollments"];
        let (Some(before), Some(after)) = (&base.cohort, &head.cohort) else {
            let line = |work: &Work| work.cohort.as_ref().map(|_| "-- the enrollments statement");
            self.note(Kind::Cohort, "enrollments", (line(base), line(head)), of);
            return;
        };
        if !altered.contains("enrollments") {
            return;
        }
        let noted = self.0.len();
        let both = |describe: fn(&Cohort) -> Option<String>| (describe(&before.node), describe(&after.node));
        let query = both(|cohort| cohort.query.clone());
        self.note(Kind::Cohort, "enrollment query", pair(&query), of);
        for (name, before, after) in paired(&describe::segments(&before.node), &describe::segments(&after.node)) {
            self.note(Kind::Cohort, &format!("segment {name}"), (before, after), of);
        }
        let signal = both(|cohort| cohort.signal.as_ref().map(describe::signal));
        self.note(Kind::Cohort, "exposure signal", pair(&signal), of);
        let dates = both(|cohort| Some(describe::enrollment(cohort)));
        self.note(Kind::Cohort, "enrollment", pair(&dates), of);
        if self.0.len() == noted {
            let texts = (Some(before.statement.sql.as_str()), Some(after.statement.sql.as_str()));
            self.note(Kind::Cohort, "enrollments", texts, of);
        }
    }

    /// The windows that come, go or move, and what each has of sources and metrics.
    pub(super) fn windows(&mut self, base: &Work, head: &Work, altered: &IndexSet<String>) {
        let (before, after) = (bases(base), bases(head));
        for (key, (_, work)) in &before {
            if !after.contains_key(key) {
                self.window("removed", key.0, Some(work), None, altered);
            }
        }
        for (key, (_, after)) in &after {
            match before.get(key) {
                None => self.window("added", key.0, None, Some(after), altered),
                Some((_, before)) => {
                    if describe::window(&before.node) != describe::window(&after.node) {
                        self.window("changed", key.0, Some(before), Some(after), altered);
                    }
                    // A window's index is in the names where its period has several.
                    if before.metrics.name != after.metrics.name {
                        self.window("renamed", key.0, Some(before), Some(after), altered);
                    } else if altered.contains(&after.metrics.name) {
                        self.metrics(&before.node, &after.node, &after.metrics.name);
                    }
                }
            }
        }
        let views = |work: &Work| work.views.iter().map(|view| view.name.clone()).collect::<IndexSet<_>>();
        let (before, after) = (views(base), views(head));
        for (name, word) in
            (before.difference(&after).map(|name| (name, "-"))).chain(after.difference(&before).map(|name| (name, "+")))
        {
            let diff = || format!("{word}{name}\n");
            self.add(Kind::Window, "views", word.to_string(), diff, [name.as_str()]);
        }
    }

    /// A window of a period; the first one stands for all with the same fate.
    fn window(
        &mut self,
        fate: &str,
        period: Period,
        before: Option<&BasisWork>,
        after: Option<&BasisWork>,
        altered: &IndexSet<String>,
    ) {
        let text = |work: Option<&BasisWork>| match work {
            Some(work) if fate == "renamed" => format!("{}\n", work.metrics.name),
            Some(work) => describe::window(&work.node),
            None => String::new(),
        };
        let of_window = |work: &'_ BasisWork| -> Vec<String> {
            work.statements().map(|statement| statement.name.clone()).collect()
        };
        let names: IndexSet<String> = after.into_iter().chain(before).flat_map(of_window).collect();
        let statements = names.iter().filter(|name| altered.contains(*name)).map(String::as_str);
        let diff = || unified(&text(before), &text(after));
        let name = format!("{} {fate}", period.as_str());
        self.add(Kind::Window, &name, fate.to_string(), diff, statements);
    }

    /// The sources and metrics of one window.
    fn metrics(&mut self, before: &UnitWindow, after: &UnitWindow, statement: &str) {
        let sources = |node: &UnitWindow| -> IndexMap<String, String> {
            let described = |source: &MetricSource| (source.name.clone(), describe::source(source));
            node.sources.iter().map(described).collect()
        };
        for (name, before, after) in paired(&sources(before), &sources(after)) {
            self.note(Kind::Source, name, (before, after), [statement]);
        }
        let metrics = |node: &UnitWindow| -> IndexMap<String, String> {
            let all = node
                .sources
                .iter()
                .flat_map(|source| source.metrics.iter().map(move |metric| (source, metric)));
            all.map(|(source, metric)| (metric.name.clone(), describe::metric(source, metric)))
                .collect()
        };
        for (name, before, after) in paired(&metrics(before), &metrics(after)) {
            self.note(Kind::Metric, name, (before, after), [statement]);
        }
        let signal = |node: &UnitWindow| node.signal.as_ref().map(describe::signal);
        let signals = (signal(before), signal(after));
        self.note(Kind::Cohort, "exposure signal", pair(&signals), [statement]);
    }

    /// The statistics of each period as they are configured. Some alter no statement.
    pub(super) fn statistics(
        &mut self,
        before: &Analysis,
        after: &Analysis,
        works: (&Work, &Work),
        altered: &IndexSet<String>,
    ) {
        let of_period = |analysis: &Analysis, period: Period| -> IndexMap<String, String> {
            let summaries = analysis.periods.get(&period).into_iter().flatten();
            let described = summaries.map(|summary| {
                let value: Value = json::summary(summary);
                (
                    format!("{} {}", summary.metric, summary.statistic),
                    format!("{value:#}\n"),
                )
            });
            described.collect()
        };
        for period in Period::ALL {
            let summaries: IndexSet<&str> = [works.1, works.0]
                .into_iter()
                .flat_map(|work| &work.windows)
                .filter(|window| window.window.period == period)
                .flat_map(|window| &window.bases)
                .flat_map(|basis| &basis.summaries.statements)
                .map(|statement| statement.name.as_str())
                .filter(|name| altered.contains(*name))
                .collect();
            for (name, before, after) in paired(&of_period(before, period), &of_period(after, period)) {
                self.note(Kind::Statistics, name, (before, after), summaries.iter().copied());
            }
        }
    }

    /// The statements that differ although nothing that was noted alters them.
    pub(super) fn rest(&mut self, base: &Work, head: &Work, altered: &IndexSet<String>) {
        let explained: IndexSet<String> = self.0.values().flat_map(|met| met.statements.iter().cloned()).collect();
        fn find<'w>(work: &'w Work, name: &str) -> Option<&'w Statement> {
            work.statements().find(|statement| statement.name == name)
        }
        for name in altered.iter().filter(|name| !explained.contains(*name)) {
            let (before, after) = (find(base, name), find(head, name));
            let text =
                |statement: Option<&Statement>| statement.map_or(String::new(), |statement| statement.sql.clone());
            let (before, after) = (text(before), text(after));
            let is_summary = name.starts_with("summaries");
            let (kind, word) = match is_summary {
                true => (Kind::Statistics, "summaries"),
                false => (Kind::Statement, name.split('_').next().unwrap_or(name)),
            };
            let same = changed_lines(&before, &after);
            self.add(kind, word, same, || unified(&before, &after), [name.as_str()]);
        }
    }

    /// The changes by kind, in the order in which they were met.
    pub(super) fn finish(self) -> Vec<Change> {
        let changes = self.0.into_iter().map(|((kind, name, _), met)| Change {
            kind,
            name,
            statements: met.statements.into_iter().collect(),
            diff: met.diff,
        });
        let mut changes: Vec<Change> = changes.collect();
        changes.sort_by_key(|change| change.kind);
        changes
    }
}

fn pair((before, after): &(Option<String>, Option<String>)) -> (Option<&str>, Option<&str>) {
    (before.as_deref(), after.as_deref())
}

/// What has a name on either side, with its text on both; that of the first side first.
fn paired<'a>(
    before: &'a IndexMap<String, String>,
    after: &'a IndexMap<String, String>,
) -> Vec<(&'a str, Option<&'a str>, Option<&'a str>)> {
    let names: IndexSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |side: &'a IndexMap<String, String>, name: &String| side.get(name).map(String::as_str);
    let texts = names
        .into_iter()
        .map(|name| (name.as_str(), text(before, name), text(after, name)));
    texts.collect()
}

type Key = (Period, i64, Basis);

/// Each window and basis.
fn bases(work: &Work) -> IndexMap<Key, (&WindowWork, &BasisWork)> {
    let windows = work.windows.iter();
    let bases = windows.flat_map(|window| window.bases.iter().map(move |basis| (window, basis)));
    bases
        .map(|(window, basis)| {
            let key = (window.window.period, window.window.index, basis.basis);
            (key, (window, basis))
        })
        .collect()
}
