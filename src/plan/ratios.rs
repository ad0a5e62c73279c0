//! The statement that computes the moments of all ratios of one metric table: numerator and denominator, and if adjusted, both before enrollment.
//!
//! Knows columns; knows nothing of what a statistic does with the moments. Like [`super::summarize`], whose source and cells it shares.

use serde::Serialize;

use super::node::Relation;
use super::summarize::{Join, Named, PlannedCell, SegmentContext, Source, SourceKind, conditions, joins, segments};
use super::values::as_float;
use crate::diagnostics::Result;
use crate::sql::render::{self, column};
use crate::sql::script::{Purpose, Statement, Target};
use crate::summary::{Cell, ColumnKind, Covariate, Need, QUANTITIES};

#[derive(Serialize)]
struct Context {
    title: String,
    with: Vec<Relation>,
    table: Relation,
    ordered: bool,
    adjusted: bool,
    quantities: &'static [&'static str],
    pairs: Vec<[&'static str; 2]>,
    cells: Vec<CellContext>,
    columns: Vec<Named>,
    joins: Vec<Join>,
    conditions: Vec<String>,
    segments: Vec<SegmentContext>,
}

#[derive(Serialize)]
struct CellContext {
    number: usize,
    title: String,
    quantities: &'static [&'static str],
}

/// The kinds of the columns of a ratio's numerator and denominator; `None` unless both can be used.
pub(super) fn kinds(cell: &Cell, source: &Source) -> Option<[ColumnKind; 2]> {
    let (numerator, denominator) = names(cell)?;
    usable([source.columns.get(numerator), source.columns.get(denominator)])
}

/// The kinds of the same two columns before enrollment; `None` without an adjustment, or unless both can be used.
pub(super) fn kinds_before(cell: &Cell, source: &Source) -> Option<[ColumnKind; 2]> {
    let (numerator, denominator) = names(cell)?;
    let Covariate { period, .. } = cell.covariate.as_ref()?;
    match &source.kind {
        SourceKind::MetricTable { pre_periods, .. } => {
            let (_, columns) = pre_periods.get(period)?;
            usable([columns.get(numerator), columns.get(denominator)])
        }
        SourceKind::Extract { .. } => {
            let before = |name: &str| source.columns.get(&before(name));
            usable([before(numerator), before(denominator)])
        }
    }
}

/// The statement, if any cell is a ratio whose columns are there.
///
/// # Errors
/// A name that can't stand in SQL.
pub(super) fn statement(cells: &[PlannedCell], source: &Source) -> Result<Option<Statement>> {
    let ratios: Vec<(usize, &Cell, [ColumnKind; 2])> = cells
        .iter()
        .enumerate()
        .filter_map(|(index, planned)| Some((index + 1, &planned.cell, kinds(&planned.cell, source)?)))
        .collect();
    if ratios.is_empty() {
        return Ok(None);
    }
    let (segments, mut columns) = segments(source)?;
    let mut contexts = Vec::new();
    let mut periods: Vec<String> = Vec::new();
    for (number, cell, kinds) in ratios {
        let Some((numerator, denominator)) = names(cell) else {
            continue;
        };
        let mut add = |quantity: &str, sql: String, kind: ColumnKind| {
            columns.push(Named {
                name: format!("{quantity}_{number}"),
                sql: as_float(&sql, kind),
            });
        };
        add(QUANTITIES[0], column("t", numerator)?, kinds[0]);
        add(QUANTITIES[1], column("t", denominator)?, kinds[1]);
        let mut title = format!("{}, {numerator} over {denominator}", cell.metric);
        let before_enrollment = kinds_before(cell, source).zip(cell.covariate.as_ref());
        if let Some((kinds, Covariate { period, .. })) = before_enrollment {
            title.push_str(&format!(", adjusted for both of {period}"));
            let (table, pick): (&str, fn(&str) -> String) = match source.kind {
                SourceKind::MetricTable { .. } => (period, str::to_string),
                SourceKind::Extract { .. } => ("t", before),
            };
            add(QUANTITIES[2], column(table, &pick(numerator))?, kinds[0]);
            add(QUANTITIES[3], column(table, &pick(denominator))?, kinds[1]);
            periods.push(period.clone());
        }
        contexts.push(CellContext {
            number,
            title,
            quantities: quantities(before_enrollment.is_some()),
        });
    }
    periods.sort();
    periods.dedup();
    let joins = joins(&periods, source);
    let adjusted = !periods.is_empty();
    let mut read = vec![source.table.clone()];
    read.extend(joins.iter().map(|join| join.table.clone()));
    let defined = read.iter().filter(|relation| relation.query.is_some()).cloned();
    let context = Context {
        title: format!("Moments of ratios for the statistics: {}", source.title),
        with: source.with.iter().cloned().chain(defined).collect(),
        table: source.table.clone(),
        ordered: matches!(source.kind, SourceKind::Extract { .. }),
        adjusted,
        quantities: quantities(adjusted),
        pairs: pairs(quantities(adjusted)),
        cells: contexts,
        columns,
        joins,
        conditions: conditions(source),
        segments,
    };
    Ok(Some(Statement {
        name: format!("{}_ratios", source.name),
        purpose: Purpose::Summaries,
        sql: render::statement("ratios", context)?,
        target: Target::Rows,
        reads: read
            .into_iter()
            .filter(|relation| relation.query.is_none())
            .map(|relation| relation.table)
            .collect(),
    }))
}

/// The columns of numerator and denominator, if the cell is a ratio.
fn names(cell: &Cell) -> Option<(&str, &str)> {
    match &cell.need {
        Need::Ratio { numerator, denominator } => Some((numerator, denominator)),
        Need::Rows | Need::Moments | Need::Histogram | Need::Pairs { .. } => None,
    }
}

/// The column of an extract with a metric's values before enrollment.
fn before(name: &str) -> String {
    format!("{name}_pre")
}

fn quantities(adjusted: bool) -> &'static [&'static str] {
    if adjusted { &QUANTITIES } else { &QUANTITIES[..2] }
}

/// All pairs of different quantities.
fn pairs(quantities: &[&'static str]) -> Vec<[&'static str; 2]> {
    let after = |index: usize| quantities[index + 1..].iter().copied();
    let pairs = quantities.iter().enumerate();
    pairs
        .flat_map(|(index, one)| after(index).map(move |other| [*one, other]))
        .collect()
}

fn usable(kinds: [Option<&ColumnKind>; 2]) -> Option<[ColumnKind; 2]> {
    match kinds {
        [Some(ColumnKind::Other), _] | [_, Some(ColumnKind::Other)] => None,
        [Some(one), Some(other)] => Some([*one, *other]),
        _ => None,
    }
}
