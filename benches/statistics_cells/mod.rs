//! The cases of linear models for `benches/statistics.rs`: one model, and ten thousand cells from rows to rows.

use isobar::analysis::{Basis, Period};
use isobar::plan::summarize::{PlannedCell, SummaryQuery};
use isobar::results::decode::decode;
use isobar::results::tables;
use isobar::sql::types::Type;
use isobar::stats::coverage::Coverage;
use isobar::stats::linear_model::{Input, robust};
use isobar::stats::pre_treatment::ValueKind;
use isobar::stats::{Compat, Context, LinearModel, Request, Row, Statistic};
use isobar::summary::{ColumnKind, Group, Summaries};
use isobar::warehouse::{Rows, Value};

use crate::{BRANCHES, Case};

const METRICS: usize = 334;
const SEGMENTS: usize = 10;
/// Models per run of the case of one model, of three branches: six comparisons each.
const MODELS: usize = 10_000;

/// The columns of the moments statement, with a covariate.
const COLUMNS: [(&str, Type); 28] = [
    ("cell", Type::Int64),
    ("segment", Type::String),
    ("branch", Type::String),
    ("value_place", Type::String),
    ("covariate_place", Type::String),
    ("units", Type::Int64),
    ("not_binary", Type::Int64),
    ("value_sum", Type::Float64),
    ("value_minimum", Type::Float64),
    ("value_maximum", Type::Float64),
    ("value_mean", Type::Float64),
    ("covariate_mean", Type::Float64),
    ("value_variance", Type::Float64),
    ("covariate_variance", Type::Float64),
    ("covariance", Type::Float64),
    ("value_fraction", Type::Float64),
    ("value_lower", Type::Float64),
    ("value_upper", Type::Float64),
    ("covariate_fraction", Type::Float64),
    ("covariate_lower", Type::Float64),
    ("covariate_upper", Type::Float64),
    ("residual_square", Type::Float64),
    ("residual_covariate", Type::Float64),
    ("residual_covariate_square", Type::Float64),
    ("leverage", Type::Float64),
    ("value_centre", Type::Float64),
    ("covariate_centre", Type::Float64),
    ("first_row", Type::Int64),
];

/// The cases.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for adjusted in [false, true] {
        let name = if adjusted {
            "with a covariate"
        } else {
            "without a covariate"
        };
        let summaries = data(1, 1, adjusted);
        let group = summaries.cells[0].groups["all"].clone();
        cases.push((
            format!("linear_model_mean {name}, {MODELS} models of 6 comparisons"),
            Box::new(move || models(&group, adjusted)),
        ));
    }
    let what = format!("{METRICS} metrics, {SEGMENTS} segments, 3 branches");
    let (query, rows, names) = statement(METRICS, SEGMENTS, true);
    let decoded = decode(&query, std::slice::from_ref(&rows), &names).expect("rows that fit");
    let estimates = estimates(&decoded, &names);
    cases.push((
        format!("{what}: rows to summaries"),
        Box::new({
            let names = names.clone();
            move || {
                let summaries = decode(&query, std::slice::from_ref(&rows), &names).expect("rows that fit");
                summaries.cells.len()
            }
        }),
    ));
    cases.push((
        format!("{what}: summaries to estimates"),
        Box::new(move || self::estimates(&decoded, &names).iter().map(Vec::len).sum()),
    ));
    cases.push((
        format!("{what}: estimates to the result table"),
        Box::new(move || estimates.iter().map(|rows| tables::statistics(rows).rows.len()).sum()),
    ));
    cases
}

/// The result rows of each metric.
fn estimates(summaries: &Summaries, names: &[String]) -> Vec<Vec<Row>> {
    let estimate = |metric| request(metric, true).estimate(summaries, &context(names)).rows;
    (0..METRICS).map(estimate).collect()
}

fn models(group: &Group, adjusted: bool) -> usize {
    let mut comparisons = 0;
    for _ in 0..MODELS {
        let output = robust::estimate(&Input {
            group: std::hint::black_box(group),
            metric: "hours",
            kind: ValueKind::Float,
            covariate: adjusted.then_some(ValueKind::Float),
            coverage: Coverage::once(0.95),
        });
        comparisons += output
            .references
            .iter()
            .map(|one| one.comparisons.len() / 2)
            .sum::<usize>();
    }
    comparisons
}

fn context(names: &[String]) -> Context<'_> {
    Context {
        period: Period::Overall,
        days: 28,
        basis: Basis::Enrollments,
        window_index: None,
        branches: names,
        compat: Compat::None,
    }
}

fn request(metric: usize, adjusted: bool) -> Request {
    Request {
        metric: format!("metric_{metric}"),
        statistic: Statistic::LinearModelMean(LinearModel {
            name: "mean_lm".into(),
            coverage: Coverage::once(0.95),
            drop_highest: 0.005,
            covariate: adjusted.then_some((None, Period::PreenrollmentWeek)),
            correction: None,
        }),
        pre_treatments: Vec::new(),
    }
}

fn data(metrics: usize, segments: usize, adjusted: bool) -> Summaries {
    let (query, rows, names) = statement(metrics, segments, adjusted);
    decode(&query, &[rows], &names).expect("rows that fit")
}

/// What a statement of so many metrics and segments answers: four parts per branch, of a thousand units.
fn statement(metrics: usize, segments: usize, adjusted: bool) -> (SummaryQuery, Rows, Vec<String>) {
    let names: Vec<String> = BRANCHES.map(str::to_string).to_vec();
    let segments: Vec<String> = std::iter::once("all".to_string())
        .chain((1..segments).map(|segment| format!("segment_{segment}")))
        .collect();
    let cells = (0..metrics).map(|metric| PlannedCell {
        cell: request(metric, adjusted).cell(&context(&names)),
        column: Some(ColumnKind::Float),
        covariate_column: adjusted.then_some(ColumnKind::Float),
    });
    let mut rows = Vec::new();
    for metric in 0..metrics {
        for (segment, name) in segments.iter().enumerate() {
            for (number, branch) in names.iter().enumerate() {
                let shift = ((metric * 31 + segment * 7 + number * 3) % 17) as f64 / 100.0;
                for (value_place, covariate_place, units) in [
                    ("below", "below", 990),
                    ("above", "below", 4),
                    ("below", "above", 4),
                    ("above", "above", 2),
                ] {
                    rows.push(row(
                        metric + 1,
                        name,
                        branch,
                        (value_place, covariate_place),
                        units,
                        shift,
                        number,
                    ));
                }
            }
        }
    }
    let rows = Rows {
        columns: COLUMNS.map(|(name, kind)| (name.to_string(), kind)).to_vec(),
        rows,
    };
    let query = SummaryQuery {
        statements: Vec::new(),
        cells: cells.collect(),
        segments,
    };
    (query, rows, names)
}

fn row(
    cell: usize,
    segment: &str,
    branch: &str,
    places: (&str, &str),
    units: i64,
    shift: f64,
    first_row: usize,
) -> Vec<Value> {
    let text = |text: &str| Value::String(text.to_string());
    let mut row = vec![
        Value::Int64(cell as i64),
        text(segment),
        text(branch),
        text(places.0),
        text(places.1),
        Value::Int64(units),
        Value::Int64(units),
    ];
    let value = shift - 0.08 + if places.0 == "above" { 9.0 } else { 0.0 };
    let covariate = -0.05 + if places.1 == "above" { 8.0 } else { 0.0 };
    let numbers = [
        (3.0 + value) * units as f64,
        0.0,
        20.0,
        value,
        covariate,
        2.0,
        1.5,
        0.9,
        0.3,
        12.0,
        12.5,
        0.4,
        10.0,
        10.5,
        1500.0,
        20.0,
        2200.0,
        0.06,
        3.0,
        2.5,
    ];
    row.extend(numbers.map(Value::Float64));
    row.push(Value::Int64(first_row as i64));
    row
}
