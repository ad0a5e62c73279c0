//! Checks the SQL that authors write: each fragment is placed into the smallest statement that can hold it and parsed, so
//! that a fault points into the config file and not into a statement of ours.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use sqlparser::ast::{SelectItem, SetExpr, Statement};

use super::Fragment;
use crate::diagnostics::{Code, Diagnostic, Source};
use crate::document::Text;
use crate::sql::check;

/// The grammatical role of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// An expression of a select list.
    Select,
    /// A table or a parenthesised query.
    From,
    /// A whole query.
    Query,
}

/// Texts that were found to parse. Experiments share most of their fragments, and parsing is the dearest part of a
/// resolution; what is remembered changes no result.
#[derive(Debug, Default)]
pub struct KnownFragments(Mutex<HashSet<(Role, String)>>);

/// Makes a fragment of a value's rendered SQL, and checks that it parses.
pub(super) fn checked(
    known: &KnownFragments,
    text: &Text,
    sql: String,
    role: Role,
    what: &str,
    faults: &mut Vec<Diagnostic>,
) -> Fragment {
    // A panic elsewhere leaves the set as valid as it was.
    let known = || known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (role, sql.clone());
    if !known().contains(&key) {
        match fault(text, &sql, role, what) {
            Some(fault) => faults.push(fault),
            None => {
                known().insert(key);
            }
        }
    }
    Fragment {
        sql,
        span: text.span.clone(),
    }
}

fn fault(text: &Text, sql: &str, role: Role, what: &str) -> Option<Diagnostic> {
    // A line of its own for the fragment, so that a comment at its end hides nothing.
    let (before, after) = match role {
        Role::Select => ("SELECT\n", "\nAS m FROM t"),
        Role::From => ("SELECT * FROM\n", "\nds"),
        Role::Query => ("SELECT * FROM (\n", "\n)"),
    };
    let error = match parse(&format!("{before}{sql}{after}")) {
        Ok(statements) if fits(&statements, role) => return None,
        Ok(_) => {
            let message = match role {
                Role::Select => format!("{what} must be one expression"),
                Role::From => format!("{what} must be one table or parenthesised query"),
                Role::Query => format!("{what} must be one query"),
            };
            return Some(Diagnostic::error(Code::SqlSyntax, message).with_span(text.span.clone()));
        }
        Err(error) => error,
    };
    // The parser has a grammar of its own for some functions and does not know them behind `SAFE.`.
    let plain = without_safe(sql);
    if plain != sql && parse(&format!("{before}{plain}{after}")).is_ok_and(|statements| fits(&statements, role)) {
        return None;
    }
    let (message, at) = inner_query(sql, role).unwrap_or_else(|| {
        let at = error.span.map(|span| span.range.start.saturating_sub(before.len()));
        let message = match error.message.rsplit_once(", found: ") {
            // What was found there is a word of ours.
            Some((expected, _)) if at.is_none_or(|at| at > sql.len()) => format!("{expected}, found: its end"),
            _ => error.message,
        };
        (message, at)
    });
    let at = at.map(|at| at.min(sql.len()));
    let mut fault = Diagnostic::error(Code::SqlSyntax, format!("{what} is not valid SQL: {message}"));
    let span = match at {
        Some(at) => text.rendered_part(sql, at),
        None => text.span.clone(),
    };
    if span == text.span && sql != text.value {
        let line = at
            .and_then(|at| sql.get(..at))
            .map_or(0, |before| before.matches('\n').count());
        fault.help = sql
            .lines()
            .nth(line)
            .map(|line| format!("its template renders to `{}`", line.trim()));
    }
    fault.span = Some(span);
    Some(fault)
}

/// The fault of a parenthesised query, message and offset. In a list of tables the parser also tries to read it as a join,
/// and then complains of that.
fn inner_query(sql: &str, role: Role) -> Option<(String, Option<usize>)> {
    let start = sql.find(|c: char| !c.is_whitespace())? + 1;
    let inner = sql.trim().strip_prefix('(')?.strip_suffix(')')?;
    let error = match role {
        Role::From => parse(inner).err()?,
        Role::Select | Role::Query => return None,
    };
    // Without a place the fault is that the query ends too soon.
    let at = error.span.map_or(inner.len(), |span| span.range.start);
    Some((error.message, Some(start + at)))
}

fn parse(text: &str) -> Result<Vec<Statement>, Diagnostic> {
    let source = Arc::new(Source {
        path: String::new(),
        text: text.to_string(),
    });
    check::parse(&source).map_err(|faults| {
        let mut fault = faults.0.into_iter().next().expect("a failed parse has a fault");
        let plain = fault.message.trim_start_matches("the SQL does not parse: ").to_string();
        fault.message = plain;
        fault
    })
}

/// Whether the fragment stayed in its place: one statement, and in it one item where one was put.
fn fits(statements: &[Statement], role: Role) -> bool {
    let [Statement::Query(query)] = statements else {
        return false;
    };
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    match role {
        Role::Select => {
            matches!(select.projection[..], [SelectItem::ExprWithAlias { .. }])
                && select.from.len() == 1
                && select.selection.is_none()
        }
        Role::From | Role::Query => select.from.len() == 1 && select.selection.is_none(),
    }
}

/// The text without the prefix `SAFE.` of function names.
fn without_safe(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.to_ascii_uppercase().find("SAFE.") {
        let starts_a_word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == '`');
        out.push_str(&rest[..at]);
        if !starts_a_word {
            out.push_str(&rest[at..at + 5]);
        }
        rest = &rest[at + 5..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Span;

    fn check(sql: &str, role: Role, expected: Option<&str>) {
        let source = Arc::new(Source {
            path: "test.toml".to_string(),
            text: format!("'{sql}'"),
        });
        let range = 0..source.text.len();
        let text = Text {
            value: sql.to_string(),
            span: Span { source, range },
        };
        let found = fault(&text, sql, role, "it");
        let place = found.and_then(|fault| {
            let span = fault.span?;
            Some(span.source.text[span.range].to_string())
        });
        assert_eq!(place.as_deref(), expected, "{sql}");
    }

    #[test]
    fn fragments() {
        check("COALESCE(SUM(x), 0)", Role::Select, None);
        check("SUM(x) -- why", Role::Select, None);
        check("SAFE.SUBSTR(a, 0, 8)", Role::Select, None);
        check("SUM(x", Role::Select, Some(""));
        check("SUM(x -- )", Role::Select, Some(""));
        check("SUM(x) + * 2", Role::Select, Some("*"));
        check("1 AS a, 2", Role::Select, Some("'1 AS a, 2'"));
        check("`a.b.c`", Role::From, None);
        check("(SELECT 1 AS x)", Role::From, None);
        check("a, b", Role::From, Some("'a, b'"));
        check("SELECT 1", Role::Query, None);
        check(
            "SELECT 1) t; DROP TABLE x; SELECT (1",
            Role::Query,
            Some("'SELECT 1) t; DROP TABLE x; SELECT (1'"),
        );
    }
}
