//! BigQuery SQL as DuckDB SQL: `sqlparser`'s tree is walked and printed anew, with BigQuery's meaning.
//!
//! Nothing passes through: what this module does not know is a located fault. Where DuckDB's own expression says the same, it is used as
//! it is; else one of the macros of the catalog `isobar` is, which [`setup_sql`] prints. Knows nothing of connections.

mod aggregate;
mod call;
mod cast;
mod catalogue;
mod clause;
mod date;
mod elements;
mod expansion;
mod expression;
mod from;
mod function;
mod json;
mod known;
mod literal;
mod normal;
mod query;
mod text;
mod tokens;
mod udf;

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast;
use sqlparser::ast::Spanned;

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Source, Span};
use crate::sql::{check, types::Type};

pub use literal::{quote_name, quote_string};
pub use udf::Functions;

/// The catalog that holds the macros.
pub const CATALOG: &str = "isobar";

/// The macros that translated statements call, one per function.
const MACROS: &str = include_str!("macros.sql");

/// Which tables a wildcard such as `prefix_*` stands for: project, dataset and prefix in, names out.
pub type Wildcard<'a> = &'a dyn Fn(&str, &str, &str) -> Vec<String>;

/// Translates a text of one or more BigQuery queries, one DuckDB query each. All faults of the text are reported together.
///
/// `wildcard` answers for wildcard tables; without it they are faults.
pub fn translate(source: &Arc<Source>, functions: &Functions, wildcard: Option<Wildcard<'_>>) -> Result<Vec<String>> {
    let statements = parse(source)?;
    let mut translator = Translator::new(source, functions, wildcard);
    let texts: Vec<String> = statements
        .iter()
        .map(|statement| match statement {
            ast::Statement::Query(query) => translator.statement(query),
            other => translator.unknown(other.span(), "a statement that is not a query"),
        })
        .collect();
    translator.finish(texts)
}

/// Parses a text as [`translate`] does: with the repairs that the translation needs, which its printed form would show.
pub fn parse(source: &Arc<Source>) -> Result<Vec<ast::Statement>> {
    let mut statements = check::parse_with(source, tokens::respell)?;
    normal::normalise(&mut statements);
    Ok(statements)
}

/// The statements that a plain DuckDB shell needs before a translated statement runs there.
pub fn setup_sql(functions: &Functions) -> String {
    let mut out = format!("ATTACH ':memory:' AS {CATALOG};\n\n{}\n", MACROS.trim());
    for definition in functions.definitions() {
        out.push('\n');
        out.push_str(definition);
        out.push_str(";\n");
    }
    out
}

/// The DuckDB type of a column of a BigQuery type, by its name. The error is one sentence.
pub fn column_type(bigquery: &str) -> std::result::Result<String, String> {
    Type::parse(bigquery).map(|kind| kind.duckdb())
}

/// Walks the tree of one text and gathers its faults.
struct Translator<'a> {
    source: &'a Arc<Source>,
    functions: &'a Functions,
    wildcard: Option<Wildcard<'a>>,
    faults: Vec<Diagnostic>,
    /// The parameters of the function whose body is being translated, in lower case, with the declared types.
    parameters: Vec<(String, Option<Type>)>,
    /// Set within a function's body: table aliases get this suffix, so that an argument can't be captured by them.
    suffix: Option<String>,
    /// The table aliases of that body, in lower case.
    own_aliases: BTreeSet<String>,
    /// The functions that were called, by full name.
    called: BTreeSet<String>,
    /// The fields of the elements that a lambda goes through, in lower case, where they are named without an alias.
    element_fields: Vec<String>,
    /// What FROM clauses have made visible, innermost last.
    scopes: Vec<from::Scope>,
}

impl<'a> Translator<'a> {
    fn new(source: &'a Arc<Source>, functions: &'a Functions, wildcard: Option<Wildcard<'a>>) -> Self {
        Self {
            source,
            functions,
            wildcard,
            faults: Vec::new(),
            parameters: Vec::new(),
            suffix: None,
            own_aliases: BTreeSet::new(),
            called: BTreeSet::new(),
            element_fields: Vec::new(),
            scopes: Vec::new(),
        }
    }

    fn finish<T>(self, result: T) -> Result<T> {
        match self.faults.is_empty() {
            true => Ok(result),
            false => Err(Diagnostics(self.faults)),
        }
    }

    /// Notes a fault. What it returns stands in for the text that could not be made; it never leaves this module.
    fn fault(&mut self, place: sqlparser::tokenizer::Span, message: impl Into<String>, help: Option<String>) -> String {
        let mut diagnostic = Diagnostic::error(Code::Untranslatable, message);
        diagnostic.span = self.span(place);
        diagnostic.help = help;
        self.faults.push(diagnostic);
        "NULL".into()
    }

    /// The fault of a construct that the embedded engine has no counterpart for.
    fn unknown(&mut self, place: sqlparser::tokenizer::Span, what: &str) -> String {
        self.fault(place, format!("the embedded engine does not know {what}"), None)
    }

    fn span(&self, place: sqlparser::tokenizer::Span) -> Option<Span> {
        let offset = |location: sqlparser::tokenizer::Location| {
            let (line, column) = (
                usize::try_from(location.line).ok()?,
                usize::try_from(location.column).ok()?,
            );
            crate::diagnostics::offset(&self.source.text, line, column)
        };
        let start = offset(place.start)?;
        let end = offset(place.end).filter(|end| *end > start).unwrap_or(start);
        Some(Span {
            source: self.source.clone(),
            range: start..end,
        })
    }
}

/// Moves a text to the right. No literal holds a line break, so none is changed.
fn indent(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// Whether a function of this name is BigQuery's own and known here.
pub(super) fn is_built_in(name: &str) -> bool {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    catalogue::SAME.iter().chain(catalogue::AGGREGATES).any(|row| is(row.0))
        || catalogue::MACROS.iter().any(|row| is(row.0))
        || catalogue::SPECIAL.iter().any(|known| is(known))
}
