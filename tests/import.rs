//! `isobar import` and `isobar query`: what goes in comes out, and what does not fit changes nothing.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const TABLE: &str = "moz-fx-data-shared-prod.telemetry.events";

/// A folder with files and a database beside them.
struct Place(tempfile::TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            std::fs::write(place.0.path().join(name), text).unwrap();
        }
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn isobar(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_isobar"))
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    fn import(&self, more: &[&str]) -> Output {
        self.isobar(&[&["import", "--database", "db", "--table", TABLE], more].concat(), "")
    }

    fn query(&self, sql: &str, format: &str) -> Output {
        self.isobar(&["query", "--database", "db", "--format", format, "-"], sql)
    }

    fn rows(&self, sql: &str) -> Value {
        let output = self.query(sql, "json");
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const SCHEMA: &str = r#"[["id", "STRING"], ["n", "INT64"], ["x", "FLOAT64"], ["day", "DATE"], ["at", "TIMESTAMP"],
    ["map", "ARRAY<STRUCT<key STRING, value STRING>>"], ["doc", "JSON"], ["raw", "BYTES"], ["ok", "BOOL"]]"#;

#[test]
fn rows_come_back_with_their_types() {
    let lines = concat!(
        r#"{"id": "a", "n": 9007199254740993, "x": "NaN", "day": "2024-02-29", "at": "2024-01-01 00:00:00+02:00", "#,
        r#""map": [["k", "v"], {"key": "l"}], "doc": "{\"b\": [1]}", "raw": "//8=", "ok": true}"#,
        "\n\n",
        r#"{"ID": "é'\n", "doc": {"c": null}}"#,
        "\n"
    );
    let place = Place::new(&[("schema.json", SCHEMA), ("rows.ndjson", lines)]);
    let output = place.import(&["--schema", "schema.json", "rows.ndjson"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    let expected = json!({
        "columns": [["id", "STRING"], ["n", "INT64"], ["x", "FLOAT64"], ["day", "DATE"], ["at", "TIMESTAMP"],
            ["map", "ARRAY<STRUCT<key STRING, value STRING>>"], ["doc", "JSON"], ["raw", "BYTES"], ["ok", "BOOL"]],
        "rows": [
            ["a", 9007199254740993i64, "NaN", "2024-02-29", "2023-12-31T22:00:00Z",
                [{"key": "k", "value": "v"}, {"key": "l", "value": null}], {"b": [1]}, "//8=", true],
            ["é'\n", null, null, null, null, null, {"c": null}, null, null],
        ],
    });
    assert_eq!(
        place.rows(&format!("SELECT * FROM `{TABLE}` ORDER BY id")).to_string(),
        expected.to_string()
    );
}

#[test]
fn schema_json_of_bigquery_and_csv() {
    let schema = r#"{"fields": [{"name": "id", "type": "STRING", "mode": "REQUIRED"}, {"name": "tags", "type": "INTEGER", "mode": "REPEATED"},
        {"name": "s", "type": "RECORD", "fields": [{"name": "a", "type": "FLOAT"}]}]}"#;
    let place = Place::new(&[
        ("schema.json", schema),
        ("rows.csv", "s,id\n\"{\"\"a\"\": 1.5}\",\"x,\ny\"\n,\"\"\n"),
    ]);
    let output = place.import(&["--schema", "schema.json", "rows.csv"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let found = place.rows(&format!("SELECT * FROM `{TABLE}` ORDER BY id"));
    assert_eq!(found["rows"], json!([["", null, null], ["x,\ny", null, {"a": 1.5}]]));
    assert_eq!(found["columns"][1], json!(["tags", "ARRAY<INT64>"]));
}

#[test]
fn types_are_inferred_and_files_unpacked() {
    let place = Place::new(&[("a.csv", "id,n,day\nx,1,2024-01-02\ny,,2024-01-03\n")]);
    assert!(
        Command::new("gzip")
            .arg(place.path().join("a.csv"))
            .status()
            .unwrap()
            .success()
    );
    let output = place.import(&["a.csv.gz"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let columns = place.rows(&format!("SELECT * FROM `{TABLE}`"))["columns"].clone();
    assert_eq!(columns, json!([["id", "STRING"], ["n", "INT64"], ["day", "DATE"]]));

    std::fs::write(
        place.path().join("schema.json"),
        r#"[["n", "FLOAT64"], ["id", "STRING"]]"#,
    )
    .unwrap();
    std::fs::write(place.path().join("b.csv"), "n,id\n2,z\n").unwrap();
    assert!(
        Command::new("gzip")
            .arg(place.path().join("b.csv"))
            .status()
            .unwrap()
            .success()
    );
    assert!(place.import(&["--schema", "schema.json", "b.csv.gz"]).status.success());
    assert_eq!(
        place.rows(&format!("SELECT * FROM `{TABLE}`"))["rows"],
        json!([[2.0, "z"]])
    );
}

#[test]
fn a_bad_row_names_its_line_and_changes_nothing() {
    let place = Place::new(&[
        ("schema.json", r#"[["id", "STRING"], ["n", "INT64"]]"#),
        ("good.ndjson", "{\"id\": \"a\", \"n\": 1}\n"),
        (
            "bad.ndjson",
            "{\"id\": \"b\", \"n\": 2}\n{\"id\": \"c\", \"n\": \"many\"}\n{\"idd\": \"c\"}\n{\n",
        ),
        ("bad.csv", "id,n\na,1\nb,2,3\nc,1.5\n"),
        ("other.csv", "id,m\na,1\n"),
        ("rows.txt", ""),
        ("broken.json", "[[\"a\", \"INT\"], [\"a\", \"STRNG\"], 3]"),
    ]);
    assert!(
        place
            .import(&["--schema", "schema.json", "good.ndjson"])
            .status
            .success()
    );
    for (arguments, messages) in [
        (
            &["--schema", "schema.json", "good.ndjson", "bad.ndjson"][..],
            &[
                "error[E0504]: bad.ndjson:2: n: `\"many\"` is not a INT64",
                "bad.ndjson:3: `idd` is not a field",
                "bad.ndjson:4: the row is not JSON",
            ][..],
        ),
        (
            &["--schema", "schema.json", "bad.csv"],
            &[
                "bad.csv:3: 3 cells, the first line has 2",
                "bad.csv:4: n: `1.5` is not a INT64",
            ],
        ),
        (
            &["--schema", "schema.json", "other.csv"],
            &["other.csv:1: `m` is not a column of the schema"],
        ),
        (&["rows.txt"], &["`rows.txt` is of an unknown kind"]),
        (&["missing.csv"], &["can't read `missing.csv`"]),
        (
            &["--schema", "broken.json", "good.ndjson"],
            &["`STRNG` is not a type", "`3` has no name"],
        ),
    ] {
        let output = place.import(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        for message in messages {
            assert!(
                stderr(&output).contains(message),
                "{message} is not in {}",
                stderr(&output)
            );
        }
        assert_eq!(
            place.rows(&format!("SELECT * FROM `{TABLE}`"))["rows"],
            json!([["a", 1]])
        );
    }
}

#[test]
fn queries_are_printed_in_three_forms() {
    let place = Place::new(&[("good.ndjson", "{\"id\": \"a\", \"n\": 1}\n{\"id\": \"b,c\"}\n")]);
    assert!(place.import(&["good.ndjson"]).status.success());
    let sql = format!("SELECT id, n, n / 2 FROM `{TABLE}` ORDER BY id");
    let text = |format: &str| String::from_utf8(place.query(&sql, format).stdout).unwrap();
    assert_eq!(text("csv"), "id,n,f0_\na,1,0.5\n\"b,c\",,\n");
    assert_eq!(
        text("table"),
        "id      n   f0_\n---  ----  ----\na       1   0.5\nb,c  NULL  NULL\n"
    );
    assert_eq!(
        text("json"),
        "{\"columns\":[[\"id\",\"STRING\"],[\"n\",\"INT64\"],[\"f0_\",\"FLOAT64\"]],\"rows\":[[\"a\",1,0.5],[\"b,c\",null,null]]}\n"
    );
}

#[test]
fn bad_queries_are_explained() {
    let place = Place::new(&[
        ("good.ndjson", "{\"id\": \"a\", \"n\": 1}\n"),
        ("own.sql", "CREATE FUNCTION a.b.c(x ANY TYPE) AS (x + 1);"),
    ]);
    assert!(place.import(&["good.ndjson"]).status.success());
    for (sql, code, messages) in [
        (
            "SELECT *\nFROM `moz-fx-data-shared-prod.telemetry.event`",
            2,
            &[
                "there is no table",
                "<stdin>:2:6",
                "a table with a similar name is `moz-fx-data-shared-prod.telemetry.events`",
            ][..],
        ),
        (
            "SELECT idd FROM `moz-fx-data-shared-prod.telemetry.events`",
            2,
            &[
                "there is no column `idd`",
                "<stdin>:1:8",
                "a column with a similar name is `id`",
            ],
        ),
        ("SELECT 1 / 0", 2, &["division by zero"]),
        ("SELECT CAST('x' AS INT64)", 2, &["not an INT64: x"]),
        ("SELECT (", 2, &["does not parse"]),
        ("SELECT 1; SELECT 2", 2, &["one statement is wanted, there are 2"]),
    ] {
        let output = place.query(sql, "json");
        assert_eq!(output.status.code(), Some(code), "{sql}");
        assert!(output.stdout.is_empty());
        for message in messages {
            assert!(
                stderr(&output).contains(message),
                "{message} is not in {}",
                stderr(&output)
            );
        }
    }
    let output = place.isobar(
        &[
            "query",
            "--database",
            "db",
            "--functions",
            "own.sql",
            "--format",
            "csv",
            "SELECT a.b.c(1) AS x",
        ],
        "",
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "x\n2\n");
    let output = place.isobar(&["query", "--database", "nowhere", "SELECT 1"], "");
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("can't open the database `nowhere`"));
}
