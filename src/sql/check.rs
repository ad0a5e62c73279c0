//! Parses SQL with `sqlparser`'s BigQuery dialect, without unescaping string literals, so that printing gives back valid SQL.

use std::sync::Arc;

use sqlparser::ast;
use sqlparser::dialect::BigQueryDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::nesting;
use crate::diagnostics::{Code, Diagnostic, Result, Source, Span, offset};

/// Parses a text of one or more statements; a fault points into it.
pub fn parse(source: &Arc<Source>) -> Result<Vec<ast::Statement>> {
    parse_with(source, |tokens| tokens)
}

/// Parses a text whose tokens are changed before.
pub(super) fn parse_with(
    source: &Arc<Source>,
    change: impl FnOnce(Vec<TokenWithSpan>) -> Vec<TokenWithSpan>,
) -> Result<Vec<ast::Statement>> {
    let dialect = BigQueryDialect {};
    Tokenizer::new(&dialect, &source.text)
        .with_unescape(false)
        .tokenize_with_location()
        .map_err(ParserError::from)
        .and_then(|tokens| {
            if let Some(token) = nesting::too_deep(&tokens) {
                let message = format!("more than {} operators nest{}", nesting::LIMIT, token.span.start);
                return Err(ParserError::ParserError(message));
            }
            Parser::new(&dialect)
                .with_options(ParserOptions::new().with_unescape(false))
                .with_tokens_with_locations(change(safe_calls(tokens)))
                .parse_statements()
        })
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

/// `SAFE.SUBSTR(...)` does not parse, as SUBSTR has a grammar of its own; a quoted name has none.
fn safe_calls(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    for place in 2..tokens.len() {
        let (before, rest) = tokens.split_at_mut(place);
        if let [.., safe, dot] = before
            && matches!(&safe.token, Token::Word(word) if word.value.eq_ignore_ascii_case("SAFE") && word.quote_style.is_none())
            && dot.token == Token::Period
            && let Token::Word(name) = &mut rest[0].token
        {
            name.quote_style = Some('`');
            name.keyword = Keyword::NoKeyword;
        }
    }
    tokens
}

/// The line and column of sqlparser's `3, Column: 7`.
fn line_column(place: &str) -> Option<(usize, usize)> {
    let (line, column) = place.split_once(", Column: ")?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}
