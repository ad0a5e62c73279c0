//! Rows of a summary statement as [`Summaries`]. Knows the statement's columns, not its text.

use indexmap::IndexMap;

use crate::diagnostics::{Code, Diagnostic, Result};
use crate::plan::summarize::SummaryQuery;
use crate::summary::{Branch, CellSummary, Grid, Group, Moments, OrderStatistics, Part, Place, Summaries};
use crate::warehouse::{Rows, Value};

/// Reads the rows of a query's statement. `rows` is `None` when the query has no statement.
///
/// Branches come in the order of their first row where rows have an order (column `first_row`), else in the order of
/// `branches`, the others behind them by name.
///
/// # Errors
/// A column that is missing, or holds what the statement can't have computed.
pub fn decode(query: &SummaryQuery, rows: Option<&Rows>, branches: &[String]) -> Result<Summaries> {
    let mut groups: Vec<IndexMap<String, Collected>> = vec![IndexMap::new(); query.cells.len()];
    if let Some(rows) = rows {
        let columns = Columns(rows);
        for row in &rows.rows {
            let cell = columns.integer(row, "cell")?;
            let index = usize::try_from(cell - 1).unwrap_or(usize::MAX);
            let Some(segments) = groups.get_mut(index) else {
                return Err(unexpected("cell"));
            };
            let group = segments.entry(columns.text(row, "segment")?.to_string()).or_default();
            group.add(&columns, row)?;
        }
    }
    let cells = query
        .cells
        .iter()
        .zip(groups)
        .map(|(planned, mut collected)| CellSummary {
            cell: planned.cell.clone(),
            column: planned.column,
            covariate_column: planned.covariate_column,
            groups: query
                .segments
                .iter()
                .map(|segment| {
                    let collected = collected.shift_remove(segment).unwrap_or_default();
                    (segment.clone(), collected.in_order(branches))
                })
                .collect(),
        })
        .collect();
    Ok(Summaries { cells })
}

/// A group while its rows come in.
#[derive(Debug, Clone, Default)]
struct Collected {
    group: Group,
    first_rows: IndexMap<String, i64>,
}

impl Collected {
    fn add(&mut self, columns: &Columns, row: &[Value]) -> Result<()> {
        let branch = columns.text(row, "branch")?;
        if let Some(first) = columns.optional(row, "first_row").and_then(Value::as_i64) {
            let known = self.first_rows.entry(branch.to_string()).or_insert(first);
            *known = first.min(*known);
        }
        let group = &mut self.group;
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
        let part = columns.part(row)?;
        group
            .branches
            .entry(branch.to_string())
            .or_insert_with(Branch::default)
            .parts
            .push(part);
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
        }
        self.group
    }
}

/// The columns of the statement's rows by name.
struct Columns<'a>(&'a Rows);

impl Columns<'_> {
    fn optional<'r>(&self, row: &'r [Value], name: &str) -> Option<&'r Value> {
        let index = self.0.columns.iter().position(|(column, _)| column == name)?;
        row.get(index)
    }

    fn number(&self, row: &[Value], name: &str) -> Option<f64> {
        self.optional(row, name).and_then(Value::as_f64)
    }

    fn integer(&self, row: &[Value], name: &str) -> Result<i64> {
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

fn unexpected(column: &str) -> crate::diagnostics::Diagnostics {
    let message = format!("the summary statement's rows lack a usable column {column:?}");
    Diagnostic::error(Code::Statement, message).into()
}
