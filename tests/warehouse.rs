//! The embedded engine as a warehouse: targets, atomic writes, views over wildcard tables, several processes.

use isobar::diagnostics::Kind;
use isobar::sql::duckdb::Functions;
use isobar::sql::script::{Purpose, Statement, TableName, Target};
use isobar::sql::types::Type;
use isobar::warehouse::duckdb::{Access, Limits};
use isobar::warehouse::{DuckDb, Executed, Rows, Value, Warehouse};
use serde_json::{Value as Json, json};

fn table(name: &str) -> TableName {
    TableName {
        project: "our-project".into(),
        dataset: "results".into(),
        table: name.into(),
    }
}

fn statement(sql: &str, target: Target) -> Statement {
    Statement {
        name: "case".into(),
        purpose: Purpose::Metrics,
        sql: sql.into(),
        target,
        reads: Vec::new(),
    }
}

fn open(folder: &std::path::Path, access: Access) -> DuckDb {
    DuckDb::open(folder, Functions::load(&[]).unwrap(), access, &Limits::default()).unwrap()
}

fn memory() -> DuckDb {
    DuckDb::in_memory(Functions::load(&[]).unwrap(), &Limits::default()).unwrap()
}

fn rows(engine: &DuckDb, sql: &str) -> Json {
    engine
        .query("case", sql)
        .unwrap_or_else(|faults| panic!("{faults}"))
        .to_json()["rows"]
        .clone()
}

#[test]
fn tables_are_replaced_or_kept() {
    let engine = memory();
    let run = |sql: &str, target: Target| engine.execute(&statement(sql, target)).unwrap();
    assert_eq!(run("SELECT 1 AS x", Target::Table(table("t"))), Executed::Written);
    assert_eq!(run("SELECT 2 AS x", Target::TableIfEmpty(table("t"))), Executed::Kept);
    assert_eq!(rows(&engine, "SELECT x FROM `our-project.results.t`"), json!([[1]]));
    assert_eq!(
        run(
            "SELECT x FROM `our-project.results.t` WHERE FALSE",
            Target::Table(table("t"))
        ),
        Executed::Written
    );
    assert_eq!(
        run("SELECT 3 AS x", Target::TableIfEmpty(table("t"))),
        Executed::Written
    );
    assert_eq!(rows(&engine, "SELECT x FROM `our-project.results.t`"), json!([[3]]));
    // A view takes the place of a table, and a table that of a view.
    assert_eq!(run("SELECT 4 AS x", Target::View(table("t"))), Executed::Written);
    assert_eq!(rows(&engine, "SELECT x FROM `our-project.results.t`"), json!([[4]]));
    assert_eq!(run("SELECT 5 AS x", Target::Table(table("t"))), Executed::Written);
    assert_eq!(rows(&engine, "SELECT x FROM `our-project.results.t`"), json!([[5]]));
    assert!(matches!(run("SELECT 6", Target::Rows), Executed::Rows(_)));
    assert_eq!(engine.tables("our-project", "results").unwrap(), ["t"]);
    assert!(engine.tables("our-project", "other").unwrap().is_empty());
}

#[test]
fn a_failing_statement_changes_nothing() {
    let engine = memory();
    engine
        .execute(&statement("SELECT 1 AS x", Target::Table(table("t"))))
        .unwrap();
    for target in [Target::Table(table("t")), Target::View(table("v"))] {
        for sql in [
            "SELECT y FROM `our-project.results.t`",
            "SELECT 1 FROM `our-project.results.nothing`",
        ] {
            let faults = engine.execute(&statement(sql, target.clone())).unwrap_err();
            assert_eq!(faults.0[0].context, ["case"]);
            assert!(faults.0[0].span.is_some());
        }
    }
    let faults = engine
        .execute(&statement(
            "SELECT x / 0 AS x FROM `our-project.results.t`",
            Target::Table(table("t")),
        ))
        .unwrap_err();
    assert_eq!(faults.0[0].message, "division by zero");
    assert_eq!(rows(&engine, "SELECT x FROM `our-project.results.t`"), json!([[1]]));
}

#[test]
fn columns_have_the_types_of_bigquery() {
    let engine = memory();
    let sql = "SELECT SUM(x) AS s, COUNT(*) AS c, 1 AS one, AVG(x) AS a, 0.5 AS h, ARRAY_AGG(x) AS l, STRUCT(SUM(x) AS s) AS r, \
               CAST(SUM(x) AS NUMERIC) AS n, MIN(DATE '2024-01-01') AS d FROM UNNEST([1, 2]) AS x";
    engine.execute(&statement(sql, Target::Table(table("t")))).unwrap();
    let columns: Vec<String> = (engine.schema(&table("t")).unwrap().iter())
        .map(|(name, kind)| format!("{name} {kind}"))
        .collect();
    let expected =
        "s INT64, c INT64, one INT64, a FLOAT64, h FLOAT64, l ARRAY<INT64>, r STRUCT<s INT64>, n NUMERIC, d DATE";
    assert_eq!(columns.join(", "), expected);
    assert!(engine.schema(&table("nothing")).is_err());
}

#[test]
fn computed_rows_are_loaded() {
    let engine = memory();
    let columns = [
        ("metric", "STRING"),
        ("point", "FLOAT64"),
        ("at", "TIMESTAMP"),
        ("n", "NUMERIC"),
        ("tags", "ARRAY<STRING>"),
    ];
    let rows = Rows {
        columns: columns
            .map(|(name, kind)| (name.to_string(), Type::parse(kind).unwrap()))
            .to_vec(),
        rows: vec![
            vec![
                Value::String("quote ' \" \\ \n é".into()),
                Value::Float64(0.1 + 0.2),
                Value::Timestamp("2024-01-02T03:04:05.678901".parse().unwrap()),
                Value::Numeric("-12.5".into()),
                Value::Array(vec![Value::String("a".into())]),
            ],
            vec![
                Value::Null,
                Value::Float64(f64::NAN),
                Value::Null,
                Value::Null,
                Value::Array(Vec::new()),
            ],
            vec![
                Value::Null,
                Value::Float64(f64::NEG_INFINITY),
                Value::Null,
                Value::Null,
                Value::Null,
            ],
        ],
    };
    engine.load(&table("statistics"), &rows).unwrap();
    let found = engine
        .query("case", "SELECT * FROM `our-project.results.statistics`")
        .unwrap();
    assert_eq!(found.to_json(), rows.to_json());
}

#[test]
fn views_cover_the_tables_that_are_there() {
    let engine = memory();
    for (name, sql) in [
        ("x_day_1", "SELECT 'a' AS id, 1 AS m"),
        ("x_day_12", "SELECT 'b' AS id, 2.5 AS n"),
        ("y_day_3", "SELECT 'c' AS id"),
    ] {
        engine.execute(&statement(sql, Target::Table(table(name)))).unwrap();
    }
    let sql = "SELECT *, CAST(REGEXP_EXTRACT(_TABLE_SUFFIX, r'[0-9]+$') AS INT64) AS window_index FROM `our-project.results.x_day_*`";
    engine.execute(&statement(sql, Target::View(table("x_day")))).unwrap();
    let found = engine
        .query("case", "SELECT * FROM `our-project.results.x_day` ORDER BY id")
        .unwrap();
    let names: Vec<&str> = found.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id", "m", "n", "window_index"]);
    assert_eq!(
        found.to_json()["rows"],
        json!([["a", 1, null, 1], ["b", null, 2.5, 12]])
    );
    let faults = engine
        .query("case", "SELECT * FROM `our-project.results.z_*`")
        .unwrap_err();
    assert_eq!(faults.0[0].message, "no table is called `our-project.results.z_*`");
}

#[test]
fn a_folder_holds_a_file_per_project() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path(), Access::Write);
    engine
        .execute(&statement("SELECT 1 AS x", Target::Table(table("t"))))
        .unwrap();
    engine
        .execute(&statement(
            "SELECT x FROM `our-project.results.t`",
            Target::View(table("v")),
        ))
        .unwrap();
    drop(engine);
    assert!(folder.path().join("our-project.duckdb").exists());

    // Readers share a database; nobody writes meanwhile.
    let (one, two) = (open(folder.path(), Access::Read), open(folder.path(), Access::Read));
    assert_eq!(rows(&one, "SELECT x FROM `our-project.results.v`"), json!([[1]]));
    assert_eq!(rows(&two, "SELECT x FROM `our-project.results.v`"), json!([[1]]));
    let faults = one
        .execute(&statement("SELECT 1 AS x", Target::Table(table("t"))))
        .unwrap_err();
    assert!(faults.0[0].message.contains("is open for reading only"));

    let faults = DuckDb::open(
        &folder.path().join("nowhere"),
        Functions::load(&[]).unwrap(),
        Access::Read,
        &Limits::default(),
    );
    assert_eq!(faults.err().unwrap().0[0].code.kind(), Kind::Unreachable);
    std::fs::write(folder.path().join("broken.duckdb"), "no database").unwrap();
    let faults = DuckDb::open(
        folder.path(),
        Functions::load(&[]).unwrap(),
        Access::Read,
        &Limits::default(),
    );
    assert_eq!(faults.err().unwrap().0[0].code.kind(), Kind::Unreachable);
}

#[test]
fn limits_are_checked() {
    let limits = |memory: &str| Limits {
        memory: Some(memory.into()),
        threads: Some(1),
    };
    let functions = Functions::load(&[]).unwrap();
    assert!(DuckDb::in_memory(functions.clone(), &limits("1GB")).is_ok());
    let faults = DuckDb::in_memory(functions, &limits("much")).err().unwrap();
    assert_eq!(faults.0[0].code.kind(), Kind::Input);
}
