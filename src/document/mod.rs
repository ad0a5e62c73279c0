//! A TOML or JSON text as a tree in which every key and every value knows its place in the text.
//!
//! Syntax faults end here; what a key means is the affair of [`config`](crate::config) and
//! [`experiment`](crate::experiment), which read the tree through [`Fields`].

mod fields;
mod json;
mod place;
mod toml;

use indexmap::IndexMap;

use crate::diagnostics::Span;

pub use fields::Fields;
pub use json::parse as parse_json;
pub use toml::parse as parse_toml;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands, quotes and brackets included.
    pub span: Span,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// JSON's `null`; TOML has none.
    Null,
    /// A string, escapes decoded.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction, or one too large for [`Value::Integer`].
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A bare TOML date or time, as written.
    Date(String),
    /// A list.
    List(Vec<Node>),
    /// A table in the order of the text.
    Table(Table),
}

/// A table: entries in the order in which their keys first appear.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Key to entry.
    pub entries: IndexMap<String, Entry>,
}

/// One entry of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where the key stands.
    pub key: Span,
    /// The value.
    pub node: Node,
}

/// A piece of text and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The text, escapes decoded.
    pub value: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

impl Node {
    /// The kind of value with its article, as messages name it.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "a boolean",
            Value::Date(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The value as JSON. Dates become strings; numbers that JSON can't hold become null.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Text(text) | Value::Date(text) => serde_json::Value::String(text.clone()),
            Value::Integer(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Boolean(flag) => (*flag).into(),
            Value::List(nodes) => nodes.iter().map(Node::to_json).collect(),
            Value::Table(table) => serde_json::Value::Object(table.to_json()),
        }
    }
}

impl Table {
    /// The table as a JSON object in the same order.
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        self.entries
            .iter()
            .map(|(key, entry)| (key.clone(), entry.node.to_json()))
            .collect()
    }
}
