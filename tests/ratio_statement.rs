//! The statement of ratios on metric tables: segments, bases, several ratios at once, values before enrollment from an earlier window's table; on the
//! embedded engine, against the moments of the same units in memory.

#[path = "support/summarizer.rs"]
mod summarizer;

use indexmap::IndexMap;
use isobar::analysis::{Basis, Period};
use isobar::plan::node::Relation;
use isobar::plan::summarize::{Columns, Source, SourceKind, SummaryQuery, summarize};
use isobar::results::decode::decode;
use isobar::sql::duckdb::Functions;
use isobar::sql::script::TableName;
use isobar::sql::types::Type;
use isobar::stats::coverage::Coverage;
use isobar::stats::{Compat, Context, Ratio, Request, Statistic};
use isobar::summary::{ColumnKind, Demand};
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Rows, Value, Warehouse};
use summarizer::{Sample, Unit};

const SEGMENT: &str = "new-profile";
const BRANCHES: [&str; 2] = ["control", "treatment"];

fn table(name: &str) -> TableName {
    TableName {
        project: "results".into(),
        dataset: "mozanalysis".into(),
        table: name.into(),
    }
}

/// Numerator and denominator of the i-th unit; some lack a denominator.
fn metrics(i: i64) -> (f64, Option<f64>) {
    (
        (i * 37 % 101) as f64 * 1.25 + (i % 2) as f64,
        (i % 11 != 0).then_some((i * 53 % 17) as f64 + 2.0),
    )
}

/// Both before enrollment, for units that were there.
fn before(i: i64) -> Option<[f64; 2]> {
    (i % 13 != 0).then_some([(i * 37 % 101 + i * 29 % 31) as f64, (i * 53 % 17 + i % 5) as f64 + 1.0])
}

fn engine() -> DuckDb {
    let engine = DuckDb::in_memory(Functions::default(), &Limits::default()).expect("an engine");
    let name = |name: &str, kind: Type| (name.to_string(), kind);
    let branch = |i: i64| Value::String(BRANCHES[(i % 2) as usize].into());
    let date = Value::Date("2026-01-04".parse().expect("a date"));
    let week = Rows {
        columns: vec![
            name("analysis_id", Type::String),
            name("branch", Type::String),
            name("enrollment_date", Type::Date),
            name("exposure_date", Type::Date),
            name(SEGMENT, Type::Bool),
            name("clicks", Type::Float64),
            name("searches", Type::Int64),
        ],
        rows: (0..600)
            .map(|i| {
                let (clicks, searches) = metrics(i);
                vec![
                    Value::String(format!("id{i}")),
                    branch(i),
                    date.clone(),
                    if i % 3 == 0 { Value::Null } else { date.clone() },
                    Value::Bool(i % 5 < 2),
                    Value::Float64(clicks),
                    searches.map_or(Value::Null, |searches| Value::Int64(searches as i64)),
                ]
            })
            .collect(),
    };
    let earlier = Rows {
        columns: vec![
            name("analysis_id", Type::String),
            name("branch", Type::String),
            name("clicks", Type::Float64),
            name("searches", Type::Int64),
        ],
        rows: (0..600)
            .filter_map(|i| {
                let [clicks, searches] = before(i)?;
                let id = Value::String(format!("id{i}"));
                Some(vec![
                    id,
                    branch(i),
                    Value::Float64(clicks),
                    Value::Int64(searches as i64),
                ])
            })
            .collect(),
    };
    engine.load(&table("week"), &week).expect("loads");
    engine.load(&table("before"), &earlier).expect("loads");
    engine
}

fn request(numerator: &str, denominator: &str, covariate: Option<Period>) -> Request {
    Request {
        metric: "ratio_metric".into(),
        statistic: Statistic::Ratio(Ratio {
            correction: None,
            name: "ratio",
            numerator: numerator.into(),
            denominator: denominator.into(),
            coverage: Coverage::once(0.95),
            covariate,
        }),
        pre_treatments: Vec::new(),
    }
}

/// Two ratios: one adjusted, and the inverse as it is.
fn requests() -> [Request; 2] {
    [
        request("clicks", "searches", Some(Period::PreenrollmentWeek)),
        request("searches", "clicks", None),
    ]
}

fn context(branches: &[String], basis: Basis) -> Context<'_> {
    Context {
        period: Period::Week,
        days: 7,
        basis,
        window_index: Some(1),
        branches,
        compat: Compat::None,
    }
}

fn query(context: &Context, exposed_only: bool, has_before: bool) -> SummaryQuery {
    let metrics = [("clicks", ColumnKind::Float), ("searches", ColumnKind::Integer)];
    let metrics: Columns = metrics.map(|(name, kind)| (name.to_string(), kind)).into();
    let mut columns = metrics.clone();
    columns.insert(SEGMENT.to_string(), ColumnKind::Boolean);
    let mut pre_periods = IndexMap::new();
    if has_before {
        let before = (Relation::stored(table("before")), metrics);
        pre_periods.insert("preenrollment_week".to_string(), before);
    }
    let source = Source {
        table: Relation::stored(table("week")),
        with: Vec::new(),
        columns,
        kind: SourceKind::MetricTable {
            exposed_only,
            pre_periods,
        },
        segments: vec![SEGMENT.to_string()],
        title: "experiment x, week 1".into(),
        name: "summaries_week_1".into(),
    };
    let mut demand = Demand::default();
    requests()
        .iter()
        .for_each(|request| request.demand(context, &mut demand));
    summarize(&demand, &source).expect("statements")
}

/// The units that count, with numerator and denominator in their places or swapped.
fn samples(keep: impl Fn(i64) -> bool, is_swapped: bool) -> Vec<Sample> {
    let turned = |[a, d]: [f64; 2]| if is_swapped { [d, a] } else { [a, d] };
    let of_branch = |branch: usize| {
        let units = (0..600).filter(|i| *i as usize % 2 == branch && keep(*i));
        let unit = |i: i64| {
            let (clicks, searches) = metrics(i);
            let [value, denominator] = turned([clicks, searches?]);
            Some(Unit {
                value,
                denominator,
                before: before(i).map(turned),
            })
        };
        units.filter_map(unit).collect()
    };
    vec![(BRANCHES[0], of_branch(0)), (BRANCHES[1], of_branch(1))]
}

#[test]
fn segments_bases_and_values_before_enrollment() {
    let branches = BRANCHES.map(str::to_string);
    let engine = engine();
    for exposed_only in [false, true] {
        let basis = if exposed_only {
            Basis::Exposures
        } else {
            Basis::Enrollments
        };
        let context = context(&branches, basis);
        let query = query(&context, exposed_only, true);
        let [statement] = &query.statements[..] else {
            panic!("one statement");
        };
        assert_eq!(
            (statement.name.as_str(), statement.reads.len()),
            ("summaries_week_1_ratios", 2)
        );
        let rows = engine
            .query(&statement.name, &statement.sql)
            .unwrap_or_else(|faults| panic!("{faults}"));
        let summaries = decode(&query, &[rows], &branches).expect("rows that fit");
        for (request, is_swapped) in requests().into_iter().zip([false, true]) {
            let estimates = request.estimate(&summaries, &context);
            for segment in ["all", SEGMENT] {
                let keep = |i: i64| (!exposed_only || i % 3 != 0) && (segment == "all" || i % 5 < 2);
                let in_memory = summarizer::summarize(&request.cell(&context), &samples(keep, is_swapped));
                let expected = request.estimate(&in_memory, &context).rows;
                let actual: Vec<_> = estimates.rows.iter().filter(|row| row.segment == segment).collect();
                assert_eq!((actual.len(), expected.len()), (6, 6));
                for (row, expected) in actual.into_iter().zip(&expected) {
                    for (x, y) in [
                        (row.point, expected.point),
                        (row.lower, expected.lower),
                        (row.upper, expected.upper),
                    ] {
                        let (x, y) = (x.expect("a number"), y.expect("a number"));
                        assert!(
                            (x - y).abs() < 1e-10 * (1.0 + y.abs()),
                            "{row:?} instead of {expected:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_missing_table_before_enrollment_is_a_state() {
    let branches = BRANCHES.map(str::to_string);
    let context = context(&branches, Basis::Enrollments);
    let query = query(&context, false, false);
    let statement = &query.statements[0];
    assert_eq!(statement.reads.len(), 1);
    let rows = engine()
        .query(&statement.name, &statement.sql)
        .unwrap_or_else(|faults| panic!("{faults}"));
    let summaries = decode(&query, &[rows], &branches).expect("rows that fit");
    let [adjusted, _] = requests();
    let estimates = adjusted.estimate(&summaries, &context);
    assert!(
        estimates
            .states
            .iter()
            .any(|state| state.state.as_str() == "covariate missing")
    );
    assert_eq!(estimates.rows.iter().filter(|row| row.lower.is_some()).count(), 12);
}

/// The statement as a reviewer reads it.
#[test]
fn the_statement_is_readable() {
    let branches = BRANCHES.map(str::to_string);
    let query = query(&context(&branches, Basis::Enrollments), false, true);
    insta::assert_snapshot!(query.statements[0].sql);
}
