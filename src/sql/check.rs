//! Parses SQL with `sqlparser`'s BigQuery dialect, without unescaping string literals, so that printing gives back valid SQL.

use std::sync::Arc;

use sqlparser::ast;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::{Parser, ParserOptions};

use crate::diagnostics::{Code, Diagnostic, Result, Source, Span, offset};

/// Parses a text of one or more statements; a fault points into it.
pub fn parse(source: &Arc<Source>) -> Result<Vec<ast::Statement>> {
    Parser::new(&BigQueryDialect {})
        .with_options(ParserOptions::new().with_unescape(false))
        .try_with_sql(&source.text)
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| {
            let text = error.to_string();
            let (message, place) = match text.split_once(" at Line: ") {
                Some((message, place)) => (message.to_string(), line_column(place)),
                None => (text, None),
            };
            let message = message.trim_start_matches("sql parser error: ").to_string();
            let diagnostic = Diagnostic::error(Code::SqlSyntax, format!("the SQL does not parse: {message}"));
            match place.and_then(|(line, column)| offset(&source.text, line, column)) {
                Some(start) => {
                    let length = source.text[start..].chars().next().map_or(0, char::len_utf8);
                    diagnostic.with_span(Span {
                        source: source.clone(),
                        range: start..start + length,
                    })
                }
                None => diagnostic,
            }
            .into()
        })
}

/// The line and column of sqlparser's `3, Column: 7`.
fn line_column(place: &str) -> Option<(usize, usize)> {
    let (line, column) = place.split_once(", Column: ")?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}
