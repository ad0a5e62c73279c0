//! Rows of histograms as bins: distinct values, or buckets with what is known of the values in them.

use super::decode::Columns;
use crate::diagnostics::Result;
use crate::summary::{Bin, Branch, Spread};
use crate::warehouse::Value;

/// Adds a bin to a branch, or its rows to those with a null.
pub(super) fn add(columns: &Columns, row: &[Value], is_pair: bool, branch: &mut Branch) -> Result<()> {
    let count = columns.integer(row, "units")?;
    let Some(distinct) = columns.optional(row, "distinct_values").and_then(Value::as_i64) else {
        let denominator = match is_pair {
            true => columns.number(row, "covariate"),
            false => Some(0.0),
        };
        match (columns.number(row, "value"), denominator) {
            (Some(value), Some(denominator)) => branch.histogram.push(Bin {
                value,
                denominator,
                count,
            }),
            _ => branch.nulls += count,
        }
        return Ok(());
    };
    branch.distinct = distinct;
    let value = side(columns, row, ["value", "value_low", "value_high", "value_square"]);
    let denominator = match is_pair {
        true => side(
            columns,
            row,
            ["covariate", "covariate_low", "covariate_high", "covariate_square"],
        ),
        false => Some(Side::default()),
    };
    let (Some(value), Some(denominator)) = (value, denominator) else {
        branch.nulls += count;
        return Ok(());
    };
    let most = value.square.sqrt() * denominator.square.sqrt();
    branch.histogram.push(Bin {
        value: value.mean,
        denominator: denominator.mean,
        count,
    });
    branch.spreads.push(Spread {
        low: value.low,
        high: value.high,
        square: value.square,
        denominator_low: denominator.low,
        denominator_high: denominator.high,
        denominator_square: denominator.square,
        product: columns.number(row, "product").unwrap_or(0.0).clamp(-most, most),
    });
    Ok(())
}

/// One side of a bucket, without what rounding puts outside of its ends. `None` for nulls.
fn side(columns: &Columns, row: &[Value], [mean, low, high, square]: [&str; 4]) -> Option<Side> {
    let (low, high) = (columns.number(row, low)?, columns.number(row, high)?);
    // Where values are too large to be squared there is no mean; infinities have a bucket of their own.
    let middle = if low == high { low } else { 0.5 * low + 0.5 * high };
    let mean = match columns.number(row, mean) {
        Some(mean) if low < high && mean.is_finite() => mean.clamp(low, high),
        _ => middle,
    };
    let square = columns
        .number(row, square)
        .filter(|square| low < high && square.is_finite())
        .unwrap_or(0.0)
        .max(0.0);
    Some(Side {
        mean,
        low,
        high,
        square,
    })
}

/// The values of one side of a bucket: mean, ends, sum of squares about the mean.
#[derive(Default)]
struct Side {
    mean: f64,
    low: f64,
    high: f64,
    square: f64,
}

/// Brings the bins into the order of their values, their spreads with them.
pub(super) fn sort(branch: &mut Branch) {
    let order = |a: &Bin, b: &Bin| {
        a.value
            .total_cmp(&b.value)
            .then(a.denominator.total_cmp(&b.denominator))
    };
    if branch.spreads.is_empty() {
        return branch.histogram.sort_unstable_by(order);
    }
    let bins = std::mem::take(&mut branch.histogram);
    let mut buckets: Vec<(Bin, Spread)> = bins.into_iter().zip(std::mem::take(&mut branch.spreads)).collect();
    buckets.sort_by(|a, b| order(&a.0, &b.0).then(a.1.low.total_cmp(&b.1.low)));
    (branch.histogram, branch.spreads) = buckets.into_iter().unzip();
}
