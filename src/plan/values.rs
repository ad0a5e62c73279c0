//! A cell's values in SQL: the column as FLOAT64, and its pre-treatments, in as many stages as they need quantiles.

use super::summarize::{PlannedCell, Source, SourceKind};
use crate::diagnostics::Result;
use crate::sql::render::column;
use crate::summary::{ColumnKind, Need, Step};

/// One stage of a cell's pre-treatments: what happens to values before the next quantile is needed.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The order of the quantile that the stage starts with.
    pub quantile: Option<f64>,
    /// The value at the end of the stage.
    pub value: String,
    /// What a row has to fulfil.
    pub conditions: Vec<String>,
}

impl Pieces {
    /// The stages of a cell. The first starts from the table's columns, the others from the columns `value` and `threshold`.
    pub fn of(planned: &PlannedCell, source: &Source) -> Result<Vec<Pieces>> {
        let mut current = Pieces {
            value: "CAST(NULL AS FLOAT64)".into(),
            ..Pieces::default()
        };
        if let (true, Some(kind)) = (planned.is_computable(), planned.column) {
            let sql = column("t", planned.cell.value_column())?;
            if matches!(source.kind, SourceKind::MetricTable { .. }) && planned.cell.needs_column() {
                current.conditions.push(format!("{sql} IS NOT NULL"));
                if let Need::Pairs { denominator, .. } = &planned.cell.need {
                    current
                        .conditions
                        .push(format!("{} IS NOT NULL", column("t", denominator)?));
                }
            }
            current.value = match kind {
                ColumnKind::Other => current.value,
                kind => as_float(&sql, kind),
            };
        }
        let mut pieces = Vec::new();
        for step in &planned.cell.steps {
            let value = current.value.clone();
            match *step {
                Step::RemoveNulls => current.conditions.push(format!("{value} IS NOT NULL")),
                Step::RemoveIndefinites => {
                    current.conditions.push(format!("{value} < CAST('inf' AS FLOAT64)"));
                }
                Step::CensorBelow(threshold) => current.conditions.push(format!("{value} > {}", float(threshold))),
                Step::CensorAbove(threshold) => current.conditions.push(format!("{value} < {}", float(threshold))),
                Step::Normalize(days) => current.value = format!("({value}) / {}", float(days)),
                Step::Log(base) => current.value = logarithm(&value, base),
                Step::ZeroFill => current.value = format!("COALESCE({value}, {})", float(0.0)),
                Step::CensorHighest(fraction) | Step::CensorLowest(fraction) => {
                    pieces.push(current);
                    let comparison = if matches!(step, Step::CensorHighest(_)) {
                        "<"
                    } else {
                        ">"
                    };
                    current = Pieces {
                        quantile: Some(fraction),
                        value: "value".into(),
                        conditions: vec![format!("value {comparison} threshold")],
                    };
                }
            }
        }
        pieces.push(current);
        Ok(pieces)
    }
}

/// A column as FLOAT64 with NaN as NULL.
pub(super) fn as_float(sql: &str, kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Boolean => format!("CASE WHEN {sql} THEN 1e0 WHEN NOT {sql} THEN 0e0 END"),
        // One text for all numbers: an expression tells whether it is a number, but not always of which kind.
        ColumnKind::Integer | ColumnKind::Decimal | ColumnKind::Float | ColumnKind::Other => {
            format!("CASE WHEN NOT IS_NAN(CAST({sql} AS FLOAT64)) THEN CAST({sql} AS FLOAT64) END")
        }
    }
}

/// The logarithm to a base. `LN` refuses zero and negative numbers in BigQuery.
fn logarithm(value: &str, base: Option<f64>) -> String {
    let (divisor, zero) = match base {
        None => (String::new(), "-inf"),
        Some(base) if base < 1.0 => (format!(" / LN({})", float(base)), "inf"),
        Some(base) => (format!(" / LN({})", float(base)), "-inf"),
    };
    format!("CASE WHEN {value} > 0 THEN LN({value}){divisor} WHEN {value} = 0 THEN CAST('{zero}' AS FLOAT64) END")
}

/// A FLOAT64 literal. The exponent keeps DuckDB from reading a DECIMAL.
pub(super) fn float(number: f64) -> String {
    match number.is_finite() {
        true => format!("{number:e}"),
        false => format!("CAST('{number}' AS FLOAT64)"),
    }
}
