//! Grids over a branch's values, and result parameters as text: what curves (`empirical_cdf`, `kernel_density_estimate`) share.

use super::histogram;
use crate::summary::Branch;

/// The points at which a curve is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The points, in order; one more at 0 in front of a geometric grid over values that include 0.
    pub points: Vec<f64>,
    /// Whether a geometric grid was asked for and can't be had: negative values, or none above 0.
    pub is_refused: bool,
}

/// The grid over `[min, max]` of a branch's values: linear, or geometric from the smallest positive value.
pub fn grid(branch: &Branch, size: usize, log_space: bool) -> Grid {
    let Some((low, high)) = histogram::ends(branch) else {
        return Grid {
            points: Vec::new(),
            is_refused: false,
        };
    };
    if !log_space || low < 0.0 || high <= 0.0 {
        return Grid {
            points: linear(low, high, size),
            is_refused: log_space,
        };
    }
    let mut points = Vec::with_capacity(size + 1);
    let smallest = histogram::smallest_positive(branch).unwrap_or(high);
    if low == 0.0 {
        points.push(0.0);
    }
    points.extend(geometric(smallest, high, size));
    Grid {
        points,
        is_refused: false,
    }
}

/// numpy's `linspace`: `low + i step`, the last point exactly `high`.
fn linear(low: f64, high: f64, size: usize) -> Vec<f64> {
    let step = (high - low) / (size - 1) as f64;
    let mut points: Vec<f64> = (0..size)
        .map(|i| {
            if size == 1 || step == 0.0 {
                low
            } else {
                i as f64 * step + low
            }
        })
        .collect();
    if size > 1
        && let Some(last) = points.last_mut()
    {
        *last = high;
    }
    points
}

/// numpy's `geomspace`: powers of 10 over a linear grid of logarithms, both ends exact.
fn geometric(low: f64, high: f64, size: usize) -> Vec<f64> {
    let mut points: Vec<f64> = linear(low.log10(), high.log10(), size)
        .into_iter()
        .map(|exponent| 10f64.powf(exponent))
        .collect();
    if let Some(first) = points.first_mut() {
        *first = low;
    }
    if size > 1
        && let Some(last) = points.last_mut()
    {
        *last = high;
    }
    points
}

/// A parameter as the reference writes it: rounded to 6 decimals, as Python prints a float.
pub fn parameter(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_string();
    }
    let rounded: f64 = format!("{value:.6}").parse().unwrap_or(value);
    python_repr(rounded)
}

/// The shortest text that reads back as the number, in Python's notation: an exponent below 1e-4 and from 1e16 on.
fn python_repr(value: f64) -> String {
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Bin;

    #[test]
    fn parameters_read_as_python_prints_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (3.0, "3.0"),
            (1e-6, "1e-06"),
            (1e10, "10000000000.0"),
            (1.5e17, "1.5e+17"),
            (123456.7890123, "123456.789012"),
            (0.0, "0.0"),
            (0.000123, "0.000123"),
            (f64::NAN, "nan"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(parameter(value), text);
        }
    }

    #[test]
    fn grids_end_at_the_largest_value() {
        let branch = |values: &[f64]| Branch {
            histogram: values
                .iter()
                .map(|value| Bin {
                    value: *value,
                    denominator: 0.0,
                    count: 2,
                })
                .collect(),
            ..Branch::default()
        };
        let values = branch(&[0.0, 0.1, 0.7]);
        assert_eq!(grid(&values, 3, false).points, [0.0, 0.35, 0.7]);
        assert_eq!(grid(&values, 1, false).points, [0.0]);
        let log = grid(&values, 2, true);
        assert_eq!((log.points, log.is_refused), (vec![0.0, 0.1, 0.7], false));
        assert!(grid(&branch(&[-1.0]), 2, true).is_refused);
    }
}
