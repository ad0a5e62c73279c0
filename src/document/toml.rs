//! Reads TOML 1.0 with the `toml` crate's recovering parser, so that all syntax faults of a file are found at once.

use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Node, Table, Value};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Source, Span};

/// Reads a TOML file; the error holds every syntax fault.
pub fn parse(source: &Arc<Source>) -> Result<Table> {
    let (document, mut errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        return Ok(table(document.get_ref(), source));
    }
    let mut faults: Vec<Diagnostic> = Vec::new();
    errors.sort_by_key(|error| error.span().map_or(0, |range| range.start));
    for error in errors {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        let fault = Diagnostic::error(Code::Syntax, format!("the file is not valid TOML: {message}"));
        let fault = match error.span() {
            Some(range) => fault.with_span(visible(source, range)),
            None => fault,
        };
        // One fault often makes the rest of its line unreadable.
        let line = |fault: &Diagnostic| fault.span.as_ref().map(|span| span.line_column().0);
        if !faults.iter().any(|other| line(other) == line(&fault)) {
            faults.push(fault);
        }
    }
    Err(Diagnostics(faults))
}

/// An empty range at the end of a line shows nothing; the character before it does.
fn visible(source: &Arc<Source>, range: Range<usize>) -> Span {
    let range = match range.is_empty() && range.start == source.text.len() {
        true => source
            .text
            .trim_end()
            .char_indices()
            .last()
            .map_or(0..0, |(at, c)| at..at + c.len_utf8()),
        false => range,
    };
    span(source, range)
}

fn span(source: &Arc<Source>, range: Range<usize>) -> Span {
    Span {
        source: source.clone(),
        range,
    }
}

/// The crate keeps tables sorted by key; the places of the keys give the order of the text back.
fn table(table: &DeTable<'_>, source: &Arc<Source>) -> Table {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let entries = entries.into_iter().map(|(key, value)| {
        let entry = Entry {
            key: span(source, key.span()),
            node: node(value, source),
        };
        (key.get_ref().to_string(), entry)
    });
    Table {
        entries: entries.collect::<IndexMap<_, _>>(),
    }
}

fn node(value: &Spanned<DeValue<'_>>, source: &Arc<Source>) -> Node {
    let read = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        },
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(values) => Value::List(values.iter().map(|value| node(value, source)).collect()),
        DeValue::Table(entries) => Value::Table(table(entries, source)),
    };
    Node {
        value: read,
        span: span(source, value.span()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source {
            path: "test.toml".to_string(),
            text: text.to_string(),
        })
    }

    #[test]
    fn keeps_the_order_and_the_places_of_the_text() {
        let source = source("[b]\nx = 1\n[a.z]\n[a.y]\nn = 1_000\nf = -1.5e3\nd = 2025-01-06\n");
        let table = parse(&source).expect("the text is valid TOML");
        assert_eq!(table.entries.keys().collect::<Vec<_>>(), ["b", "a"]);
        let Value::Table(a) = &table.entries["a"].node.value else {
            panic!("a is a table")
        };
        assert_eq!(a.entries.keys().collect::<Vec<_>>(), ["z", "y"]);
        let Value::Table(y) = &a.entries["y"].node.value else {
            panic!("y is a table")
        };
        assert_eq!(y.entries["n"].node.value, Value::Integer(1000));
        assert_eq!(y.entries["f"].node.value, Value::Float(-1500.0));
        assert_eq!(y.entries["d"].node.value, Value::Date("2025-01-06".to_string()));
        assert_eq!(y.entries["n"].key.line_column(), (5, 1));
    }

    #[test]
    fn reports_every_syntax_fault() {
        let faults = parse(&source("a = \nb = [1, 2\nc = 'x'\n")).expect_err("the text is not valid TOML");
        assert!(faults.0.len() >= 2, "{faults}");
        assert_eq!(
            faults.0[0].span.as_ref().map(Span::line_column).map(|(line, _)| line),
            Some(1)
        );
    }
}
