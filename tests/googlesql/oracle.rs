//! Talks to the engine in `engine/`, which runs Google's analyzer and reference implementation of GoogleSQL in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use isobar::sql::types::Type;
use isobar::warehouse::decode::decode;
use isobar::warehouse::{Rows, Value};
use serde_json::{Value as Json, json};

/// Names and type names, in order.
pub type Columns = Vec<(String, String)>;

/// The Python that has the engine's packages, as `scripts/test` sets it.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("ISOBAR_GOOGLESQL").map(PathBuf::from);
    if python.is_none() {
        println!("skipped: ISOBAR_GOOGLESQL names no Python with GoogleSQL (`scripts/test` sets it)");
    }
    python
}

/// One process with its own tables and functions.
pub struct Oracle {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts a process without tables.
    pub fn start(python: &Path) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/googlesql/engine/serve.py");
        let mut process = Command::new(python)
            .arg("-B")
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    /// Forgets all tables and functions.
    pub fn clear(&mut self) {
        self.demand(&json!({ "clear": true }));
    }

    /// Adds functions from `CREATE FUNCTION` statements; the last of a name counts.
    pub fn functions(&mut self, text: &str) {
        self.demand(&json!({ "functions": text }));
    }

    /// Adds tables with their rows.
    pub fn tables<'a>(&mut self, tables: impl IntoIterator<Item = (String, &'a Rows)>) {
        let tables = tables.into_iter().map(|(name, rows)| {
            let columns: Vec<Json> = (rows.columns.iter())
                .map(|(name, kind)| json!([name, kind.to_string()]))
                .collect();
            let kinds = || rows.columns.iter().map(|(_, kind)| kind);
            let rows = rows.rows.iter();
            let rows: Vec<Json> = rows
                .map(|row| {
                    row.iter()
                        .zip(kinds())
                        .map(|(value, kind)| encode(value, kind))
                        .collect()
                })
                .collect();
            (name, json!({ "columns": columns, "rows": rows }))
        });
        let tables: serde_json::Map<String, Json> = tables.collect();
        self.demand(&json!({ "tables": tables }));
    }

    /// Adds tables without rows.
    pub fn schemas(&mut self, tables: &[(String, Columns)]) {
        let tables = tables
            .iter()
            .map(|(name, columns)| (name.clone(), json!({ "columns": columns })));
        let tables: serde_json::Map<String, Json> = tables.collect();
        self.demand(&json!({ "tables": tables }));
    }

    /// The columns of a query, or why it is refused.
    pub fn analyze(&mut self, sql: &str) -> Result<Columns, String> {
        let answer = self.ask(&json!({ "analyze": sql }))?;
        Ok(serde_json::from_value(answer["columns"].clone()).unwrap())
    }

    /// The rows of a query, or why it is refused or fails.
    pub fn query(&mut self, sql: &str) -> Result<Rows, String> {
        let answer = self.ask(&json!({ "query": sql }))?;
        let columns: Columns = serde_json::from_value(answer["columns"].clone()).unwrap();
        let columns: Vec<(String, Type)> = (columns.into_iter())
            .map(|(name, kind)| Ok((name, Type::parse(&kind)?)))
            .collect::<Result<_, String>>()?;
        let rows = answer["rows"].as_array().unwrap().iter();
        let rows = rows.map(|row| {
            let cells = row.as_array().unwrap().iter().zip(&columns);
            cells.map(|(cell, (_, kind))| decode(cell, kind)).collect()
        });
        let rows = rows.collect::<Result<_, String>>()?;
        Ok(Rows { columns, rows })
    }

    /// Whether a `CREATE FUNCTION` statement is accepted as it stands, and why not.
    pub fn accept(&mut self, sql: &str) -> Result<(), String> {
        self.ask(&json!({ "accept": sql })).map(|_| ())
    }

    /// The answer to a request that can't be refused.
    fn demand(&mut self, request: &Json) -> Json {
        self.ask(request).unwrap()
    }

    fn ask(&mut self, request: &Json) -> Result<Json, String> {
        writeln!(self.input, "{request}").unwrap();
        self.input.flush().unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the GoogleSQL engine has ended");
        let answer: Json = serde_json::from_str(&line).unwrap();
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap().to_string()),
            None => Ok(answer),
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A value as the engine reads it: a STRUCT as a list, since names of fields may repeat, and JSON as its text.
fn encode(value: &Value, kind: &Type) -> Json {
    match (value, kind) {
        (Value::Struct(values), Type::Struct(fields)) => (values.iter().zip(fields))
            .map(|(value, (_, kind))| encode(value, kind))
            .collect(),
        (Value::Array(items), Type::Array(element)) => items.iter().map(|item| encode(item, element)).collect(),
        (Value::Json(text), _) => Json::from(text.as_str()),
        (value, kind) => value.to_json(kind),
    }
}
