//! What comparing summaries needs: the statement that a run would send, and how far two engines may differ.

use indexmap::IndexMap;
use isobar::plan::node::Relation;
use isobar::plan::summarize::{Columns, Source, SourceKind};
use isobar::tables::TableName;
use isobar::warehouse::{Rows, Value};

/// What the columns of summaries are named after.
const QUANTITIES: [&str; 6] = [
    "value",
    "covariate",
    "numerator",
    "denominator",
    "pre_numerator",
    "pre_denominator",
];

/// The source with the columns that its tables have, as a run takes it.
pub fn actual(source: &Source, columns: &IndexMap<TableName, Columns>) -> Source {
    let SourceKind::MetricTable {
        exposed_only,
        pre_periods,
    } = &source.kind
    else {
        unreachable!("a window's source is a metric table")
    };
    let there = |(period, (relation, _)): (&String, &(Relation, Columns))| {
        let columns = columns.get(&relation.table)?;
        Some((period.clone(), (relation.clone(), columns.clone())))
    };
    Source {
        columns: columns[&source.table.table].clone(),
        kind: SourceKind::MetricTable {
            exposed_only: *exposed_only,
            pre_periods: pre_periods.iter().filter_map(there).collect(),
        },
        ..source.clone()
    }
}

/// What rounding can do to a moment of a row of summaries: the engines add in different ways, the embedded one with one rounding for each
/// unit. Such an error is relative to the largest number that is added, not to the result: a branch whose values lie far from the
/// centre of all branches, as the fixtures have them, has a variance with fewer digits.
pub fn rounding(rows: &Rows, column: &str, row: &[Value]) -> f64 {
    let number = |name: &str| {
        let place = rows.columns.iter().position(|(column, _)| column == name);
        place.and_then(|place| row[place].as_f64()).unwrap_or(0.0)
    };
    let units = number("units");
    let step = units * f64::EPSILON;
    let spread = |of: &str| number(&format!("{of}_variance")).max(0.0).sqrt();
    let largest = |of: &str| {
        number(&format!("{of}_centre")).abs() + number(&format!("{of}_mean")).abs() + spread(of) * units.sqrt()
    };
    let error = |of: &str| step * largest(of);
    let product = |a: &str, b: &str| error(a) * spread(b) + error(b) * spread(a) + error(a) * error(b);
    for one in QUANTITIES {
        if column == format!("{one}_mean") {
            return error(one);
        }
        if column == format!("{one}_variance") {
            return error(one) * (spread(one) + error(one));
        }
        for other in QUANTITIES {
            if column == format!("{one}_{other}") {
                return product(one, other);
            }
        }
    }
    match column {
        "value_sum" => {
            let largest = number("value_minimum").abs().max(number("value_maximum").abs());
            if largest.is_finite() {
                step * units * largest
            } else {
                0.0
            }
        }
        "covariance" => product("value", "covariate"),
        _ => 0.0,
    }
}
