//! Rows of a summary statement as [`Summaries`]. Knows the statement's columns, not its text.

use indexmap::IndexMap;

use crate::diagnostics::{Code, Diagnostic, Result};
use crate::plan::summarize::SummaryQuery;
use crate::summary::{
    Bin, CellSummary, Grid, Group, Moments, Need, OrderStatistics, Part, Place, QUANTITIES, RatioMoments, Residuals,
    Summaries,
};
use crate::warehouse::{Rows, Value};

/// Reads the rows of a query's statements, in their order.
///
/// Branches come in the order of their first row where rows have an order (column `first_row`), else in the order of
/// `branches`, the others behind them by name.
///
/// # Errors
/// A column that is missing, or holds what the statement can't have computed.
pub fn decode(query: &SummaryQuery, rows: &[Rows], branches: &[String]) -> Result<Summaries> {
    let mut groups: Vec<IndexMap<String, Collected>> = vec![IndexMap::new(); query.cells.len()];
    for rows in rows {
        let columns = Columns(rows);
        for row in &rows.rows {
            let cell = columns.integer(row, "cell")?;
            let index = usize::try_from(cell - 1).unwrap_or(usize::MAX);
            let Some(segments) = groups.get_mut(index) else {
                return Err(unexpected("cell"));
            };
            let group = segments.entry(columns.text(row, "segment")?.to_string()).or_default();
            let is_pair = matches!(query.cells[index].cell.need, Need::Pairs { .. });
            group.add(&columns, row, is_pair)?;
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
    fn add(&mut self, columns: &Columns, row: &[Value], is_pair: bool) -> Result<()> {
        let branch = columns.text(row, "branch")?;
        if let Some(first) = columns.optional(row, "first_row").and_then(Value::as_i64) {
            let known = self.first_rows.entry(branch.to_string()).or_insert(first);
            *known = first.min(*known);
        }
        let group = &mut self.group;
        if columns.optional(row, "finite_units").is_some() {
            let moments = ratio_moments(&|name| columns.number(row, name), columns.integer(row, "units")?);
            group.branches.entry(branch.to_string()).or_default().ratio = Some(moments);
            return Ok(());
        }
        if columns.optional(row, "value_place").is_none() {
            let entry = group.branches.entry(branch.to_string()).or_default();
            columns
                .bin(row, is_pair)?
                .map_or_else(|nulls| entry.nulls += nulls, |bin| entry.histogram.push(bin));
            return Ok(());
        }
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
        let branch = group.branches.entry(branch.to_string()).or_default();
        branch.parts.push(part);
        branch.residuals = columns.residuals(row);
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
            branch.histogram.sort_by(|a, b| {
                a.value
                    .total_cmp(&b.value)
                    .then(a.denominator.total_cmp(&b.denominator))
            });
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

    /// A bin, or how many rows have a null in it.
    fn bin(&self, row: &[Value], is_pair: bool) -> Result<std::result::Result<Bin, i64>> {
        let count = self.integer(row, "units")?;
        let denominator = match is_pair {
            true => self.number(row, "covariate"),
            false => Some(0.0),
        };
        Ok(match (self.number(row, "value"), denominator) {
            (Some(value), Some(denominator)) => Ok(Bin {
                value,
                denominator,
                count,
            }),
            _ => Err(count),
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
