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
//! | `expression(indent, before, after)` | SQL of an expression | the text, [laid out](super::layout) at this indentation between so many characters |
//! | `condition(indent, before)` | SQL of an expression | the same in parentheses |
//! | `source(indent, before, after)` | SQL of a table or parenthesised query | likewise |
//! | `query(indent, before, after)` | SQL of a query | likewise |
//! | `query_of_ours(indent)` | a statement's query | the text, its lines indented |
//! | `relation` | a `Relation` | its table in backquotes, or the name of the common table expression in its place |
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
use super::layout::{Place, indented, layout};
pub use super::quote::{double_quoted, string_literal};
use super::quote::{identifier, refused};
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
    ("ratios", include_str!("../../templates/sql/ratios.sql.jinja")),
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
    for (name, role) in [
        ("expression", Role::Expression),
        ("source", Role::Source),
        ("query", Role::Query),
    ] {
        environment.add_filter(
            name,
            move |text: Cow<'_, str>, indent: usize, before: Option<usize>, after: Option<usize>| {
                place(role, &text, at(indent, before, after))
            },
        );
    }
    environment.add_filter(
        "condition",
        |text: Cow<'_, str>, indent: usize, before: Option<usize>| condition(&text, at(indent, before, None)),
    );
    environment.add_filter("relation", relation);
    environment.add_filter("query_of_ours", query_of_ours);
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
    wrap_head(&mut text);
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

/// The longest line of the comment at a statement's head, in characters.
const HEAD_WIDTH: usize = 110;

/// Breaks the lines of the comment at the text's head at spaces, where they are too long.
fn wrap_head(text: &mut String) {
    let mut head = String::new();
    let mut end = 0;
    for line in text.split_inclusive('\n').take_while(|line| line.starts_with("-- ")) {
        let mut width = 0;
        for word in line.trim_end().split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > HEAD_WIDTH {
                head.push_str("\n--   ");
                width = "--   ".len();
            } else if width > 0 {
                head.push(' ');
                width += 1;
            }
            head.push_str(word);
            width += length;
        }
        head.push('\n');
        end += line.len();
    }
    if head != text[..end] {
        text.replace_range(..end, &head);
    }
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

/// A table's name in backquotes, or the name of the common table expression in its place.
fn relation(value: Value) -> std::result::Result<Value, Error> {
    let name = value.get_attr("table")?;
    let name = name.as_str().unwrap_or_default();
    match value.get_attr("query")?.is_none() {
        true => table(name.into()),
        false => Ok(sql(
            StandIn::Name,
            &identifier(name.rsplit('.').next().unwrap_or(name))?,
        )),
    }
}

/// The query of another statement of ours, which has its layout already.
fn query_of_ours(text: Cow<'_, str>, indent: usize) -> std::result::Result<Value, Error> {
    fragment::parse(Role::Query, &text).map_err(|_| refused("a query", &text))?;
    Ok(sql(StandIn::Query, &indented(&text, indent)))
}

fn at(indent: usize, before: Option<usize>, after: Option<usize>) -> Place {
    Place {
        indent,
        before: before.unwrap_or(0),
        after: after.unwrap_or(0),
    }
}

/// An expression in parentheses. It must parse without them: they must not close what they did not open.
fn condition(text: &str, at: Place) -> std::result::Result<Value, Error> {
    place(Role::Expression, text, at)?;
    // A comment at its end would swallow the parenthesis.
    place(Role::Expression, &format!("({text}\n)"), at)
}

/// A piece of SQL, laid out for its place.
fn place(role: Role, text: &str, place: Place) -> std::result::Result<Value, Error> {
    let laid_out = layout(role, text, place).map_err(|fault| {
        let reason = match fault {
            fragment::Fault::Syntax(message, _) => message,
            fragment::Fault::Role(must_be) => format!("it must be {must_be}"),
        };
        Error::new(
            ErrorKind::InvalidOperation,
            format!("`{text}` can't stand in SQL: {reason}"),
        )
    })?;
    let stand_in = match role {
        Role::Expression => StandIn::Expression,
        Role::Source => StandIn::Source,
        Role::Query => StandIn::Query,
    };
    Ok(sql(stand_in, &laid_out))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(place(Role::Expression, "SUM(x) AS a, SUM(y)", at(0, None, None)).is_err());
        assert!(place(Role::Expression, "SUM(x", at(0, None, None)).is_err());
        assert!(place(Role::Source, "a, b", at(0, None, None)).is_err());
    }
}
