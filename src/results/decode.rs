//! Rows of a summary statement as [`Summaries`], one by one as they come. Knows the statement's columns, not its text.

use indexmap::IndexMap;

use super::bins;
use crate::diagnostics::{Code, Diagnostic, Result};
use crate::plan::summarize::SummaryQuery;
use crate::sql::types::Type;
use crate::summary::{
    Branch, CellSummary, Grid, Group, Moments, Need, OrderStatistics, Part, Place, QUANTITIES, RatioMoments, Residuals,
    Summaries,
};
use crate::warehouse::{Rows, Value, Warehouse};

/// Runs a query's statements and reads their rows while they come, so that nothing but their content is kept. `progress` is told the
/// name of each statement before it is sent.
///
/// Branches come in the order of their first row where rows have an order (column `first_row`), else in the order of
/// `branches`, the others behind them by name.
///
/// # Errors
/// A statement that fails, a column that is missing, or holds what the statement can't have computed.
pub fn read(
    query: &SummaryQuery,
    warehouse: &dyn Warehouse,
    branches: &[String],
    progress: &mut dyn FnMut(&str),
) -> Result<Summaries> {
    let mut decoder = Decoder::new(query);
    for statement in &query.statements {
        progress(&statement.name);
        warehouse.each_row(&statement.name, &statement.sql, &mut |columns, row| {
            decoder.row(columns, row)
        })?;
    }
    Ok(decoder.finish(branches))
}

/// The same of rows that are there already, those of the query's statements in order.
///
/// # Errors
/// A column that is missing, or holds what the statement can't have computed.
pub fn decode(query: &SummaryQuery, rows: &[Rows], branches: &[String]) -> Result<Summaries> {
    let mut decoder = Decoder::new(query);
    for rows in rows {
        for row in &rows.rows {
            decoder.row(&rows.columns, row)?;
        }
    }
    Ok(decoder.finish(branches))
}

/// Summaries while their rows come in.
struct Decoder<'a> {
    query: &'a SummaryQuery,
    groups: Vec<IndexMap<String, Collected>>,
    columns: Columns,
}

impl<'a> Decoder<'a> {
    fn new(query: &'a SummaryQuery) -> Self {
        Self {
            query,
            groups: vec![IndexMap::new(); query.cells.len()],
            columns: Columns::default(),
        }
    }

    fn row(&mut self, columns: &[(String, Type)], row: &[Value]) -> Result<()> {
        self.columns.follow(columns);
        let cell = self.columns.integer(row, "cell")?;
        let index = usize::try_from(cell - 1).unwrap_or(usize::MAX);
        let Some(segments) = self.groups.get_mut(index) else {
            return Err(unexpected("cell"));
        };
        let segment = self.columns.text(row, "segment")?;
        if !segments.contains_key(segment) {
            segments.insert(segment.to_string(), Collected::default());
        }
        let is_pair = matches!(self.query.cells[index].cell.need, Need::Pairs { .. });
        match segments.get_mut(segment) {
            Some(group) => group.add(&self.columns, row, is_pair),
            None => Ok(()),
        }
    }

    fn finish(self, branches: &[String]) -> Summaries {
        let cells = self
            .query
            .cells
            .iter()
            .zip(self.groups)
            .map(|(planned, mut collected)| CellSummary {
                cell: planned.cell.clone(),
                column: planned.column,
                covariate_column: planned.covariate_column,
                groups: self
                    .query
                    .segments
                    .iter()
                    .map(|segment| {
                        let collected = collected.shift_remove(segment).unwrap_or_default();
                        (segment.clone(), collected.in_order(branches))
                    })
                    .collect(),
            })
            .collect();
        Summaries { cells }
    }
}

/// A group while its rows come in.
#[derive(Debug, Clone, Default)]
struct Collected {
    group: Group,
    /// Whether centres, order statistics and grid are read.
    is_described: bool,
    first_rows: IndexMap<String, i64>,
}

impl Collected {
    fn add(&mut self, columns: &Columns, row: &[Value], is_pair: bool) -> Result<()> {
        let branch = columns.text(row, "branch")?;
        if !self.group.branches.contains_key(branch) {
            self.group.branches.insert(branch.to_string(), Branch::default());
        }
        if let Some(first) = columns.optional(row, "first_row").and_then(Value::as_i64) {
            match self.first_rows.get_mut(branch) {
                Some(known) => *known = first.min(*known),
                None => {
                    self.first_rows.insert(branch.to_string(), first);
                }
            }
        }
        let group = &mut self.group;
        if columns.optional(row, "finite_units").is_some() {
            let moments = ratio_moments(&|name| columns.number(row, name), columns.integer(row, "units")?);
            group.branches.entry(branch.to_string()).or_default().ratio = Some(moments);
            return Ok(());
        }
        if columns.optional(row, "value_place").is_none() {
            return match group.branches.get_mut(branch) {
                Some(entry) => bins::add(columns, row, is_pair, entry),
                None => Ok(()),
            };
        }
        let part = columns.part(row)?;
        if let Some(known) = group.branches.get_mut(branch) {
            if known.parts.is_empty() {
                known.residuals = columns.residuals(row);
            }
            known.parts.push(part);
        }
        // What concerns the group stands in each of its rows.
        if self.is_described {
            return Ok(());
        }
        self.is_described = true;
        group.value_centre = columns.number(row, "value_centre").unwrap_or(0.0);
        group.covariate_centre = columns.number(row, "covariate_centre").unwrap_or(0.0);
        group.values = columns.order(row, "value");
        group.covariates = columns.order(row, "covariate");
        group.grid = match (
            columns.number(row, "grid_below"),
            columns.number(row, "grid_weight_above"),
        ) {
            (Some(below), Some(weight_above)) => Some(Grid { below, weight_above }),
            _ => None,
        };
        Ok(())
    }

    fn in_order(mut self, branches: &[String]) -> Group {
        let rank = |name: &String| match self.first_rows.get(name) {
            Some(first) => (*first, name.clone()),
            None => {
                let place = branches
                    .iter()
                    .position(|branch| branch == name)
                    .unwrap_or(branches.len());
                (place as i64, name.clone())
            }
        };
        self.group.branches.sort_by_cached_key(|name, _| rank(name));
        for branch in self.group.branches.values_mut() {
            branch
                .parts
                .sort_by_key(|part| (part.value_place, part.covariate_place));
            bins::sort(branch);
        }
        self.group
    }
}

/// The places of a statement's columns by name.
#[derive(Default)]
pub(super) struct Columns {
    places: IndexMap<String, usize>,
}

impl Columns {
    /// Takes the columns of the next row, which are mostly those of the row before.
    fn follow(&mut self, columns: &[(String, Type)]) {
        let is_same = self.places.len() == columns.len()
            && self.places.keys().zip(columns).all(|(known, (name, _))| known == name);
        if !is_same {
            let names = columns.iter().enumerate();
            self.places = names.map(|(place, (name, _))| (name.clone(), place)).collect();
        }
    }

    pub(super) fn optional<'r>(&self, row: &'r [Value], name: &str) -> Option<&'r Value> {
        row.get(*self.places.get(name)?)
    }

    pub(super) fn number(&self, row: &[Value], name: &str) -> Option<f64> {
        self.optional(row, name).and_then(Value::as_f64)
    }

    pub(super) fn integer(&self, row: &[Value], name: &str) -> Result<i64> {
        self.optional(row, name)
            .and_then(Value::as_i64)
            .ok_or_else(|| unexpected(name))
    }

    fn text<'r>(&self, row: &'r [Value], name: &str) -> Result<&'r str> {
        self.optional(row, name)
            .and_then(Value::as_str)
            .ok_or_else(|| unexpected(name))
    }

    fn place(&self, row: &[Value], name: &str) -> Result<Place> {
        match self.text(row, name)? {
            "null" => Ok(Place::Null),
            "-inf" => Ok(Place::NegativeInfinity),
            "below" => Ok(Place::Below),
            "above" => Ok(Place::Above),
            "+inf" => Ok(Place::PositiveInfinity),
            _ => Err(unexpected(name)),
        }
    }

    fn order(&self, row: &[Value], prefix: &str) -> Option<OrderStatistics> {
        Some(OrderStatistics {
            lower: self.number(row, &format!("{prefix}_lower"))?,
            upper: self.number(row, &format!("{prefix}_upper"))?,
            fraction: self.number(row, &format!("{prefix}_fraction"))?,
        })
    }

    fn residuals(&self, row: &[Value]) -> Option<Residuals> {
        Some(Residuals {
            square: self.number(row, "residual_square")?,
            covariate: self.number(row, "residual_covariate")?,
            covariate_square: self.number(row, "residual_covariate_square")?,
            leverage: self.number(row, "leverage")?,
        })
    }

    fn part(&self, row: &[Value]) -> Result<Part> {
        let count = self.integer(row, "units")?;
        // A mean is NULL where there is nothing to average, a variance is NULL for one row.
        let mean = |name: &str| self.number(row, name).unwrap_or(0.0);
        let square = |name: &str| self.number(row, name).unwrap_or(0.0) * (count - 1) as f64;
        let value = |name: &str| self.number(row, name).unwrap_or(f64::NAN);
        Ok(Part {
            value_place: self.place(row, "value_place")?,
            covariate_place: self.place(row, "covariate_place")?,
            count,
            not_binary: self.integer(row, "not_binary")?,
            sum: self.number(row, "value_sum").unwrap_or(0.0),
            minimum: value("value_minimum"),
            maximum: value("value_maximum"),
            moments: Moments {
                count,
                value_mean: mean("value_mean"),
                covariate_mean: mean("covariate_mean"),
                value_square: square("value_variance"),
                covariate_square: square("covariate_variance"),
                product: square("covariance"),
            },
        })
    }
}

/// The moments of a ratio; columns of what is not adjusted are missing, and moments without units are null: 0 for both.
fn ratio_moments(number: &dyn Fn(&str) -> Option<f64>, units: i64) -> RatioMoments {
    let number = |name: &str| number(name).unwrap_or(0.0);
    // Counts are exact as floats.
    let count = number("finite_units") as i64;
    let mut products = [[0.0; 4]; 4];
    for (i, one) in QUANTITIES.iter().enumerate() {
        products[i][i] = number(&format!("{one}_variance"));
        for (j, other) in QUANTITIES.iter().enumerate().skip(i + 1) {
            products[i][j] = number(&format!("{one}_{other}"));
            products[j][i] = products[i][j];
        }
    }
    // A variance of one unit is null.
    let freedom = (count - 1).max(0) as f64;
    products.iter_mut().flatten().for_each(|product| *product *= freedom);
    RatioMoments {
        count,
        infinite: units - count,
        before: number("units_before") as i64,
        centres: QUANTITIES.map(|name| number(&format!("{name}_centre"))),
        means: QUANTITIES.map(|name| number(&format!("{name}_mean"))),
        products,
    }
}

fn unexpected(column: &str) -> crate::diagnostics::Diagnostics {
    let message = format!("the summary statement's rows lack a usable column {column:?}");
    Diagnostic::error(Code::Statement, message).into()
}
