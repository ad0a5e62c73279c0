//! Reads JSON with the places of keys and values. `serde_json` decides what is valid; a walk over the valid text then
//! notes the places, which `serde_json` does not give.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{Entry, Node, Table, Value};
use crate::diagnostics::{Code, Diagnostic, Result, Source, Span, offset};

/// Reads a JSON text.
pub fn parse(source: &Arc<Source>) -> Result<Node> {
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&source.text) {
        let text = error.to_string();
        let message = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(message, _)| message);
        let fault = Diagnostic::error(Code::Syntax, format!("the file is not valid JSON: {message}"));
        return Err(match offset(&source.text, error.line(), error.column()) {
            Some(start) => {
                let length = source.text[start..].chars().next().map_or(0, char::len_utf8);
                fault.with_span(Span {
                    source: source.clone(),
                    range: start..start + length,
                })
            }
            None => fault,
        }
        .into());
    }
    let mut walk = Walk { source, at: 0 };
    Ok(walk.node())
}

/// A position in a text that is known to be valid JSON.
struct Walk<'s> {
    source: &'s Arc<Source>,
    at: usize,
}

impl Walk<'_> {
    fn node(&mut self) -> Node {
        self.skip_space();
        let start = self.at;
        let value = match self.peek() {
            b'{' => Value::Table(self.table()),
            b'[' => Value::List(self.list()),
            b'"' => Value::Text(self.text()),
            _ => self.scalar(),
        };
        Node {
            value,
            span: self.span(start),
        }
    }

    fn table(&mut self) -> Table {
        let mut entries = IndexMap::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek() {
                b'}' => break,
                b',' => self.at += 1,
                _ => {
                    let start = self.at;
                    let key = self.text();
                    let place = self.span(start);
                    self.skip_space();
                    // The colon.
                    self.at += 1;
                    let node = self.node();
                    entries.insert(key, Entry { key: place, node });
                }
            }
        }
        self.at += 1;
        Table { entries }
    }

    fn list(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        self.at += 1;
        loop {
            self.skip_space();
            match self.peek() {
                b']' => break,
                b',' => self.at += 1,
                _ => nodes.push(self.node()),
            }
        }
        self.at += 1;
        nodes
    }

    fn text(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(&self.source.text[start..self.at]).expect("a string of a valid JSON text is valid")
    }

    fn scalar(&mut self) -> Value {
        let start = self.at;
        while self.at < self.source.text.len() && !matches!(self.peek(), b',' | b']' | b'}') && !self.is_space() {
            self.at += 1;
        }
        match &self.source.text[start..self.at] {
            "null" => Value::Null,
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            number => match number.parse() {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Float(number.parse().expect("a number of a valid JSON text is one")),
            },
        }
    }

    fn peek(&self) -> u8 {
        self.source.text.as_bytes()[self.at]
    }

    fn is_space(&self) -> bool {
        matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r')
    }

    fn skip_space(&mut self) {
        while self.is_space() {
            self.at += 1;
        }
    }

    fn span(&self, start: usize) -> Span {
        Span {
            source: self.source.clone(),
            range: start..self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source {
            path: "test.json".to_string(),
            text: text.to_string(),
        })
    }

    #[test]
    fn notes_places() {
        let node = parse(&source("{\n  \"a\": [1, \"x\\\"y\"],\n  \"b\": null }")).expect("the text is valid JSON");
        let Value::Table(table) = &node.value else {
            panic!("the text is an object")
        };
        assert_eq!(table.entries["b"].key.line_column(), (3, 3));
        assert_eq!(table.entries["b"].node.span.line_column(), (3, 8));
        assert_eq!(node.to_json(), serde_json::json!({"a": [1, "x\"y"], "b": null}));
    }

    #[test]
    fn a_fault_has_a_place() {
        let faults = parse(&source("{\n  \"a\": 1,\n}")).expect_err("a trailing comma is not JSON");
        assert_eq!(faults.0[0].span.as_ref().map(Span::line_column), Some((3, 1)));
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,8}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_writes(value in value()) {
            for text in [value.to_string(), format!("{value:#}")] {
                let node = parse(&source(&text)).expect("the text is valid JSON");
                prop_assert_eq!(node.to_json(), value.clone());
            }
        }
    }
}
