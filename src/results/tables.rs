//! Statistics tables: the columns that Jetstream's readers expect, filled from estimates; and beside them the tables that say why
//! numbers are missing.

use crate::analysis::Basis;
use crate::sql::types::Type;
use crate::stats::{CellState, Comparison, Row};
use crate::warehouse::{Rows, Value};

/// The rows of a statistics table. Numbers that are not finite are absent already; a parameter that is no number is NULL.
pub fn statistics(rows: &[Row]) -> Rows {
    let column = |name: &str, kind: Type| (name.to_string(), kind);
    Rows {
        columns: vec![
            column("metric", Type::String),
            column("statistic", Type::String),
            column("parameter", Type::Numeric),
            column("branch", Type::String),
            column("comparison", Type::String),
            column("comparison_to_branch", Type::String),
            column("ci_width", Type::Float64),
            column("point", Type::Float64),
            column("lower", Type::Float64),
            column("upper", Type::Float64),
            column("segment", Type::String),
            column("analysis_basis", Type::String),
        ],
        rows: rows.iter().map(values).collect(),
    }
}

/// The rows of a states table: `metric`, `statistic`, `segment`, `analysis_basis`, `branch` (NULL: all), `state`, `reason`.
pub fn states(states: &[(Basis, CellState)]) -> Rows {
    let names = [
        "metric",
        "statistic",
        "segment",
        "analysis_basis",
        "branch",
        "state",
        "reason",
    ];
    let text = |text: &str| Value::String(text.to_string());
    let row = |(basis, state): &(Basis, CellState)| {
        vec![
            text(&state.metric),
            text(&state.statistic),
            text(&state.segment),
            text(basis.as_str()),
            state.branch.as_deref().map_or(Value::Null, text),
            text(state.state.as_str()),
            text(&state.state.to_string()),
        ]
    };
    Rows {
        columns: names.map(|name| (name.to_string(), Type::String)).to_vec(),
        rows: states.iter().map(row).collect(),
    }
}

fn values(row: &Row) -> Vec<Value> {
    let text = |text: Option<&str>| text.map_or(Value::Null, |text| Value::String(text.to_string()));
    let number = |number: Option<f64>| number.map_or(Value::Null, Value::Float64);
    vec![
        text(Some(&row.metric)),
        text(Some(&row.statistic)),
        parameter(row).map_or(Value::Null, Value::Numeric),
        text(Some(&row.branch)),
        text(row.comparison.map(Comparison::as_str)),
        text(row.comparison_to_branch.as_deref()),
        number(row.ci_width),
        number(row.point),
        number(row.lower),
        number(row.upper),
        text(Some(&row.segment)),
        text(Some(row.analysis_basis)),
    ]
}

/// The parameter as decimal digits with at most six behind the point, as NUMERIC takes them.
pub fn parameter(row: &Row) -> Option<String> {
    let number: f64 = row.parameter.as_deref()?.parse().ok()?;
    number.is_finite().then(|| {
        let digits = format!("{number:.6}");
        digits.trim_end_matches('0').trim_end_matches('.').to_string()
    })
}
