//! Renders the templates of `templates/sql/`. A value reaches SQL only through a quoting filter; everything else that a
//! template prints must be marked as SQL ([`sql`]), so that a forgotten filter is an error and not an injection.
//!
//! | filter | takes | prints |
//! | --- | --- | --- |
//! | `string` | text | a string literal |
//! | `date` | `YYYY-MM-DD` | `DATE 'YYYY-MM-DD'` |
//! | `ident` | a name | the name, in backquotes where it needs them |
//! | `path` | a dotted column path | its names, each as `ident` does |
//! | `table` | a dotted table name | the name in backquotes |
//! | `fragment(indent)` | an author's SQL | the text, moved to the indentation of its place |
//! | `comment` | text | the text on one line, for use behind `--` |

use std::sync::{Arc, LazyLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::check;
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
        let is_count = value.as_i64().is_some() && value.is_integer();
        if !value.is_safe() && !is_count && value.as_str() != Some("") {
            return Err(Error::new(
                ErrorKind::BadEscape,
                format!("a value without a quoting filter: {value:?}"),
            ));
        }
        out.write_str(&value.to_string())
            .map_err(|_| Error::new(ErrorKind::WriteFailure, "can't write"))
    });
    environment.add_filter("string", |text: String| sql(string_literal(&text)));
    environment.add_filter("date", date);
    environment.add_filter("ident", |name: String| identifier(&name).map(sql));
    environment.add_filter("path", path);
    environment.add_filter("table", table);
    environment.add_filter("fragment", |text: String, indent: usize| sql(place(&text, indent)));
    environment.add_filter("comment", |text: String| {
        sql(text.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    for (name, text) in TEMPLATES {
        environment
            .add_template(name, text)
            .expect("the embedded templates are valid");
    }
    environment
});

/// Renders a template to one BigQuery statement and checks that it parses.
///
/// # Errors
/// A value that no filter can quote, or a text that does not parse: the fault is then in an author's fragment or in a template.
pub fn statement(template: &str, context: impl Serialize) -> Result<String> {
    let text = ENVIRONMENT
        .get_template(template)
        .and_then(|template| template.render(Serde(&context)))
        .map_err(|error| Diagnostic::error(Code::SqlSyntax, reason(&error)))?;
    let text = format!("{};\n", text.trim_end());
    let source = Arc::new(Source {
        path: format!("<{template} statement>"),
        text,
    });
    check::parse(&source)?;
    Ok(source.text.clone())
}

/// The innermost message of a template error, which is the one that speaks of the value.
fn reason(error: &Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Marks a text as SQL: a checked fragment of an author, or a text made here.
fn sql(text: impl Into<String>) -> Value {
    Value::from_safe_string(text.into())
}

/// A BigQuery string literal. Backslash, quote and control characters are escaped, so that no value ends the literal.
pub fn string_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
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

fn date(text: String) -> std::result::Result<Value, Error> {
    let date: jiff::civil::Date = text.parse().map_err(|_| refused("a date", &text))?;
    Ok(sql(format!("DATE '{date}'")))
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

/// Whether GoogleSQL reserves the word. The list is that of its lexical reference, "Reserved keywords".
fn is_reserved(name: &str) -> bool {
    const RESERVED: &str = "ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE \
        CURRENT DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL \
        GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE \
        NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT \
        ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN";
    RESERVED.split_whitespace().any(|word| word.eq_ignore_ascii_case(name))
}

fn path(text: String) -> std::result::Result<Value, Error> {
    let parts: std::result::Result<Vec<String>, Error> = text.split('.').map(identifier).collect();
    Ok(sql(parts?.join(".")))
}

fn table(name: String) -> std::result::Result<Value, Error> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '*' | ' ');
    match name.is_empty() || !name.chars().all(fits) {
        true => Err(refused("a table name", &name)),
        false => Ok(sql(format!("`{name}`"))),
    }
}

fn refused(what: &str, text: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{text:?} can't be {what} in SQL"))
}

/// Moves an author's SQL to the indentation of its place: the white space that all its lines share goes, `indent` spaces
/// come. A text with a literal that spans lines keeps its white space, which is part of the value. A comment at the end gets
/// a line break behind it, so that it does not swallow what follows.
fn place(text: &str, indent: usize) -> String {
    let text = text.trim_matches(['\n', '\r']).trim_end();
    let tokens = Tokenizer::new(&BigQueryDialect {}, text)
        .with_unescape(false)
        .tokenize()
        .unwrap_or_default();
    let is_literal_of_lines =
        |token: &Token| !matches!(token, Token::Whitespace(_)) && token.to_string().contains('\n');
    let break_line = format!("\n{}", " ".repeat(indent));
    let mut out = if tokens.iter().any(is_literal_of_lines) {
        text.trim_start().to_string()
    } else {
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
            placed.push_str(if line.is_empty() { "\n" } else { &break_line });
            placed.push_str(line);
        }
        placed
    };
    let is_blank = |token: &&Token| {
        matches!(
            token,
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        )
    };
    let last = tokens.iter().rev().find(|token| !is_blank(token));
    if matches!(last, Some(Token::Whitespace(Whitespace::SingleLineComment { .. }))) {
        out.push_str(&break_line);
    }
    out
}
