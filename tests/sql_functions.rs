//! Every function and construct of BigQuery SQL that the embedded engine knows, with the values that BigQuery gives.

#[path = "equality/mod.rs"]
mod equality;

use std::sync::Arc;

use equality::functions::{BUILT_IN, CASES, check};
use equality::mozilla::{MOZILLA, NAMED};
use isobar::diagnostics::Source;
use isobar::sql::duckdb::{Functions, translate};
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Value, Warehouse};
use proptest::prelude::*;

fn engine() -> DuckDb {
    DuckDb::in_memory(Functions::load(&[]).unwrap(), &Limits::default()).unwrap()
}

#[test]
fn functions_mean_what_they_mean_in_bigquery() {
    let engine = engine();
    // DATETIME and TIMESTAMP are one type in DuckDB.
    let known_as = |types: &str| types.replace("DATETIME", "TIMESTAMP");
    let faults: Vec<String> = (CASES.iter().chain(MOZILLA))
        .flat_map(|case| {
            let rows = engine.query("case", &format!("SELECT {}", case.0));
            check(rows.map_err(|faults| faults.to_string()), case, known_as)
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every function that configs or our own statements call has a case: its name stands before a parenthesis in one.
#[test]
fn every_function_of_the_corpus_has_a_case() {
    let lists: Vec<String> = CASES
        .iter()
        .chain(MOZILLA)
        .map(|(list, _, _)| list.replace('`', ""))
        .collect();
    let is_called = |name: &&&str| {
        let calls = [format!("{name}("), format!("{name}<")];
        lists
            .iter()
            .any(|list| calls.iter().any(|call| list.contains(call.as_str())))
    };
    let missing: Vec<&&str> = BUILT_IN.iter().chain(NAMED).filter(|name| !is_called(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// What the translation does not know is a fault at its place, with the nearest name where there is one.
#[test]
fn unknown_constructs_are_located() {
    let functions = Functions::load(&[]).unwrap();
    for (sql, wanted) in [
        (
            "SELECT 1,\n  COALSCE(a, 1)",
            "2:3 the embedded engine does not know the function `COALSCE` (a function with a similar name is `COALESCE`)",
        ),
        (
            "SELECT FARM_FINGERPRINT('a'), CAST(1 AS GEOGRAPHY)",
            "1:8 the embedded engine does not know the function `FARM_FINGERPRINT`; \
             1:36 the embedded engine does not know the type `GEOGRAPHY`",
        ),
        (
            "SELECT mozfun.map.get_kye(m, 'a') FROM `p.d.t`",
            "1:8 the embedded engine does not know the function `MOZFUN.MAP.GET_KYE` (a function with a similar name is `mozfun.map.get_key`)",
        ),
        ("SELECT ROUND(1, 2, 3)", "1:8 `ROUND` takes 1 to 2 arguments, not 3"),
        (
            "SELECT JSON_VALUE(x, 'a')",
            "1:8 `a` is not a JSON path (a path looks like `$.field`, `$.\"a field\"`, `$['a field']` or `$[0]`)",
        ),
        ("SELECT '\\q'", "1:8 `\\q` is not an escape"),
        (
            "SELECT * FROM `p.d.t_*`",
            "1:15 the embedded engine does not know wildcard tables without a database to look into",
        ),
        (
            "SELECT REGEXP_EXTRACT(x, '(a)(b)')",
            "1:8 the pattern of `REGEXP_EXTRACT` has 2 groups (`(?:...)` groups without extracting)",
        ),
        (
            "DELETE FROM `p.d.t` WHERE TRUE",
            "1:1 the embedded engine does not know a statement that is not a query",
        ),
        (
            "SELECT DATE(t, 'Europe/Berlin') FROM x",
            "1:8 the embedded engine does not know time zones other than UTC",
        ),
    ] {
        let source = Arc::new(Source {
            path: "case.sql".into(),
            text: sql.into(),
        });
        let faults = translate(&source, &functions, None).unwrap_err();
        let found: Vec<String> = (faults.0.iter())
            .map(|fault| {
                assert_eq!(fault.code.as_str(), "E0302", "{sql}");
                let (line, column) = fault.span.as_ref().map_or((0, 0), |span| span.line_column());
                let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                format!("{line}:{column} {}{help}", fault.message)
            })
            .collect();
        assert_eq!(found.join("; "), wanted, "{sql}");
    }
}

/// A user's definitions come before ours, and may call each other in any order; those that are not SQL are refused.
#[test]
fn functions_of_users() {
    let load = |text: &str| {
        let source = Arc::new(Source {
            path: "own.sql".into(),
            text: text.into(),
        });
        Functions::load(&[source])
    };
    let functions = load(
        "CREATE FUNCTION `a-b.c.twice`(x ANY TYPE) AS (once(x) * 2); CREATE TEMP FUNCTION once(x INT64) AS (x + 1);\n\
         CREATE FUNCTION mozfun.norm.os(os STRING) AS (CONCAT('ours ', os));",
    );
    let engine = DuckDb::in_memory(functions.unwrap(), &Limits::default()).unwrap();
    let rows = engine
        .query("case", "SELECT `a-b`.c.twice(1), `mozfun.norm.os`('x')")
        .unwrap();
    assert_eq!(rows.to_json()["rows"], serde_json::json!([[4, "ours x"]]));

    let faults =
        load("CREATE FUNCTION f(x INT64) RETURNS INT64 LANGUAGE js AS 'return x';\nCREATE FUNCTION g() AS (WHAT());")
            .unwrap_err();
    let messages: Vec<&str> = faults.0.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the embedded engine can't run `f`, which is not a SQL function",
            "the embedded engine does not know the function `WHAT`"
        ]
    );
}

/// What the column is called does not depend on the engine.
#[test]
fn columns_without_an_alias_have_bigquery_names() {
    let rows = engine()
        .query(
            "case",
            "SELECT 1, t.a.b, t.a, COUNT(*), [t.a][OFFSET(0)].c FROM (SELECT STRUCT(1 AS b, 2 AS c) AS a) AS t GROUP BY ALL",
        )
        .unwrap();
    let names: Vec<&str> = rows.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["f0_", "b", "a", "f1_", "c"]);
}

proptest! {
    /// No text that a literal can hold is changed, and none ends the literal.
    #[test]
    fn strings_survive(text in "[^\\x00]{0,40}") {
        let literal = isobar::sql::render::string_literal(&text);
        let rows = ENGINE.with(|engine| engine.query("case", &format!("SELECT {literal} AS x, r'''a{}''' AS y", text.replace(['\'', '\\'], "")))).unwrap();
        prop_assert_eq!(&rows.rows[0][0], &Value::String(text.clone()));
    }

    /// Any name can be a column's.
    #[test]
    fn names_survive(name in "[a-zA-Z_\"' é.-]{1,12}") {
        let rows = ENGINE.with(|engine| engine.query("case", &format!("SELECT `{name}` FROM (SELECT 1 AS `{name}`)"))).unwrap();
        prop_assert_eq!(&rows.columns[0].0, &name);
    }
}

thread_local! {
    static ENGINE: DuckDb = engine();
}
