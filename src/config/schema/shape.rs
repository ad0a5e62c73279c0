//! The pieces that schemas are made of: one function for each way in which `document::Fields` reads a value.

use serde_json::{Map, Value, json};

/// A key of a table: its name, what it takes, and what an editor says about it.
pub type Key = (&'static str, Value, &'static str);

/// A table with these keys and no others.
pub fn table(keys: Vec<Key>, required: &[&str]) -> Value {
    let mut table = open_table(keys, required);
    table["additionalProperties"] = json!(false);
    table
}

/// A table with these keys, and others that nobody reads.
pub fn open_table(keys: Vec<Key>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys
        .into_iter()
        .map(|(name, shape, description)| (name.to_string(), described(shape, description)))
        .collect();
    let mut table = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        table["required"] = json!(required);
    }
    table
}

/// Tables by name.
pub fn tables(shape: Value) -> Value {
    json!({"type": "object", "additionalProperties": shape})
}

/// A shape with what an editor says about it.
pub fn described(mut shape: Value, description: &str) -> Value {
    if !description.is_empty() {
        shape["description"] = json!(description);
    }
    shape
}

/// Whatever is written.
pub fn anything() -> Value {
    json!({})
}

/// A text.
pub fn text() -> Value {
    json!({"type": "string"})
}

/// A list of texts.
pub fn texts() -> Value {
    json!({"type": "array", "items": text()})
}

/// A whole number, or its digits as a string.
pub fn integer() -> Value {
    json!({"type": ["integer", "string"], "pattern": r"^\s*[+-]?[0-9]{1,18}\s*$"})
}

/// True or false.
pub fn boolean() -> Value {
    json!({"type": "boolean"})
}

/// A date; a month or day may have one digit.
pub fn date() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])$"})
}

/// A date with all its digits.
pub fn strict_date() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"})
}

/// One of the words that a reader has a table of.
pub fn choice<T>(choices: &[(&str, T)]) -> Value {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    json!({"type": "string", "enum": words})
}

/// A list of such words.
pub fn choices<T>(choices: &[(&str, T)]) -> Value {
    json!({"type": "array", "items": choice(choices)})
}

/// A value or JSON's `null`, which counts as absent.
pub fn or_null(shape: Value) -> Value {
    json!({"anyOf": [shape, {"type": "null"}]})
}
