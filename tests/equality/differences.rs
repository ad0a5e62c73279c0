//! Compares rows with rows: as multisets, columns by name, floats with a tolerance.

use isobar::warehouse::{Rows, Value};
use serde_json::Value as Json;

/// How two results differ: as multisets of rows, columns by name, floats with a relative tolerance of 1e-9. Each difference is one line.
pub fn differences(expected: &Rows, actual: &Rows, left_out: &[&str]) -> Vec<String> {
    differences_within(expected, actual, left_out, &|_, _| 0.0)
}

/// The same where `slack` gives the absolute error that a float of an expected row may have besides, by the name of its column.
pub fn differences_within(
    expected: &Rows,
    actual: &Rows,
    left_out: &[&str],
    slack: &dyn Fn(&str, &[Value]) -> f64,
) -> Vec<String> {
    let is_same = |wanted: &[Value], a: usize, found: &Value| {
        same(&wanted[a], found) || within(&wanted[a], found, slack(&expected.columns[a].0, wanted))
    };
    let mut faults = Vec::new();
    let mut places = Vec::new();
    for (place, (name, _)) in expected.columns.iter().enumerate() {
        match actual
            .columns
            .iter()
            .position(|(found, _)| found.eq_ignore_ascii_case(name))
        {
            Some(_) if left_out.contains(&name.as_str()) => {}
            Some(found) => places.push((place, found)),
            None => faults.push(format!("no column `{name}`")),
        }
    }
    for (name, _) in &actual.columns {
        if !expected
            .columns
            .iter()
            .any(|(wanted, _)| wanted.eq_ignore_ascii_case(name))
        {
            faults.push(format!("unexpected column `{name}`"));
        }
    }
    if expected.rows.len() != actual.rows.len() {
        faults.push(format!("{} rows, expected {}", actual.rows.len(), expected.rows.len()));
    }
    let mut taken = vec![false; actual.rows.len()];
    for wanted in &expected.rows {
        let mut nearest: Option<(usize, usize)> = None;
        let mut found = false;
        for (place, row) in actual.rows.iter().enumerate() {
            if taken[place] {
                continue;
            }
            let unequal = places.iter().filter(|(a, b)| !is_same(wanted, *a, &row[*b])).count();
            if unequal == 0 {
                taken[place] = true;
                found = true;
                break;
            }
            if nearest.is_none_or(|(_, least)| unequal < least) {
                nearest = Some((place, unequal));
            }
        }
        if found {
            continue;
        }
        match nearest {
            None => faults.push(format!("no row left for {wanted:?}")),
            Some((place, _)) => {
                for (a, b) in places
                    .iter()
                    .filter(|(a, b)| !is_same(wanted, *a, &actual.rows[place][*b]))
                {
                    let (name, row) = (&expected.columns[*a].0, &actual.rows[place]);
                    faults.push(format!(
                        "{name}: {:?}, expected {:?} (row {:?})",
                        row[*b],
                        wanted[*a],
                        &wanted[..wanted.len().min(3)]
                    ));
                }
            }
        }
    }
    faults
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float64(a), Value::Float64(b)) => near(*a, *b),
        (Value::Numeric(_), Value::Numeric(_) | Value::Float64(_) | Value::Int64(_))
        | (Value::Float64(_), Value::Numeric(_)) => near(a.as_f64().unwrap(), b.as_f64().unwrap()),
        (Value::Json(a), Value::Json(b)) => {
            serde_json::from_str::<Json>(a).unwrap() == serde_json::from_str::<Json>(b).unwrap()
        }
        (Value::Array(a), Value::Array(b)) | (Value::Struct(a), Value::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (a, b) => a == b,
    }
}

/// Whether two floats differ by no more than an absolute error.
fn within(a: &Value, b: &Value, slack: f64) -> bool {
    matches!((a, b), (Value::Float64(a), Value::Float64(b)) if (a - b).abs() <= slack)
}

fn near(a: f64, b: f64) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}
