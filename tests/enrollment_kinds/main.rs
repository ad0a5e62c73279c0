//! Kinds of enrollment that no public config asks for: the background task, Fenix without enrollment events, servers (Cirrus), and
//! Firefox desktop by Glean ids. Each case has telemetry and plain queries, written by hand from the meaning of the kind; `generate.py` had
//! Google's reference implementation of GoogleSQL compute what they return. Our statements must return the same on the embedded
//! engine. (`tests/googlesql` runs both on the reference implementation.)

#[path = "../equality/mod.rs"]
mod equality;

use equality::differences::differences;
use equality::fixtures::table_name;
use equality::kinds::{CASES, expected, telemetry, work};
use isobar::sql::duckdb::Functions;
use isobar::sql::script::Statement;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Rows, Warehouse};

/// Runs a case's statements on the embedded engine. Returns how many statements and rows were compared.
fn check(case: &str) -> (usize, usize) {
    let limits = Limits {
        memory: None,
        threads: Some(1),
    };
    let engine = DuckDb::in_memory(Functions::load(&[]).unwrap(), &limits).unwrap();
    for (name, rows) in telemetry(case) {
        engine.load(&table_name(&name), &rows).unwrap();
    }
    let work = work(case);
    let cohort = work.cohort.as_ref().expect("the experiment has enrolled");
    let enrollments = expected(case, "enrollments").expect("a case has enrollments");
    engine.load(&cohort.node.target, &enrollments).unwrap();
    let (mut statements, mut rows) = (0, 0);
    for statement in work.script().statements {
        if let Some(expected) = expected(case, &statement.name) {
            compare(&engine, case, &statement, &expected);
            statements += 1;
            rows += expected.rows.len();
        }
    }
    (statements, rows)
}

fn compare(engine: &DuckDb, case: &str, statement: &Statement, expected: &Rows) {
    let actual = engine
        .query(&statement.name, &statement.sql)
        .unwrap_or_else(|faults| panic!("{case}/{}: {faults}", statement.name));
    let found = differences(expected, &actual, &[]);
    assert!(found.is_empty(), "{case}/{}:\n{}", statement.name, found.join("\n"));
}

#[test]
fn enrollments_and_metrics() {
    let compared: Vec<(usize, usize)> = CASES.iter().map(|case| check(case)).collect();
    let statements: usize = compared.iter().map(|(statements, _)| statements).sum();
    let rows: usize = compared.iter().map(|(_, rows)| rows).sum();
    println!(
        "{} cases, {statements} statements, {rows} rows, 0 differences",
        CASES.len()
    );
    assert_eq!((statements, compared.iter().all(|(_, rows)| *rows >= 20)), (7, true));
}
