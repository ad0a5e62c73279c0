//! Whole queries: clauses and joins that the embedded engine rewrites, with the rows that BigQuery returns.

use isobar::sql::duckdb::Functions;
use isobar::sql::types::Type;
use isobar::warehouse::duckdb::Limits;
use isobar::warehouse::{DuckDb, Value, Warehouse};
use serde_json::Value as Json;

/// Queries, their columns and their rows as JSON in any order (a STRUCT is a list), as Google's reference implementation of GoogleSQL
/// gives them.
const CASES: &[(&str, &str, &str)] = &[
    (
        "WITH t AS (SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y' UNION ALL SELECT NULL, 'z') SELECT * EXCEPT (b) FROM t",
        "a INT64",
        "[[1], [2], [null]]",
    ),
    (
        "WITH t AS (SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, 'y') SELECT * REPLACE (a * 10 AS a) FROM t",
        "a INT64, b STRING",
        r#"[[10, "x"], [20, "y"]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT 1 UNION ALL SELECT 2) SELECT a FROM t GROUP BY ALL",
        "a INT64",
        "[[1], [2]]",
    ),
    (
        "WITH t AS (SELECT 1 AS a UNION DISTINCT SELECT 1), u AS (SELECT 1 AS a) SELECT a FROM t EXCEPT DISTINCT SELECT 2",
        "a INT64",
        "[[1]]",
    ),
    (
        "WITH t AS (SELECT 1 AS a, 5 AS b UNION ALL SELECT 1, 7 UNION ALL SELECT 2, 3) SELECT a, b FROM t WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY a ORDER BY b DESC) = 1",
        "a INT64, b INT64",
        "[[1, 7], [2, 3]]",
    ),
    (
        "WITH t AS (SELECT DATE '2024-01-02' AS day, TIMESTAMP '2024-01-01 05:00:00' AS stamp) SELECT DATE(stamp) AS day, COUNT(*) AS n FROM t GROUP BY day",
        "day DATE, n INT64",
        r#"[["2024-01-01", 1]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS a, [STRUCT('k' AS key, 2 AS value), ('l', 3)] AS m) SELECT t.a, e.key, value FROM t, UNNEST(m) AS e",
        "a INT64, key STRING, value INT64",
        r#"[[1, "k", 2], [1, "l", 3]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS a, [STRUCT('k' AS key, 2 AS value), ('l', 3)] AS m UNION ALL SELECT 2, NULL) SELECT t.a, e.value FROM t LEFT JOIN UNNEST(t.m) AS e ON e.key = 'l'",
        "a INT64, value INT64",
        "[[1, 3], [2, null]]",
    ),
    (
        "WITH t AS (SELECT 1 AS a, [STRUCT('k' AS key, 2 AS value)] AS m) SELECT t.a, e.value FROM t, t.m AS e",
        "a INT64, value INT64",
        "[[1, 2]]",
    ),
    (
        "WITH t AS (SELECT 1 AS a, [STRUCT('k' AS key, 2 AS value)] AS m) SELECT key, value FROM t CROSS JOIN UNNEST(m)",
        "key STRING, value INT64",
        r#"[["k", 2]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS a, ['p', 'q'] AS m) SELECT e, o FROM t CROSS JOIN UNNEST(m) AS e WITH OFFSET AS o",
        "e STRING, o INT64",
        r#"[["p", 0], ["q", 1]]"#,
    ),
    (
        "WITH t AS (SELECT [STRUCT('k' AS key, 2 AS value)] AS m) SELECT e.* FROM t, UNNEST(m) AS e",
        "key STRING, value INT64",
        r#"[["k", 2]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS id, 'a' AS x), u AS (SELECT 1 AS id, 'b' AS y UNION ALL SELECT 2, 'c') SELECT * FROM t FULL OUTER JOIN u USING (id)",
        "id INT64, x STRING, y STRING",
        r#"[[1, "a", "b"], [2, null, "c"]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS id), u AS (SELECT 1 AS id, 'b' AS y) SELECT t.*, u.* EXCEPT (id), FROM t LEFT JOIN u ON t.id = u.id",
        "id INT64, y STRING",
        r#"[[1, "b"]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS x, 10 AS v UNION ALL SELECT 2, 20 UNION ALL SELECT 3, 5) SELECT x, SUM(v) OVER (ORDER BY x) AS running, LAG(v) OVER (ORDER BY x) AS prev, NTILE(2) OVER (ORDER BY x) AS tile, COUNT(*) OVER () AS n, MIN(v) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS low FROM t",
        "x INT64, running INT64, prev INT64, tile INT64, n INT64, low INT64",
        "[[1, 10, null, 1, 3, 10], [2, 30, 10, 1, 3, 10], [3, 35, 20, 2, 3, 5]]",
    ),
    (
        "WITH t AS (SELECT 1 AS x, 10.0 AS v UNION ALL SELECT 2, CAST('nan' AS FLOAT64) UNION ALL SELECT 3, 5.0) SELECT x, MIN(v) OVER (ORDER BY x) AS low FROM t",
        "x INT64, low FLOAT64",
        r#"[[1, 10.0], [2, "NaN"], [3, "NaN"]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS x, NULL AS v UNION ALL SELECT 2, 7 UNION ALL SELECT 3, NULL) SELECT x, FIRST_VALUE(v IGNORE NULLS) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS f, LAST_VALUE(v IGNORE NULLS) OVER (ORDER BY x) AS l FROM t",
        "x INT64, f INT64, l INT64",
        "[[1, 7, null], [2, 7, 7], [3, 7, 7]]",
    ),
    (
        "WITH t AS (SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) SELECT DISTINCT PERCENTILE_CONT(x, 0.3) OVER () AS c, PERCENTILE_DISC(x, 0.3) OVER () AS d FROM t",
        "c FLOAT64, d INT64",
        "[[1.9, 2]]",
    ),
    (
        "WITH t AS (SELECT 3 AS x UNION ALL SELECT NULL UNION ALL SELECT 1) SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY x) AS a, COUNT(x) AS n, COUNTIF(x > 1) AS m, SUM(IF(x > 1, x, 0)) AS s FROM t",
        "a ARRAY<INT64>, n INT64, m INT64, s INT64",
        "[[[1, 3], 2, 1, 3]]",
    ),
    (
        "WITH t AS (SELECT 'a' AS g, 'p' AS k, 1 AS v UNION ALL SELECT 'a', 'q', 2 UNION ALL SELECT 'b', 'p', 3) SELECT * FROM t PIVOT (SUM(v) FOR k IN ('p', 'q' AS other))",
        "g STRING, p INT64, other INT64",
        r#"[["a", 1, 2], ["b", 3, null]]"#,
    ),
    (
        "WITH t AS (SELECT 'a' AS g, 1 AS v UNION ALL SELECT 'a', 2) SELECT g, SUM(v) AS s FROM t GROUP BY g HAVING SUM(v) > 2 AND s < 9",
        "g STRING, s INT64",
        r#"[["a", 3]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS a), u AS (SELECT a + 1 AS b FROM t) SELECT (SELECT MAX(b) FROM u WHERE b > t.a) AS m, a IN (SELECT b FROM u) AS i, EXISTS(SELECT 1 FROM u WHERE u.b = t.a + 1) AS e FROM t",
        "m INT64, i BOOL, e BOOL",
        "[[2, false, true]]",
    ),
    (
        "WITH t AS (SELECT STRUCT(1 AS x, STRUCT('q' AS z) AS y) AS s) SELECT s.x, s.y.z, s.y FROM t",
        "x INT64, z STRING, y STRUCT<z STRING>",
        r#"[[1, "q", ["q"]]]"#,
    ),
    (
        "WITH t AS (SELECT 1 AS x UNION ALL SELECT 2) SELECT x, SUM(x) OVER w AS s FROM t WINDOW w AS (ORDER BY x)",
        "x INT64, s INT64",
        "[[1, 1], [2, 3]]",
    ),
    (
        "SELECT SUM(DATE_DIFF(d, '2024-01-01', DAY)) AS s, MAX(DATE_ADD(d, INTERVAL 1 MONTH)) AS m, DATE_SUB(MIN(d), INTERVAL 1 DAY) AS l FROM UNNEST([DATE '2024-01-31', DATE '2024-02-01']) AS d",
        "s INT64, m DATE, l DATE",
        r#"[[61, "2024-03-01", "2024-01-30"]]"#,
    ),
    (
        "SELECT a.x, (SELECT SUM(value) FROM UNNEST(a.h)) AS s FROM (SELECT 1 AS x, [STRUCT(1 AS key, 5 AS value), (2, 6)] AS h) AS a",
        "x INT64, s INT64",
        "[[1, 11]]",
    ),
    (
        "SELECT SAFE_DIVIDE(SUM(x), COUNT(x)) AS r, SAFE_DIVIDE(SUM(x), COUNTIF(x > 5)) AS z, LEAST(SUM(x), 2) AS l, CAST(LOGICAL_OR(x > 1) AS INT64) AS b, CAST(AVG(x) AS INT64) AS a FROM UNNEST([1, 2]) AS x",
        "r FLOAT64, z FLOAT64, l INT64, b INT64, a INT64",
        "[[1.5, null, 2, 1, 2]]",
    ),
    (
        "SELECT CAST(SUM(x) AS STRING) AS s, ROUND(AVG(x), 1) AS r, MAX(x) / MIN(x) AS q FROM UNNEST([1.0, 4.0]) AS x",
        "s STRING, r FLOAT64, q FLOAT64",
        r#"[["5", 2.5, 4.0]]"#,
    ),
];

fn listed(value: &Value, kind: &Type) -> Json {
    match (value, kind) {
        (Value::Struct(values), Type::Struct(fields)) => values
            .iter()
            .zip(fields)
            .map(|(value, (_, kind))| listed(value, kind))
            .collect(),
        (Value::Array(items), Type::Array(element)) => items.iter().map(|item| listed(item, element)).collect(),
        (value, kind) => value.to_json(kind),
    }
}

#[test]
fn queries_return_the_rows_of_bigquery() {
    let engine = DuckDb::in_memory(Functions::load(&[]).unwrap(), &Limits::default()).unwrap();
    let mut faults = Vec::new();
    for (sql, columns, expected) in CASES {
        let found = match engine.query("case", sql) {
            Ok(found) => found,
            Err(fault) => {
                faults.push(format!("{sql}: {fault}"));
                continue;
            }
        };
        let names: Vec<String> = found
            .columns
            .iter()
            .map(|(name, kind)| format!("{name} {kind}"))
            .collect();
        if names.join(", ") != *columns {
            faults.push(format!(
                "{sql}: the columns are {}, expected {columns}",
                names.join(", ")
            ));
        }
        let mut rows: Vec<String> = (found.rows.iter())
            .map(|row| {
                let cells = row.iter().zip(&found.columns);
                cells
                    .map(|(value, (_, kind))| listed(value, kind))
                    .collect::<Json>()
                    .to_string()
            })
            .collect();
        rows.sort();
        let wanted: Vec<Json> = serde_json::from_str(expected).unwrap();
        let mut wanted: Vec<String> = wanted.iter().map(Json::to_string).collect();
        wanted.sort();
        if rows != wanted {
            faults.push(format!("{sql}: {rows:?}, expected {wanted:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
