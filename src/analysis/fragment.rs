//! Checks the SQL that authors write, so that a fault points into the config file and not into a statement of ours.

use super::Fragment;
use crate::diagnostics::{Code, Diagnostic};
use crate::document::Text;
use crate::sql::fragment::{self, Fault, Role};

/// Makes a fragment of a value's rendered SQL, and checks that it parses.
pub(super) fn checked(text: &Text, sql: String, role: Role, what: &str, faults: &mut Vec<Diagnostic>) -> Fragment {
    faults.extend(fault(text, &sql, role, what));
    Fragment {
        sql,
        span: text.span.clone(),
    }
}

fn fault(text: &Text, sql: &str, role: Role, what: &str) -> Option<Diagnostic> {
    let (message, at) = match fragment::parse(role, sql).err()? {
        Fault::Role(must_be) => {
            let message = format!("{what} must be {must_be}");
            return Some(Diagnostic::error(Code::SqlSyntax, message).with_span(text.span.clone()));
        }
        Fault::Syntax(message, at) => (message, at),
    };
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::{Source, Span};

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
        check("COALESCE(SUM(x), 0)", Role::Expression, None);
        check("SUM(x) -- why", Role::Expression, None);
        check("SAFE.SUBSTR(a, 0, 8)", Role::Expression, None);
        check("SUM(x", Role::Expression, Some(""));
        check("SUM(x -- )", Role::Expression, Some(""));
        check("SUM(x) + * 2", Role::Expression, Some("*"));
        check("1 AS a, 2", Role::Expression, Some("'1 AS a, 2'"));
        check("`a.b.c`", Role::Source, None);
        check("(SELECT 1 AS x)", Role::Source, None);
        check("a, b", Role::Source, Some("'a, b'"));
        check("SELECT 1", Role::Query, None);
        check(
            "SELECT 1) t; DROP TABLE x; SELECT (1",
            Role::Query,
            Some("'SELECT 1) t; DROP TABLE x; SELECT (1'"),
        );
    }
}
