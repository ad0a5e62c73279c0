//! The summary statement on metric tables: segments, bases, null metrics and covariates from an earlier window's table, on the embedded
//! engine; and the same numbers as the statistics of the extracted rows.

use indexmap::IndexMap;
use isobar::analysis::{Basis, Period};
use isobar::plan::node::Relation;
use isobar::plan::summarize::{Columns, Source, SourceKind, summarize};
use isobar::results::decode::decode;
use isobar::sql::duckdb::Functions;
use isobar::sql::script::TableName;
use isobar::sql::types::Type;
use isobar::stats::coverage::Coverage;
use isobar::stats::{Comparison, Compat, Context, LinearModel, Request, Row, Statistic};
use isobar::summary::{ColumnKind, Demand};
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Rows, Value, Warehouse};

const SEGMENT: &str = "new-profile";

fn table(name: &str) -> TableName {
    TableName {
        project: "results".into(),
        dataset: "mozanalysis".into(),
        table: name.into(),
    }
}

/// 600 units: branch by turns, a segment, exposure of two thirds, a metric with nulls and a heavy tail.
fn unit(i: i64) -> (Value, Value, Value, Value, Value) {
    let branch = if i % 2 == 0 { "control" } else { "treatment" };
    let exposed = if i % 3 == 0 {
        Value::Null
    } else {
        Value::Date("2026-01-05".parse().expect("a date"))
    };
    let hours = if i % 11 == 0 {
        Value::Null
    } else {
        Value::Float64(((i * 37) % 101) as f64 * 1.25 + (i % 97 / 96 * 5000) as f64)
    };
    let covariate = Value::Float64(((i * 53) % 89) as f64 + if i % 2 == 0 { 0.0 } else { 0.5 });
    (
        Value::String(branch.into()),
        exposed,
        Value::Bool(i % 5 < 2),
        hours,
        covariate,
    )
}

fn engine() -> DuckDb {
    let engine = DuckDb::in_memory(Functions::default(), &Limits::default()).expect("an engine");
    let name = |name: &str, kind: Type| (name.to_string(), kind);
    let enrolled = Value::Date("2026-01-04".parse().expect("a date"));
    let week = Rows {
        columns: vec![
            name("analysis_id", Type::String),
            name("branch", Type::String),
            name("enrollment_date", Type::Date),
            name("exposure_date", Type::Date),
            name(SEGMENT, Type::Bool),
            name("hours", Type::Float64),
        ],
        rows: (0..600)
            .map(|i| {
                let (branch, exposed, segment, hours, _) = unit(i);
                vec![
                    Value::String(format!("id{i}")),
                    branch,
                    enrolled.clone(),
                    exposed,
                    segment,
                    hours,
                ]
            })
            .collect(),
    };
    let before = Rows {
        columns: vec![
            name("analysis_id", Type::String),
            name("branch", Type::String),
            name("hours", Type::Float64),
        ],
        rows: (0..600)
            .filter(|i| i % 13 != 0)
            .map(|i| {
                let (branch, _, _, _, covariate) = unit(i);
                vec![Value::String(format!("id{i}")), branch, covariate]
            })
            .collect(),
    };
    engine.load(&table("x_enrollments_week_1"), &week).expect("loads");
    engine
        .load(&table("x_enrollments_preenrollment_week_1"), &before)
        .expect("loads");
    engine
}

fn request() -> Request {
    Request {
        metric: "hours".into(),
        statistic: Statistic::LinearModelMean(LinearModel {
            coverage: Coverage::once(0.95),
            correction: None,
            name: "mean_lm".into(),
            drop_highest: 0.01,
            covariate: Some((None, Period::PreenrollmentWeek)),
        }),
        pre_treatments: Vec::new(),
    }
}

fn counts() -> Request {
    Request {
        metric: "identity".into(),
        statistic: Statistic::Count,
        pre_treatments: Vec::new(),
    }
}

fn source(kind: SourceKind) -> Source {
    let columns: Columns = [
        ("branch", ColumnKind::Other),
        (SEGMENT, ColumnKind::Boolean),
        ("hours", ColumnKind::Float),
    ]
    .map(|(name, kind)| (name.to_string(), kind))
    .into();
    Source {
        table: Relation::stored(table("x_enrollments_week_1")),
        with: Vec::new(),
        columns,
        kind,
        segments: vec![SEGMENT.to_string()],
        title: "experiment x, week 1, basis enrollments".into(),
        name: "summaries_week_enrollments_1".into(),
    }
}

fn metric_table(exposed_only: bool) -> SourceKind {
    let columns: Columns = [("hours".to_string(), ColumnKind::Float)].into();
    let pre_periods: IndexMap<_, _> = [(
        "preenrollment_week".to_string(),
        (Relation::stored(table("x_enrollments_preenrollment_week_1")), columns),
    )]
    .into();
    SourceKind::MetricTable {
        exposed_only,
        pre_periods,
    }
}

fn estimate(exposed_only: bool) -> Vec<Row> {
    let branches = ["control".to_string(), "treatment".to_string()];
    let basis = if exposed_only {
        Basis::Exposures
    } else {
        Basis::Enrollments
    };
    let context = Context {
        period: Period::Week,
        days: 7,
        basis,
        window_index: Some(1),
        branches: &branches,
        compat: Compat::None,
    };
    let mut demand = Demand::default();
    for request in [request(), counts()] {
        request.demand(&context, &mut demand);
    }
    let query = summarize(&demand, &source(metric_table(exposed_only))).expect("a statement");
    let statement = query.statements.first().expect("cells to compute");
    assert_eq!(statement.reads.len(), 2);
    let rows = engine()
        .query(&statement.name, &statement.sql)
        .unwrap_or_else(|faults| panic!("{faults}"));
    let summaries = decode(&query, &[rows], &branches).expect("rows that fit");
    let mut rows = request().estimate(&summaries, &context).rows;
    rows.extend(counts().estimate(&summaries, &context).rows);
    rows
}

/// The adjusted difference of treatment against control, by the textbook on the rows themselves.
fn expected(keep: impl Fn(i64) -> bool) -> f64 {
    let mut rows = Vec::new();
    let mut covariates = Vec::new();
    for i in (0..600).filter(|i| keep(*i)) {
        let (branch, _, _, Value::Float64(y), Value::Float64(x)) = unit(i) else {
            continue;
        };
        let x = (i % 13 != 0).then_some(x);
        covariates.extend(x);
        rows.push((branch == Value::String("treatment".into()), y, x));
    }
    let quantile = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let h = (values.len() - 1) as f64 * 0.99;
        let k = h.floor() as usize;
        values[k] + (values[(k + 1).min(values.len() - 1)] - values[k]) * (h - h.floor())
    };
    let (ty, tx) = (quantile(rows.iter().map(|row| row.1).collect()), quantile(covariates));
    // A unit without a covariate counts at the mean of the others.
    let known: Vec<f64> = rows.iter().filter_map(|row| row.2).map(|x| x.min(tx)).collect();
    let filler = known.iter().sum::<f64>() / known.len() as f64;
    let rows: Vec<(bool, f64, f64)> = rows
        .into_iter()
        .map(|(treated, y, x)| (treated, y.min(ty), x.map_or(filler, |x| x.min(tx))))
        .collect();
    let mean = |treated: bool, of: fn(&(bool, f64, f64)) -> f64| {
        let values: Vec<f64> = rows.iter().filter(|row| row.0 == treated).map(of).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let (mut sxy, mut sxx) = (0.0, 0.0);
    for row in &rows {
        let (dx, dy) = (row.2 - mean(row.0, |r| r.2), row.1 - mean(row.0, |r| r.1));
        sxy += dx * dy;
        sxx += dx * dx;
    }
    let gap = |of: fn(&(bool, f64, f64)) -> f64| mean(true, of) - mean(false, of);
    gap(|r| r.1) - sxy / sxx * gap(|r| r.2)
}

#[test]
fn segments_bases_and_covariates() {
    for exposed_only in [false, true] {
        let rows = estimate(exposed_only);
        for segment in ["all", SEGMENT] {
            let keep = |i: i64| (!exposed_only || i % 3 != 0) && (segment == "all" || i % 5 < 2);
            let row = rows
                .iter()
                .find(|row| {
                    row.segment == segment
                        && row.comparison == Some(Comparison::Difference)
                        && row.comparison_to_branch.as_deref() == Some("control")
                })
                .expect("a comparison");
            let (point, expected) = (row.point.expect("a number"), expected(keep));
            assert!(
                (point - expected).abs() < 1e-9,
                "{segment}: {point} instead of {expected}"
            );
            assert_eq!(
                row.analysis_basis,
                if exposed_only { "exposures" } else { "enrollments" }
            );
            let count = rows
                .iter()
                .find(|row| row.metric == "identity" && row.segment == segment && row.branch == "control");
            let units = (0..600).filter(|i| i % 2 == 0 && keep(*i)).count();
            assert_eq!(count.and_then(|row| row.point), Some(units as f64));
        }
    }
}

#[test]
fn a_table_without_the_columns_has_states() {
    let branches = [];
    let context = Context {
        period: Period::Week,
        days: 7,
        basis: Basis::Enrollments,
        window_index: None,
        branches: &branches,
        compat: Compat::None,
    };
    let mut demand = Demand::default();
    request().demand(&context, &mut demand);
    let mut source = source(metric_table(false));
    source.columns.shift_remove("hours");
    let query = summarize(&demand, &source).expect("a plan");
    assert!(query.statements.is_empty());
    let summaries = decode(&query, &[], &branches).expect("nothing to read");
    let estimates = request().estimate(&summaries, &context);
    assert!(estimates.rows.is_empty());
    assert_eq!(estimates.states[0].state.as_str(), "metric missing");
}
