//! Renders the templates of `templates/sql/`. A value reaches SQL only through a quoting filter; everything else that a
//! template prints must be marked as SQL (`sql`), so that a forgotten filter is an error and not an injection.
//!
//! | filter | takes | prints |
//! | --- | --- | --- |
//! | `string` | text | a string literal |
//! | `date` | `YYYY-MM-DD` | `DATE 'YYYY-MM-DD'` |
//! | `ident` | a name | the name, in backquotes where it needs them |
//! | `path` | a dotted column path | its names, each as `ident` does |
//! | `table` | a dotted table name | the name in backquotes |
//! | `expression(indent)` | SQL of an expression | the text, moved to the indentation of its place |
//! | `source(indent)` | SQL of a table or parenthesised query | likewise |
//! | `query(indent)` | SQL of a query | likewise |
//! | `comment` | text | the text on one line, for use behind `--` |
//!
//! Every statement that leaves is known to parse, but few are parsed whole. Each filter marks its value, so that the text falls
//! into values and a skeleton. A value is one token, or SQL that parses in its role ([`fragment`]); the
//! skeleton is parsed with a stand-in of the same role for each value, and remembered: the windows of an experiment share theirs.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, UndefinedBehavior};
use serde::Serialize;

use super::check;
use super::fragment::{self, Role};
use crate::diagnostics::{Code, Diagnostic, Result, Source};

const TEMPLATES: &[(&str, &str)] = &[
    ("_telemetry", include_str!("../../templates/sql/_telemetry.sql.jinja")),
    ("enrollments", include_str!("../../templates/sql/enrollments.sql.jinja")),
    (
        "enrollments/normandy",
        include_str!("../../templates/sql/enrollments/normandy.sql.jinja"),
    ),
    (
        "enrollments/glean-event",
        include_str!("../../templates/sql/enrollments/glean-event.sql.jinja"),
    ),
    (
        "enrollments/fenix-fallback",
        include_str!("../../templates/sql/enrollments/fenix-fallback.sql.jinja"),
    ),
    (
        "enrollments/cirrus",
        include_str!("../../templates/sql/enrollments/cirrus.sql.jinja"),
    ),
    (
        "enrollments/background-update",
        include_str!("../../templates/sql/enrollments/background-update.sql.jinja"),
    ),
    (
        "exposures/normandy",
        include_str!("../../templates/sql/exposures/normandy.sql.jinja"),
    ),
    (
        "exposures/glean-event",
        include_str!("../../templates/sql/exposures/glean-event.sql.jinja"),
    ),
    (
        "exposures/cirrus",
        include_str!("../../templates/sql/exposures/cirrus.sql.jinja"),
    ),
    ("metrics", include_str!("../../templates/sql/metrics.sql.jinja")),
    ("summaries", include_str!("../../templates/sql/summaries.sql.jinja")),
    ("view", include_str!("../../templates/sql/view.sql.jinja")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.expect("the default delimiters are valid"));
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("sql".into()));
    environment.set_formatter(|out, _, value| {
        if value.is_integer()
            && let Some(count) = value.as_i64()
        {
            let stand_in = if count < 0 {
                StandIn::NegativeNumber
            } else {
                StandIn::Number
            };
            return write(out, &marked(stand_in, &count.to_string()));
        }
        match value.as_str() {
            Some(text) if value.is_safe() || text.is_empty() => write(out, text),
            _ => Err(Error::new(
                ErrorKind::BadEscape,
                format!("a value without a quoting filter: {value:?}"),
            )),
        }
    });
    environment.add_filter("string", |text: Cow<'_, str>| {
        sql(StandIn::Text, &string_literal(&text))
    });
    environment.add_filter("date", date);
    environment.add_filter("ident", |name: Cow<'_, str>| {
        Ok::<_, Error>(sql(StandIn::Name, &identifier(&name)?))
    });
    environment.add_filter("path", path);
    environment.add_filter("table", table);
    environment.add_filter("expression", |text: Cow<'_, str>, indent: usize| {
        place(Role::Expression, &text, indent)
    });
    environment.add_filter("source", |text: Cow<'_, str>, indent: usize| {
        place(Role::Source, &text, indent)
    });
    environment.add_filter("query", |text: Cow<'_, str>, indent: usize| {
        place(Role::Query, &text, indent)
    });
    environment.add_filter("comment", |text: Cow<'_, str>| sql(StandIn::Nothing, &one_line(&text)));
    for (name, text) in TEMPLATES {
        environment
            .add_template(name, text)
            .expect("the embedded templates are valid");
    }
    environment
});

/// Renders a template to one BigQuery statement that parses.
///
/// # Errors
/// A value that no filter can quote, or a text that does not parse: the fault is then in an author's fragment or in a template.
pub fn statement(template: &str, context: impl Serialize) -> Result<String> {
    let marked = ENVIRONMENT
        .get_template(template)
        .and_then(|template| template.render(Serde(&context)))
        .map_err(|error| Diagnostic::error(Code::SqlSyntax, reason(&error)))?;
    let (mut text, skeleton) = separate(&marked);
    text.truncate(text.trim_end().len());
    text.push_str(";\n");
    if is_known(&skeleton) {
        return Ok(text);
    }
    let source = |text: &str| {
        Arc::new(Source {
            path: format!("<{template} statement>"),
            text: text.to_string(),
        })
    };
    // A skeleton that does not parse although the whole does would only cost time.
    if check::parse(&source(&skeleton)).is_ok() {
        remember(skeleton);
    } else {
        check::parse(&source(&text))?;
    }
    Ok(text)
}

/// Skeletons that were found to parse.
static SKELETONS: LazyLock<RwLock<HashSet<String>>> = LazyLock::new(RwLock::default);
/// How many skeletons are remembered. The public configs have about 2,000 for all their windows.
const REMEMBERED: usize = 20_000;

fn is_known(skeleton: &str) -> bool {
    // A panic elsewhere leaves the set as valid as it was.
    let known = SKELETONS.read().unwrap_or_else(PoisonError::into_inner);
    known.contains(skeleton)
}

fn remember(skeleton: String) {
    let mut known = SKELETONS.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(skeleton);
}

/// What stands for a value in a skeleton: SQL of the same role, or of the same kind of token.
#[derive(Debug, Clone, Copy)]
enum StandIn {
    Expression,
    Source,
    Query,
    Name,
    Table,
    Text,
    Date,
    Number,
    NegativeNumber,
    Nothing,
}

impl StandIn {
    const ALL: [(char, StandIn, &'static str); 10] = [
        ('e', StandIn::Expression, "x"),
        ('s', StandIn::Source, "t"),
        ('q', StandIn::Query, "SELECT 1"),
        ('n', StandIn::Name, "a"),
        ('t', StandIn::Table, "`t`"),
        ('l', StandIn::Text, "''"),
        ('d', StandIn::Date, "DATE '2000-01-01'"),
        ('1', StandIn::Number, "1"),
        ('-', StandIn::NegativeNumber, "-1"),
        ('0', StandIn::Nothing, ""),
    ];
}

/// Marks a value for [`separate`]. No value holds the marks: every filter refuses or replaces control characters.
fn marked(stand_in: StandIn, text: &str) -> String {
    let (letter, _, _) = StandIn::ALL[stand_in as usize];
    format!("\u{1}{letter}{text}\u{2}")
}

/// The text without marks, and its skeleton: the text with a stand-in for each marked value, where what a loop of the
/// template repeats stands twice, as a list that parses with two items does with more.
fn separate(marked: &str) -> (String, String) {
    let mut text = String::with_capacity(marked.len());
    let mut skeleton = Skeleton::default();
    let mut rest = marked;
    while let Some((plain, after)) = rest.split_once('\u{1}') {
        text.push_str(plain);
        let mut characters = after.chars();
        let letter = characters.next();
        let (value, after) = characters.as_str().split_once('\u{2}').unwrap_or_default();
        text.push_str(value);
        let stand_in = StandIn::ALL.iter().find(|(other, _, _)| letter == Some(*other));
        skeleton.push(plain, stand_in.map_or(value, |(_, _, stand_in)| stand_in));
        rest = after;
    }
    text.push_str(rest);
    (text, skeleton.finish(rest))
}

/// Pieces of a template's own text, each with the stand-in that follows it.
#[derive(Default)]
struct Skeleton<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Skeleton<'a> {
    /// How many values an item of a list has at most, for its repetition to be seen.
    const ITEM: usize = 4;

    fn push(&mut self, plain: &'a str, stand_in: &'a str) {
        self.0.push((plain, stand_in));
        for length in 1..=Self::ITEM {
            let Some(start) = self.0.len().checked_sub(3 * length) else {
                break;
            };
            let items = &self.0[start..];
            if items[..length] == items[length..2 * length] && items[length..2 * length] == items[2 * length..] {
                self.0.truncate(start + 2 * length);
                break;
            }
        }
    }

    fn finish(self, rest: &str) -> String {
        let pieces = self.0.into_iter().flat_map(|(plain, stand_in)| [plain, stand_in]);
        pieces.chain([rest]).collect()
    }
}

fn write(out: &mut Output<'_>, text: &str) -> std::result::Result<(), Error> {
    out.write_str(text)
        .map_err(|_| Error::new(ErrorKind::WriteFailure, "can't write"))
}

/// The innermost message of a template error, which is the one that speaks of the value.
fn reason(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Marks a text as SQL that may be printed: a checked fragment of an author, or a text made here.
fn sql(stand_in: StandIn, text: &str) -> Value {
    Value::from_safe_string(marked(stand_in, text))
}

/// A text on one line without control characters, for a comment.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// A BigQuery string literal in single quotes.
pub fn string_literal(text: &str) -> String {
    quoted(text, '\'')
}

/// A BigQuery string literal in double quotes.
pub fn double_quoted(text: &str) -> String {
    quoted(text, '"')
}

/// Backslash, the quote and control characters are escaped, so that no value ends the literal.
fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A column of a table alias, quoted where its name needs it.
///
/// # Errors
/// A name that can't be quoted.
pub fn column(alias: &str, name: &str) -> Result<String> {
    match (identifier(alias), identifier(name)) {
        (Ok(alias), Ok(name)) => Ok(format!("{alias}.{name}")),
        (Err(error), _) | (_, Err(error)) => Err(Diagnostic::error(Code::SqlSyntax, reason(&error)).into()),
    }
}

fn date(text: Cow<'_, str>) -> std::result::Result<Value, Error> {
    let date: jiff::civil::Date = text.parse().map_err(|_| refused("a date", &text))?;
    Ok(sql(StandIn::Date, &format!("DATE '{date}'")))
}

/// A column or alias name, in backquotes unless it is a plain word that is no keyword.
fn identifier(name: &str) -> std::result::Result<String, Error> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    if plain && !is_reserved(name) {
        return Ok(name.to_string());
    }
    // BigQuery knows no escape that sqlparser reads back for these two.
    if name.is_empty() || name.contains(['`', '\\']) || name.chars().any(char::is_control) {
        return Err(refused("a column name", name));
    }
    Ok(format!("`{name}`"))
}

/// GoogleSQL's reserved words in alphabetical order. The list is that of its lexical reference, "Reserved keywords".
#[rustfmt::skip]
const RESERVED: [&str; 96] = [
    "ALL", "AND", "ANY", "ARRAY", "AS", "ASC", "ASSERT_ROWS_MODIFIED", "AT", "BETWEEN", "BY", "CASE", "CAST",
    "COLLATE", "CONTAINS", "CREATE", "CROSS", "CUBE", "CURRENT", "DEFAULT", "DEFINE", "DESC", "DISTINCT",
    "ELSE", "END", "ENUM", "ESCAPE", "EXCEPT", "EXCLUDE", "EXISTS", "EXTRACT", "FALSE", "FETCH", "FOLLOWING",
    "FOR", "FROM", "FULL", "GROUP", "GROUPING", "GROUPS", "HASH", "HAVING", "IF", "IGNORE", "IN", "INNER",
    "INTERSECT", "INTERVAL", "INTO", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOOKUP", "MERGE",
    "NATURAL", "NEW", "NO", "NOT", "NULL", "NULLS", "OF", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION",
    "PRECEDING", "PROTO", "QUALIFY", "RANGE", "RECURSIVE", "RESPECT", "RIGHT", "ROLLUP", "ROWS", "SELECT",
    "SET", "SOME", "STRUCT", "TABLESAMPLE", "THEN", "TO", "TREAT", "TRUE", "UNBOUNDED", "UNION", "UNNEST",
    "USING", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN",
];

/// Whether GoogleSQL reserves the word.
fn is_reserved(name: &str) -> bool {
    let upper = |byte: u8| byte.to_ascii_uppercase();
    RESERVED
        .binary_search_by(|word| word.bytes().cmp(name.bytes().map(upper)))
        .is_ok()
}

fn path(text: Cow<'_, str>) -> std::result::Result<Value, Error> {
    let parts: std::result::Result<Vec<String>, Error> = text.split('.').map(identifier).collect();
    Ok(sql(StandIn::Name, &parts?.join(".")))
}

fn table(name: Cow<'_, str>) -> std::result::Result<Value, Error> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '*' | ' ');
    match name.is_empty() || !name.chars().all(fits) {
        true => Err(refused("a table name", &name)),
        false => Ok(sql(StandIn::Table, &format!("`{name}`"))),
    }
}

fn refused(what: &str, text: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{text:?} can't be {what} in SQL"))
}

/// Moves a piece of SQL to the indentation of its place: the white space that all its lines share goes, `indent` spaces
/// come. A text with a literal that spans lines keeps its white space, which is part of the value. A comment at the end gets
/// a line break behind it, so that it does not swallow what follows.
fn place(role: Role, text: &str, indent: usize) -> std::result::Result<Value, Error> {
    let fragment = fragment::parse(role, text).map_err(|fault| {
        let reason = match fault {
            fragment::Fault::Syntax(message, _) => message,
            fragment::Fault::Role(must_be) => format!("it must be {must_be}"),
        };
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{text}` can't stand in SQL: {reason}"),
        )
    })?;
    let text = text.trim_matches(['\n', '\r']).trim_end();
    let break_line = format!("\n{}", " ".repeat(indent));
    let mut out = if fragment.spans_lines || !text.contains('\n') {
        text.trim_start().to_string()
    } else {
        aligned(text, &break_line)
    };
    if fragment.ends_in_comment {
        out.push_str(&break_line);
    }
    let stand_in = match role {
        Role::Expression => StandIn::Expression,
        Role::Source => StandIn::Source,
        Role::Query => StandIn::Query,
    };
    Ok(sql(stand_in, &out))
}

/// A text of several lines without the white space that all of them share, and with another line break.
fn aligned(text: &str, break_line: &str) -> String {
    let margin = |line: &str| line.len() - line.trim_start().len();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let shared = rest
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(margin)
        .min()
        .unwrap_or(0);
    // The first line often stands right behind the opening quotes and has no indentation to compare.
    let shared = if margin(first) > 0 {
        shared.min(margin(first))
    } else {
        shared
    };
    let mut placed = first.trim().to_string();
    for line in rest.lines().map(|line| line.get(shared..).unwrap_or("").trim_end()) {
        placed.push_str(if line.is_empty() { "\n" } else { break_line });
        placed.push_str(line);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words() {
        assert!(RESERVED.is_sorted());
        for (name, expected) in [
            ("clicks", "clicks"),
            ("order", "`order`"),
            ("Within", "`Within`"),
            ("a b", "`a b`"),
        ] {
            assert_eq!(identifier(name).ok().as_deref(), Some(expected));
        }
    }

    #[test]
    fn skeletons_hold_no_value() {
        let marked = format!(
            "SELECT {} -- {}\nFROM {} WHERE d = {} LIMIT {}",
            sql(StandIn::Name, "clicks"),
            sql(StandIn::Nothing, &one_line("a\u{1}b\n c")),
            sql(StandIn::Table, "`p.d.t`"),
            date("2025-01-06".into()).expect("it is a date"),
            marked(StandIn::NegativeNumber, "-7"),
        );
        let (text, skeleton) = separate(&marked);
        assert_eq!(
            text,
            "SELECT clicks -- a b c\nFROM `p.d.t` WHERE d = DATE '2025-01-06' LIMIT -7"
        );
        assert_eq!(skeleton, "SELECT a -- \nFROM `t` WHERE d = DATE '2000-01-01' LIMIT -1");
    }

    #[test]
    fn lists_of_any_length_have_one_skeleton() {
        let skeleton = |items: usize| {
            let items: Vec<String> = (0..items)
                .map(|item| {
                    let name = marked(StandIn::Name, &format!("a{item}"));
                    format!("{} AS {name}", marked(StandIn::Expression, &format!("SUM({item})")))
                })
                .collect();
            separate(&format!("SELECT\n  {}\nFROM t", items.join(",\n  "))).1
        };
        assert_eq!(skeleton(4), skeleton(40));
        assert_ne!(skeleton(1), skeleton(2));
        assert!(skeleton(9).starts_with("SELECT\n  x AS a,\n  x AS a"));
    }

    #[test]
    fn pieces_that_do_not_parse_are_refused() {
        assert!(place(Role::Expression, "SUM(x) AS a, SUM(y)", 0).is_err());
        assert!(place(Role::Expression, "SUM(x", 0).is_err());
        assert!(place(Role::Source, "a, b", 0).is_err());
    }
}
