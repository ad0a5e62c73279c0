//! The statement that computes all summaries of one metric table: which cells, what each reads, in which stages.
//!
//! Knows columns and quantiles; knows nothing of what a statistic does with a summary.

use indexmap::IndexMap;
use serde::Serialize;

use super::ratios;
use super::values::{Pieces, as_float, float};
use crate::diagnostics::Result;
use crate::plan::node::Relation;
use crate::sql::render::{self, column};
use crate::sql::script::{Purpose, Statement, TableName, Target};
use crate::summary::{
    ALL_SEGMENT, Cell, ColumnKind, CovariateNeed, Demand, FREQUENT_SHARE, LARGEST_HISTOGRAM, Need, PAIR_RESOLUTION,
    Resolution, Step, VALUE_RESOLUTION,
};

/// A table's columns by name.
pub type Columns = IndexMap<String, ColumnKind>;

/// What a statement reads its rows from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The table with one row per unit: `branch`, the metrics, BOOL columns named like the segments.
    pub table: Relation,
    /// What the queries of the relations read and the statement must define before them.
    pub with: Vec<Relation>,
    /// Its columns.
    pub columns: Columns,
    /// What kind of table it is.
    pub kind: SourceKind,
    /// The segments to summarise beside everybody.
    pub segments: Vec<String>,
    /// Words for the statement's first line: which experiment, window and basis.
    pub title: String,
    /// The name of the statement's file.
    pub name: String,
}

/// What kind of table the rows come from.
#[derive(Debug, Clone)]
pub enum SourceKind {
    /// A metric table: rows without enrollment (or exposure) and rows with a null metric do not count, and covariates
    /// stand in the tables of earlier periods.
    MetricTable {
        /// Whether only exposed units count.
        exposed_only: bool,
        /// The table and columns of each pre-enrollment period that has one, by the period's table word.
        pre_periods: IndexMap<String, (Relation, Columns)>,
    },
    /// Somebody's extract: every row counts, a covariate is the column `<metric>_pre`.
    Extract {
        /// The column with the number of the row, which gives the order in which branches first appear.
        row_number: String,
    },
}

/// A statement with what is needed to read its rows.
#[derive(Debug, Clone)]
pub struct SummaryQuery {
    /// The statements: moments, then histograms; each only if cells need it and the table has what they need.
    pub statements: Vec<Statement>,
    /// The demanded cells, in order; their position is their number in the rows.
    pub cells: Vec<PlannedCell>,
    /// The segments, everybody first.
    pub segments: Vec<String>,
}

/// A cell with what the table has for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCell {
    /// What was asked for.
    pub cell: Cell,
    /// The metric's column, if it is there.
    pub column: Option<ColumnKind>,
    /// The covariate's column, if there is a covariate and it is there.
    pub covariate_column: Option<ColumnKind>,
}

#[derive(Serialize)]
struct Context {
    title: String,
    with: Vec<Relation>,
    table: Relation,
    ordered: bool,
    filtered: bool,
    adjusted: bool,
    histograms: bool,
    bound: i64,
    frequent: i64,
    pairs: Vec<usize>,
    values_by: Steps,
    pairs_by: Steps,
    numbers: Vec<usize>,
    cells: Vec<CellContext>,
    columns: Vec<Named>,
    joins: Vec<Join>,
    conditions: Vec<String>,
    segments: Vec<SegmentContext>,
    stages: Vec<Stage>,
    rows_from: String,
    clipped: Option<Requests>,
    clipped_covariates: Option<Requests>,
    gridded: Option<Vec<usize>>,
    modelled: Option<Modelled>,
}

/// The cells whose residuals are summed, and those of them whose clip thresholds are rounded up: those of whole numbers.
#[derive(Serialize, Default)]
struct Modelled {
    numbers: Vec<usize>,
    rounded_values: Vec<usize>,
    rounded_covariates: Vec<usize>,
}

/// A [`Resolution`] as the template names it.
#[derive(Serialize)]
struct Steps {
    per_magnitude: i64,
    per_deviation: i64,
    reach: i64,
}

impl From<Resolution> for Steps {
    fn from(resolution: Resolution) -> Self {
        Self {
            per_magnitude: resolution.per_magnitude,
            per_deviation: resolution.per_deviation,
            reach: resolution.per_deviation * resolution.deviations,
        }
    }
}

#[derive(Serialize)]
struct CellContext {
    number: usize,
    title: String,
    included: Option<String>,
    covariate: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) sql: String,
}

#[derive(Serialize)]
pub(super) struct Join {
    pub(super) alias: String,
    pub(super) table: Relation,
}

#[derive(Serialize)]
pub(super) struct SegmentContext {
    pub(super) name: String,
    pub(super) included: String,
}

#[derive(Serialize)]
struct Stage {
    number: usize,
    prefix: String,
    source: String,
    requests: Requests,
}

#[derive(Serialize, Default)]
struct Requests {
    numbers: Vec<usize>,
    cells: Vec<Request>,
}

#[derive(Serialize)]
struct Request {
    number: usize,
    quantile: String,
    value: String,
    condition: String,
}

/// Plans the summary statement of a table.
///
/// # Errors
/// A name that can't stand in SQL.
pub fn summarize(demand: &Demand, source: &Source) -> Result<SummaryQuery> {
    let cells: Vec<PlannedCell> = demand.cells.iter().map(|cell| planned(cell, source)).collect();
    let segments: Vec<String> = std::iter::once(ALL_SEGMENT.to_string())
        .chain(source.segments.iter().cloned())
        .collect();
    let mut statements = Vec::new();
    for histograms in [false, true] {
        let computable: Vec<(usize, &PlannedCell)> = cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.is_computable() && !cell.cell.is_ratio() && cell.cell.is_histogram() == histograms)
            .collect();
        if computable.is_empty() {
            continue;
        }
        statements.push(Statement {
            name: if histograms {
                format!("{}_histograms", source.name)
            } else {
                source.name.clone()
            },
            purpose: Purpose::Summaries,
            sql: render::statement("summaries", context(&computable, source, histograms)?)?,
            target: Target::Rows,
            reads: reads(&computable, source),
        });
    }
    statements.extend(ratios::statement(&cells, source)?);
    Ok(SummaryQuery {
        statements,
        cells,
        segments,
    })
}

impl PlannedCell {
    /// Whether the table has what the cell can't do without.
    pub(super) fn is_computable(&self) -> bool {
        let is_usable = |column| !matches!(column, None | Some(ColumnKind::Other));
        let needs_both = matches!(self.cell.need, Need::Pairs { .. });
        !self.cell.needs_column() || (is_usable(self.column) && (!needs_both || is_usable(self.covariate_column)))
    }

    /// Whether the statement adjusts the cell for a covariate.
    fn is_adjusted(&self) -> bool {
        !matches!(self.covariate_column, None | Some(ColumnKind::Other))
    }
}

fn planned(cell: &Cell, source: &Source) -> PlannedCell {
    if cell.is_ratio() {
        return PlannedCell {
            cell: cell.clone(),
            column: ratios::kinds(cell, source).map(|[numerator, _]| numerator),
            covariate_column: ratios::kinds_before(cell, source).map(|[numerator, _]| numerator),
        };
    }
    let covariate_column = match (&cell.need, &cell.covariate, &source.kind) {
        (Need::Pairs { denominator, .. }, _, _) => source.columns.get(denominator),
        (_, Some(covariate), SourceKind::MetricTable { pre_periods, .. }) => pre_periods
            .get(&covariate.period)
            .and_then(|(_, columns)| columns.get(&covariate.metric)),
        (_, Some(covariate), SourceKind::Extract { .. }) => source.columns.get(&format!("{}_pre", covariate.metric)),
        (_, None, _) => None,
    };
    PlannedCell {
        cell: cell.clone(),
        column: source.columns.get(cell.value_column()).copied(),
        covariate_column: covariate_column.copied(),
    }
}

/// The table that the statement summarises, then those before enrollment that it joins.
fn relations(cells: &[(usize, &PlannedCell)], source: &Source) -> Vec<Relation> {
    let joined = joins(&joined_periods(cells), source).into_iter().map(|join| join.table);
    std::iter::once(source.table.clone()).chain(joined).collect()
}

/// The tables of these periods before enrollment, as far as they are there; an extract has them in its own columns.
pub(super) fn joins(periods: &[String], source: &Source) -> Vec<Join> {
    let SourceKind::MetricTable { pre_periods, .. } = &source.kind else {
        return Vec::new();
    };
    let join = |period: &String| {
        let (table, _) = pre_periods.get(period)?;
        Some(Join {
            alias: period.clone(),
            table: table.clone(),
        })
    };
    periods.iter().filter_map(join).collect()
}

fn reads(cells: &[(usize, &PlannedCell)], source: &Source) -> Vec<TableName> {
    let mut stored = relations(cells, source);
    stored.retain(|relation| relation.query.is_none());
    stored.into_iter().map(|relation| relation.table).collect()
}

/// The pre-enrollment periods that the cells are adjusted for.
fn joined_periods(cells: &[(usize, &PlannedCell)]) -> Vec<String> {
    let adjusted = cells
        .iter()
        .filter(|(_, planned)| planned.is_adjusted() && !planned.cell.is_histogram());
    let mut periods: Vec<String> = adjusted
        .filter_map(|(_, planned)| Some(planned.cell.covariate.as_ref()?.period.clone()))
        .collect();
    periods.sort();
    periods.dedup();
    periods
}

fn context(cells: &[(usize, &PlannedCell)], source: &Source, histograms: bool) -> Result<Context> {
    let (segments, mut columns) = segments(source)?;
    let joins = joins(&joined_periods(cells), source);
    let mut contexts = Vec::new();
    let mut stages: Vec<Stage> = Vec::new();
    let mut clipped = Requests::default();
    let mut clipped_covariates = Requests::default();
    let mut gridded = Vec::new();
    let mut modelled = Modelled::default();
    for (index, planned) in cells {
        let number = index + 1;
        let cell = &planned.cell;
        let mut pieces = Pieces::of(planned, source)?.into_iter();
        let first = pieces.next().unwrap_or_default();
        columns.push(Named {
            name: format!("value_{number}"),
            sql: first.value,
        });
        let included = (!first.conditions.is_empty()).then(|| first.conditions.join(" AND "));
        if let Some(sql) = &included {
            columns.push(Named {
                name: format!("included_{number}"),
                sql: sql.clone(),
            });
        }
        for (stage, piece) in pieces.enumerate() {
            if stages.len() == stage {
                stages.push(Stage {
                    number: stage + 1,
                    prefix: format!("censor_{}", stage + 1),
                    source: rows_after(stage),
                    requests: Requests::default(),
                });
            }
            let requests = &mut stages[stage].requests;
            requests.numbers.push(number);
            requests.cells.push(Request {
                number,
                quantile: piece.quantile.map(float).unwrap_or_default(),
                value: piece.value,
                condition: piece.conditions.join(" AND "),
            });
        }
        let second = match (&cell.need, &cell.covariate, &source.kind) {
            (Need::Pairs { denominator, .. }, _, _) => Some(column("t", denominator)?),
            (_, Some(covariate), SourceKind::MetricTable { .. }) => Some(column(&covariate.period, &covariate.metric)?),
            (_, Some(covariate), SourceKind::Extract { .. }) => {
                Some(column("t", &format!("{}_pre", covariate.metric))?)
            }
            (_, None, _) => None,
        };
        let covariate = match (second, planned.covariate_column) {
            (Some(sql), Some(kind)) if planned.is_adjusted() => {
                let name = format!("covariate_{number}");
                columns.push(Named {
                    name: name.clone(),
                    sql: as_float(&sql, kind),
                });
                Some(name)
            }
            _ => None,
        };
        if let Some(quantile) = cell.clip_quantile {
            clipped.add(number, quantile);
            if covariate.is_some() {
                clipped_covariates.add(number, quantile);
            }
        }
        match (&covariate, cell.covariate.as_ref().map(|covariate| covariate.need)) {
            (Some(_), Some(CovariateNeed::Grid)) => gridded.push(number),
            (Some(_), Some(CovariateNeed::Residuals)) => modelled.add(number, planned),
            (None, _) | (_, None | Some(CovariateNeed::Nothing)) => {}
        }
        contexts.push(CellContext {
            number,
            title: title(cell),
            included,
            covariate,
        });
    }
    let defined = relations(cells, source)
        .into_iter()
        .filter(|relation| relation.query.is_some());
    Ok(Context {
        title: format!("Summaries for the statistics: {}", source.title),
        with: source.with.iter().cloned().chain(defined).collect(),
        table: source.table.clone(),
        ordered: matches!(source.kind, SourceKind::Extract { .. }),
        filtered: contexts.iter().any(|cell| cell.included.is_some()),
        adjusted: contexts.iter().any(|cell| cell.covariate.is_some()),
        histograms,
        bound: LARGEST_HISTOGRAM,
        frequent: FREQUENT_SHARE,
        pairs: cells
            .iter()
            .filter(|(_, planned)| matches!(planned.cell.need, Need::Pairs { .. }))
            .map(|(index, _)| index + 1)
            .collect(),
        values_by: VALUE_RESOLUTION.into(),
        pairs_by: PAIR_RESOLUTION.into(),
        numbers: contexts.iter().map(|cell| cell.number).collect(),
        cells: contexts,
        columns,
        joins,
        conditions: conditions(source),
        segments,
        rows_from: rows_after(stages.len()),
        stages,
        clipped: clipped.some(),
        clipped_covariates: clipped_covariates.some(),
        gridded: (!gridded.is_empty()).then_some(gridded),
        modelled: (!modelled.numbers.is_empty()).then_some(modelled),
    })
}

/// What a row of the source has to fulfil.
pub(super) fn conditions(source: &Source) -> Vec<String> {
    let SourceKind::MetricTable { exposed_only, .. } = &source.kind else {
        return Vec::new();
    };
    let mut conditions = vec!["t.enrollment_date IS NOT NULL".to_string()];
    if *exposed_only {
        conditions.push("t.exposure_date IS NOT NULL".to_string());
    }
    conditions
}

/// The segments, everybody first, with the columns that they read, behind that of the order of rows.
pub(super) fn segments(source: &Source) -> Result<(Vec<SegmentContext>, Vec<Named>)> {
    let mut columns = Vec::new();
    if let SourceKind::Extract { row_number } = &source.kind {
        columns.push(Named {
            name: "row_number".into(),
            sql: column("t", row_number)?,
        });
    }
    let mut segments = vec![SegmentContext {
        name: ALL_SEGMENT.into(),
        included: "TRUE".into(),
    }];
    for (number, segment) in source.segments.iter().enumerate() {
        let name = format!("segment_{}", number + 1);
        columns.push(Named {
            name: name.clone(),
            sql: column("t", segment)?,
        });
        segments.push(SegmentContext {
            name: segment.clone(),
            included: name,
        });
    }
    Ok((segments, columns))
}

impl Modelled {
    fn add(&mut self, number: usize, planned: &PlannedCell) {
        self.numbers.push(number);
        if planned.cell.clip_quantile.is_none() {
            return;
        }
        let derives = |step: &Step| matches!(step, Step::Normalize(_) | Step::Log(_));
        if planned.column == Some(ColumnKind::Integer) && !planned.cell.steps.iter().any(derives) {
            self.rounded_values.push(number);
        }
        if planned.covariate_column == Some(ColumnKind::Integer) {
            self.rounded_covariates.push(number);
        }
    }
}

impl Requests {
    fn add(&mut self, number: usize, quantile: f64) {
        self.numbers.push(number);
        self.cells.push(Request {
            number,
            quantile: float(quantile),
            value: String::new(),
            condition: String::new(),
        });
    }

    fn some(self) -> Option<Requests> {
        (!self.numbers.is_empty()).then_some(self)
    }
}

/// Where the rows stand after a number of stages of censoring.
fn rows_after(stages: usize) -> String {
    match stages {
        0 => "cell_rows".to_string(),
        stage => format!("censored_{stage}"),
    }
}

/// What a cell is, for the statement's comment.
fn title(cell: &Cell) -> String {
    let mut title = match &cell.need {
        Need::Pairs { numerator, denominator } => format!("{}, {numerator} with {denominator}", cell.metric),
        Need::Rows | Need::Moments | Need::Histogram | Need::Ratio { .. } => cell.metric.clone(),
    };
    for step in &cell.steps {
        title.push_str(", ");
        title.push_str(&match step {
            Step::RemoveNulls => "nulls removed".to_string(),
            Step::RemoveIndefinites => "nulls and infinities removed".to_string(),
            Step::CensorHighest(fraction) => format!("below its quantile {fraction}"),
            Step::CensorLowest(fraction) => format!("above its quantile {fraction}"),
            Step::CensorBelow(threshold) => format!("above {threshold}"),
            Step::CensorAbove(threshold) => format!("below {threshold}"),
            Step::Normalize(days) => format!("per day of {days}"),
            Step::Log(Some(base)) => format!("logarithm to base {base}"),
            Step::Log(None) => "natural logarithm".to_string(),
            Step::ZeroFill => "nulls as zero".to_string(),
        });
    }
    if let Some(quantile) = cell.clip_quantile {
        title.push_str(&format!(", clipped at its quantile {quantile}"));
    }
    if let Some(covariate) = &cell.covariate {
        title.push_str(&format!(", adjusted for {} of {}", covariate.metric, covariate.period));
    }
    title
}
