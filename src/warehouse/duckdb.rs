//! The embedded engine: a folder with one DuckDB file per project, attached under the project's name.
//!
//! Statements are BigQuery SQL and are translated here; values go in and out as [`Rows`].

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duckdb::{Config, Connection};
use sqlparser::ast::{ObjectName, visit_relations};

use super::staging::Staging;
use super::values::value;
use super::{Executed, Rows, Visit, Warehouse};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Source, Span, nearest};
use crate::sql::duckdb::{Functions, parse, quote_name, quote_string, setup_sql, translate};
use crate::sql::script::{Statement, TableName, Target};
use crate::sql::types::Type;

/// What a connection may do with the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read the projects that are there; several processes may.
    Read,
    /// Also write, and create projects that are not there.
    Write,
}

/// Limits of the engine. What is not set is the engine's own choice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Memory, such as `4GB`; work beyond it goes to temporary files.
    pub memory: Option<String>,
    /// Threads.
    pub threads: Option<usize>,
}

/// DuckDB as a [`Warehouse`].
pub struct DuckDb {
    pub(super) connection: Connection,
    functions: Functions,
    /// None: projects live in memory.
    folder: Option<PathBuf>,
    access: Access,
    projects: RefCell<BTreeSet<String>>,
}

impl DuckDb {
    /// Opens a folder and attaches every `<project>.duckdb` in it.
    pub fn open(folder: &Path, functions: Functions, access: Access, limits: &Limits) -> Result<Self> {
        let entries = std::fs::read_dir(folder).map_err(|error| {
            Diagnostic::error(Code::Unreachable, format!("can't open the database `{}`: {error}", folder.display()))
                .with_help("a database is a folder with one file `<project>.duckdb` per project; `isobar import` and `isobar demo` make one")
        })?;
        let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "duckdb"));
        files.sort();
        let engine = Self::start(functions, Some(folder.to_path_buf()), access, limits)?;
        for file in files {
            if let Some(project) = file.file_stem().and_then(|stem| stem.to_str()) {
                engine.attach(project)?;
            }
        }
        Ok(engine)
    }

    /// An engine whose projects live in memory.
    pub fn in_memory(functions: Functions, limits: &Limits) -> Result<Self> {
        Self::start(functions, None, Access::Write, limits)
    }

    fn start(functions: Functions, folder: Option<PathBuf>, access: Access, limits: &Limits) -> Result<Self> {
        let unusable =
            |error: duckdb::Error| Diagnostic::error(Code::Unreachable, format!("can't start DuckDB: {error}"));
        let config = Config::default()
            .enable_autoload_extension(false)
            .and_then(|config| config.with("autoinstall_known_extensions", "false"))
            .map_err(unusable)?;
        let connection = Connection::open_in_memory_with_flags(config).map_err(unusable)?;
        let mut settings = String::from("SET preserve_insertion_order = true;");
        if let Some(temporary) = std::env::temp_dir().to_str().and_then(quote_string) {
            settings.push_str(&format!("SET temp_directory = {temporary};"));
        }
        if let Some(threads) = limits.threads {
            settings.push_str(&format!("SET threads = {};", threads.max(1)));
        }
        if let Some(memory) = limits.memory.as_deref().and_then(quote_string) {
            settings.push_str(&format!("SET memory_limit = {memory};"));
        }
        connection.execute_batch(&settings).map_err(|error| {
            Diagnostic::error(
                Code::Usage,
                format!("DuckDB refuses the limits: {}", first_line(&error)),
            )
        })?;
        let setup = setup_sql(&functions);
        connection.execute_batch(&setup).map_err(|error| {
            Diagnostic::error(
                Code::Untranslatable,
                format!("DuckDB refuses a function: {}", first_line(&error)),
            )
        })?;
        Ok(Self {
            connection,
            functions,
            folder,
            access,
            projects: RefCell::default(),
        })
    }

    /// Attaches a project, and creates its file when it is not there.
    fn attach(&self, project: &str) -> Result<()> {
        if self.projects.borrow().contains(project) {
            return Ok(());
        }
        let sql = match &self.folder {
            None => format!("ATTACH ':memory:' AS {}", quote_name(project)),
            Some(folder) => {
                let path = folder.join(format!("{project}.duckdb"));
                let Some(path) = path.to_str().and_then(quote_string) else {
                    return Err(Diagnostic::error(
                        Code::Unreachable,
                        format!("`{}` is not a usable path", path.display()),
                    )
                    .into());
                };
                let mode = if self.access == Access::Read {
                    " (READ_ONLY)"
                } else {
                    ""
                };
                format!("ATTACH {path} AS {}{mode}", quote_name(project))
            }
        };
        self.connection.execute_batch(&sql).map_err(|error| {
            let text = first_line(&error);
            let mut diagnostic =
                Diagnostic::error(Code::Unreachable, format!("can't open the project `{project}`: {text}"));
            if text.contains("lock") {
                diagnostic.message = format!("the project `{project}` is open in another process");
                diagnostic.help =
                    Some("one process at a time may write to a database; wait for the other one to end".into());
            }
            diagnostic
        })?;
        self.projects.borrow_mut().insert(project.into());
        Ok(())
    }

    /// Makes sure that a table can be created: its project's file and its dataset.
    pub(super) fn make_room(&self, table: &TableName) -> Result<()> {
        if self.access == Access::Read {
            return Err(Diagnostic::error(
                Code::Usage,
                format!("can't write `{table}`: the database is open for reading only"),
            )
            .into());
        }
        self.attach(&table.project)?;
        let schema = format!("{}.{}", quote_name(&table.project), quote_name(&table.dataset));
        self.run(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"))
    }

    /// A statement of our own making.
    fn run(&self, sql: &str) -> Result<()> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| Diagnostic::error(Code::Statement, format!("DuckDB: {}", first_line(&error))).into())
    }

    /// Translates one query, after looking whether its tables exist.
    pub fn translate(&self, name: &str, sql: &str) -> Result<String> {
        let source = Arc::new(Source {
            path: name.into(),
            text: sql.into(),
        });
        self.translate_source(&source)
    }

    fn translate_source(&self, source: &Arc<Source>) -> Result<String> {
        let failed = RefCell::new(Diagnostics::default());
        let wildcard = |project: &str, dataset: &str, prefix: &str| match self.tables_of_kind(project, dataset, false) {
            Ok(tables) => tables.into_iter().filter(|table| table.starts_with(prefix)).collect(),
            Err(faults) => {
                failed.borrow_mut().0.extend(faults.0);
                Vec::new()
            }
        };
        let texts = translate(source, &self.functions, Some(&wildcard))?;
        if failed.borrow().has_errors() {
            return Err(failed.into_inner());
        }
        match <[String; 1]>::try_from(texts) {
            Ok([text]) => {
                self.check_tables(source)?;
                Ok(text)
            }
            Err(texts) => {
                let fault = format!("one statement is wanted, there are {}", texts.len());
                Err(Diagnostic::error(Code::SqlSyntax, fault)
                    .within(source.path.clone())
                    .into())
            }
        }
    }

    /// A statement that reads a table which does not exist is at fault where it names it.
    fn check_tables(&self, source: &Arc<Source>) -> Result<()> {
        let mut names: Vec<(TableName, Option<Span>)> = Vec::new();
        for statement in parse(source)? {
            let _ = visit_relations(&statement, |name: &ObjectName| {
                if let Some(found) = table_name(name).filter(|found| !found.table.ends_with('*')) {
                    names.push((found, span_of(source, name)));
                }
                ControlFlow::<()>::Continue(())
            });
        }
        let known = self.all_tables()?;
        let mut faults = Diagnostics::default();
        let mut seen = BTreeSet::new();
        for (name, span) in names {
            if known.contains(&name.to_string()) || !seen.insert(name.clone()) {
                continue;
            }
            let mut diagnostic =
                Diagnostic::error(Code::Statement, format!("there is no table `{name}`")).within(source.path.clone());
            diagnostic.span = span;
            diagnostic.help = nearest(&name.to_string(), known.iter().map(String::as_str))
                .map(|near| format!("a table with a similar name is `{near}`"));
            faults.0.push(diagnostic);
        }
        if faults.has_errors() { Err(faults) } else { Ok(()) }
    }

    /// The columns of a table or query, as DuckDB names and types them.
    pub(super) fn columns(&self, table: &str) -> std::result::Result<Vec<(String, String)>, duckdb::Error> {
        let mut statement = self.connection.prepare(&format!("DESCRIBE {table}"))?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }

    /// A fault of DuckDB in words about the BigQuery statement.
    fn explain(&self, source: &Arc<Source>, error: &duckdb::Error) -> Diagnostics {
        let text = error.to_string();
        let message = first_line(error);
        let mut diagnostic = Diagnostic::error(Code::Statement, message.clone());
        let quoted = message.split('"').nth(1).map(str::to_string);
        if let (Some(name), true) = (&quoted, message.contains("column")) {
            diagnostic.message = format!("there is no column `{name}`");
            diagnostic.span = word_span(source, name);
            let candidates: Vec<&str> = (text.split_once("Candidate bindings:"))
                .map(|(_, rest)| rest.split('"').skip(1).step_by(2).collect())
                .unwrap_or_default();
            diagnostic.help = nearest(name, candidates.iter().copied())
                .map(|near| format!("a column with a similar name is `{near}`"));
        } else if let Some((_, told)) = message.split_once("Could not convert string '") {
            // Errors raised by BigQuery's functions are casts of words that say what is wrong.
            diagnostic.message = told.split_once("' to ").map_or(told, |(words, _)| words).to_string();
        }
        Diagnostics::from(diagnostic.within(source.path.clone()))
    }

    /// The full names of all tables and views.
    fn all_tables(&self) -> Result<BTreeSet<String>> {
        let names = self.strings(
            "SELECT database_name || '.' || schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal \
             UNION ALL SELECT database_name || '.' || schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal",
        )?;
        Ok(names.into_iter().collect())
    }

    /// The tables of a dataset, and the views too where they are asked for, in alphabetical order.
    fn tables_of_kind(&self, project: &str, dataset: &str, views: bool) -> Result<Vec<String>> {
        let (Some(project), Some(dataset)) = (quote_string(project), quote_string(dataset)) else {
            return Ok(Vec::new());
        };
        let place = format!("database_name = {project} AND schema_name = {dataset} AND NOT internal");
        let mut sql = format!("SELECT table_name AS name FROM duckdb_tables() WHERE {place}");
        if views {
            sql.push_str(&format!(
                " UNION ALL SELECT view_name FROM duckdb_views() WHERE {place}"
            ));
        }
        self.strings(&format!("{sql} ORDER BY name"))
    }

    fn strings(&self, sql: &str) -> Result<Vec<String>> {
        let list = || -> std::result::Result<Vec<String>, duckdb::Error> {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        list().map_err(|error| Diagnostic::error(Code::Statement, format!("DuckDB: {}", first_line(&error))).into())
    }

    /// The statement that makes room for a table or view where one of the other kind stands.
    fn other(&self, table: &TableName, view: bool) -> std::result::Result<Option<String>, duckdb::Error> {
        let kind: Option<String> = self
            .connection
            .prepare(
                "SELECT table_type FROM information_schema.tables WHERE table_catalog = ? AND table_schema = ? AND table_name = ?",
            )?
            .query_map([&table.project, &table.dataset, &table.table], |row| row.get(0))?
            .next()
            .transpose()?;
        Ok(match (kind.as_deref(), view) {
            (Some("VIEW"), false) => Some(format!("DROP VIEW {}", full_name(table))),
            (Some("BASE TABLE"), true) => Some(format!("DROP TABLE {}", full_name(table))),
            (_, _) => None,
        })
    }

    fn write_table(&self, source: &Arc<Source>, table: &TableName) -> Result<()> {
        let text = self.translate_source(source)?;
        self.make_room(table)?;
        let written = self
            .create(table, &text)
            .and_then(|()| self.connection.execute_batch("COMMIT"));
        written.map_err(|error| self.explain(source, &error))
    }

    fn write_view(&self, source: &Arc<Source>, table: &TableName) -> Result<()> {
        let text = self.translate_source(source)?;
        self.make_room(table)?;
        let write = || -> std::result::Result<(), duckdb::Error> {
            self.connection.execute_batch("BEGIN")?;
            if let Some(other) = self.other(table, true)? {
                self.connection.execute_batch(&other)?;
            }
            self.connection
                .execute_batch(&format!("CREATE OR REPLACE VIEW {} AS\n{text}", full_name(table)))?;
            self.connection.execute_batch("COMMIT")
        };
        write().map_err(|error| {
            let _ = self.connection.execute_batch("ROLLBACK");
            self.explain(source, &error)
        })
    }

    /// All rows of a query.
    fn read(&self, source: &Arc<Source>) -> Result<Rows> {
        let mut all = Rows::default();
        all.columns = self.visit(source, &mut |_, row| {
            all.rows.push(row.to_vec());
            Ok(())
        })?;
        Ok(all)
    }

    /// Hands a query's rows on and gives its columns. The engine keeps the result while it is read, within its own limit of memory.
    fn visit(&self, source: &Arc<Source>, visit: &mut Visit) -> Result<Vec<(String, Type)>> {
        let text = self.translate_source(source)?;
        let explain = |error: duckdb::Error| self.explain(source, &error);
        let name = "temp.main.isobar_result";
        self.connection
            .execute_batch(&format!("CREATE OR REPLACE TEMP TABLE isobar_result AS\n{text}"))
            .map_err(explain)?;
        let columns = self.columns(name).map_err(explain)?;
        let kinds: Vec<(String, Type)> = columns
            .iter()
            .map(|(name, kind)| Ok((name.clone(), parse_type(kind)?)))
            .collect::<Result<_>>()?;
        let typed = with_types(&columns, name).unwrap_or_else(|| format!("SELECT * FROM {name}"));
        let visited = self.visit_rows(source, &typed, &kinds, visit);
        self.connection
            .execute_batch("DROP TABLE IF EXISTS temp.main.isobar_result")
            .map_err(explain)?;
        visited.map(|()| kinds)
    }

    fn visit_rows(&self, source: &Arc<Source>, typed: &str, kinds: &[(String, Type)], visit: &mut Visit) -> Result<()> {
        let explain = |error: duckdb::Error| self.explain(source, &error);
        let mut statement = self.connection.prepare(typed).map_err(explain)?;
        let mut rows = statement.query([]).map_err(explain)?;
        let mut values = Vec::with_capacity(kinds.len());
        while let Some(row) = rows.next().map_err(explain)? {
            values.clear();
            for (place, (_, kind)) in kinds.iter().enumerate() {
                values.push(value(row.get(place).map_err(explain)?, kind));
            }
            visit(kinds, &values)?;
        }
        Ok(())
    }
}

impl Warehouse for DuckDb {
    fn execute(&self, statement: &Statement) -> Result<Executed> {
        let source = Arc::new(Source {
            path: statement.name.clone(),
            text: statement.sql.clone(),
        });
        match &statement.target {
            Target::Table(table) => self.write_table(&source, table).map(|()| Executed::Written),
            Target::TableIfEmpty(table) => {
                if self.exists(table)?
                    && !self
                        .strings(&format!("SELECT '' FROM {} LIMIT 1", full_name(table)))?
                        .is_empty()
                {
                    return Ok(Executed::Kept);
                }
                self.write_table(&source, table).map(|()| Executed::Written)
            }
            Target::View(table) => self.write_view(&source, table).map(|()| Executed::Written),
            Target::Rows => self.read(&source).map(Executed::Rows),
        }
    }

    fn each_row(&self, name: &str, sql: &str, visit: &mut Visit) -> Result<()> {
        let source = Arc::new(Source {
            path: name.into(),
            text: sql.into(),
        });
        self.visit(&source, visit).map(|_| ())
    }

    fn query(&self, name: &str, sql: &str) -> Result<Rows> {
        self.read(&Arc::new(Source {
            path: name.into(),
            text: sql.into(),
        }))
    }

    fn exists(&self, table: &TableName) -> Result<bool> {
        Ok(self.tables(&table.project, &table.dataset)?.contains(&table.table))
    }

    fn tables(&self, project: &str, dataset: &str) -> Result<Vec<String>> {
        self.tables_of_kind(project, dataset, true)
    }

    fn schema(&self, table: &TableName) -> Result<Vec<(String, Type)>> {
        if !self.exists(table)? {
            return Err(Diagnostic::error(Code::Statement, format!("there is no table `{table}`")).into());
        }
        let columns = self
            .columns(&full_name(table))
            .map_err(|error| Diagnostic::error(Code::Statement, format!("`{table}`: {}", first_line(&error))))?;
        columns
            .into_iter()
            .map(|(name, kind)| Ok((name, parse_type(&kind)?)))
            .collect()
    }

    fn load(&self, table: &TableName, rows: &Rows) -> Result<()> {
        let mut staging = Staging::create()?;
        for row in &rows.rows {
            staging.push(row, &rows.columns)?;
        }
        self.load_staged(table, &rows.columns, &mut staging)
    }
}

impl DuckDb {
    /// Ends what [`DuckDb::create`] began.
    pub(super) fn commit(&self) -> std::result::Result<(), duckdb::Error> {
        self.connection.execute_batch("COMMIT")
    }

    /// Within a transaction that is left open: a table of a query's rows, with BigQuery's types. After a fault the transaction is over.
    pub(super) fn create(&self, table: &TableName, query: &str) -> std::result::Result<(), duckdb::Error> {
        let name = full_name(table);
        let create = || -> std::result::Result<(), duckdb::Error> {
            self.connection.execute_batch("BEGIN")?;
            if let Some(other) = self.other(table, false)? {
                self.connection.execute_batch(&other)?;
            }
            self.connection
                .execute_batch(&format!("CREATE OR REPLACE TABLE {name} AS\n{query}"))?;
            // The types are known once the table is there; asking before would bind the statement twice, which for long ones takes a second.
            if let Some(typed) = with_types(&self.columns(&name)?, &name) {
                self.connection
                    .execute_batch(&format!("CREATE OR REPLACE TABLE {name} AS {typed}"))?;
            }
            Ok(())
        };
        let created = create();
        if created.is_err() {
            // The first fault counts; a failing ROLLBACK would only repeat it.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        created
    }
}

fn parse_type(duckdb: &str) -> Result<Type> {
    Type::parse_duckdb(duckdb).map_err(|fault| Diagnostic::error(Code::Statement, fault).into())
}

/// The query that gives a table's columns exactly the types that BigQuery has, if they are not so already: sums of integers are wider in
/// DuckDB, literals narrower.
fn with_types(columns: &[(String, String)], full_name: &str) -> Option<String> {
    let casts: Vec<String> = columns
        .iter()
        .filter_map(|(name, kind)| {
            let wanted = Type::parse_duckdb(kind).ok()?.duckdb();
            let name = quote_name(name);
            (normal(&wanted) != normal(kind)).then(|| format!("CAST({name} AS {wanted}) AS {name}"))
        })
        .collect();
    (!casts.is_empty()).then(|| format!("SELECT * REPLACE ({}) FROM {full_name}", casts.join(", ")))
}

/// A type name without quotes and blanks, for comparison.
fn normal(kind: &str) -> String {
    kind.chars().filter(|c| !matches!(c, '"' | ' ')).collect()
}

pub(super) fn full_name(table: &TableName) -> String {
    format!(
        "{}.{}.{}",
        quote_name(&table.project),
        quote_name(&table.dataset),
        quote_name(&table.table)
    )
}

/// The first line of DuckDB's message, without the kind of error before it.
pub(super) fn first_line(error: &duckdb::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let line = line.split_once(" Error: ").map_or(line, |(_, rest)| rest);
    line.trim_end_matches('.').to_string()
}

/// The table that a name of three parts names.
fn table_name(name: &ObjectName) -> Option<TableName> {
    let parts: Vec<&str> = name
        .0
        .iter()
        .filter_map(|part| Some(part.as_ident()?.value.as_str()))
        .collect();
    let parts: Vec<&str> = parts.iter().flat_map(|part| part.split('.')).collect();
    match parts.as_slice() {
        [project, dataset, table] => Some(TableName {
            project: (*project).into(),
            dataset: (*dataset).into(),
            table: (*table).into(),
        }),
        _ => None,
    }
}

fn span_of(source: &Arc<Source>, name: &ObjectName) -> Option<Span> {
    let start = name.0.first()?.as_ident()?.span.start;
    let end = name.0.last()?.as_ident()?.span.end;
    let offset = |place: sqlparser::tokenizer::Location| {
        crate::diagnostics::offset(
            &source.text,
            usize::try_from(place.line).ok()?,
            usize::try_from(place.column).ok()?,
        )
    };
    let start = offset(start)?;
    Some(Span {
        source: source.clone(),
        range: start..offset(end).unwrap_or(start).max(start),
    })
}

/// Where a name first stands in a text as a word of its own.
fn word_span(source: &Arc<Source>, word: &str) -> Option<Span> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (start, _) = source.text.match_indices(word).find(|(start, _)| {
        let before = source.text[..*start].chars().next_back();
        let after = source.text[start + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })?;
    Some(Span {
        source: source.clone(),
        range: start..start + word.len(),
    })
}
