//! Renders the templates of `templates/sql/`. Values reach SQL only through the quoting filters below; everything else
//! that a template prints must be marked as SQL by us ([`sql`]), so that a forgotten filter is an error and not an injection.

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

/// Marks a text as SQL: a checked fragment of an author, or a text made by ourselves.
pub fn sql(text: impl Into<String>) -> Value {
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
