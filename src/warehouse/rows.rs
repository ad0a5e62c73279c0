//! Rows as values: typed columns, NULL explicit, dates and timestamps as such.

use jiff::civil::{Date, DateTime, Time};
use serde_json::{Map, Value as Json};

use crate::sql::types::Type;

/// A result or the content of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// Names and types, in order.
    pub columns: Vec<(String, Type)>,
    /// One value per column in each row.
    pub rows: Vec<Vec<Value>>,
}

/// One value. Which column type it belongs to stands in [`Rows::columns`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// NULL of any type.
    Null,
    /// `BOOL`.
    Bool(bool),
    /// `INT64`.
    Int64(i64),
    /// `FLOAT64`, also infinite and NaN.
    Float64(f64),
    /// `NUMERIC` as decimal digits, such as `-12.5`.
    Numeric(String),
    /// `STRING`.
    String(String),
    /// `BYTES`.
    Bytes(Vec<u8>),
    /// `DATE`.
    Date(Date),
    /// `DATETIME`, or `TIMESTAMP` in UTC.
    Timestamp(DateTime),
    /// `TIME`.
    Time(Time),
    /// `JSON` as text.
    Json(String),
    /// `ARRAY`.
    Array(Vec<Value>),
    /// `STRUCT`: the fields in the order of the type.
    Struct(Vec<Value>),
}

impl Value {
    /// The number that an `INT64`, `FLOAT64`, `NUMERIC` or `BOOL` stands for.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
            // Counts of clients are far below 2^53.
            Value::Int64(number) => Some(*number as f64),
            Value::Float64(number) => Some(*number),
            Value::Numeric(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The integer.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int64(number) => Some(*number),
            _ => None,
        }
    }

    /// The text of a `STRING`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The value as JSON: dates and times in ISO form, `TIMESTAMP` with `Z`, `NUMERIC` and `BYTES` (base64) as text, `STRUCT` as an
    /// object, `JSON` as the document itself, numbers that JSON can't hold as `"NaN"`, `"Infinity"`, `"-Infinity"`.
    pub fn to_json(&self, kind: &Type) -> Json {
        match (self, kind) {
            (Value::Null, _) => Json::Null,
            (Value::Bool(truth), _) => Json::Bool(*truth),
            (Value::Int64(number), _) => Json::from(*number),
            (Value::Float64(number), _) => match serde_json::Number::from_f64(*number) {
                Some(number) => Json::Number(number),
                None => Json::from(match number {
                    number if number.is_nan() => "NaN",
                    number if *number > 0.0 => "Infinity",
                    _ => "-Infinity",
                }),
            },
            (Value::Numeric(text) | Value::String(text), _) => Json::from(text.as_str()),
            (Value::Bytes(bytes), _) => Json::from(base64(bytes)),
            (Value::Date(date), _) => Json::from(date.to_string()),
            (Value::Timestamp(moment), Type::Timestamp) => Json::from(format!("{moment}Z")),
            (Value::Timestamp(moment), _) => Json::from(moment.to_string()),
            (Value::Time(time), _) => Json::from(time.to_string()),
            (Value::Json(text), _) => serde_json::from_str(text).unwrap_or_else(|_| Json::from(text.as_str())),
            (Value::Array(items), Type::Array(element)) => items.iter().map(|item| item.to_json(element)).collect(),
            (Value::Array(items), _) => items.iter().map(|item| item.to_json(&Type::String)).collect(),
            (Value::Struct(values), Type::Struct(fields)) => {
                let fields = fields.iter().zip(values);
                let object: Map<String, Json> = fields
                    .map(|((name, kind), value)| (name.clone(), value.to_json(kind)))
                    .collect();
                Json::Object(object)
            }
            (Value::Struct(values), _) => values.iter().map(|value| value.to_json(&Type::String)).collect(),
        }
    }
}

impl Rows {
    /// `{"columns": [[name, type]], "rows": [[...]]}`.
    pub fn to_json(&self) -> Json {
        let columns: Vec<Json> = (self.columns.iter())
            .map(|(name, kind)| serde_json::json!([name, kind.to_string()]))
            .collect();
        let rows: Vec<Json> = (self.rows.iter())
            .map(|row| {
                row.iter()
                    .zip(&self.columns)
                    .map(|(value, (_, kind))| value.to_json(kind))
                    .collect()
            })
            .collect();
        serde_json::json!({ "columns": columns, "rows": rows })
    }
}

/// RFC 4648, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            match place <= chunk.len() {
                true => out.push(char::from(DIGITS[(word >> (18 - 6 * place) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

/// The bytes of an RFC 4648 text, with or without padding. None when it is none.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0u32, 0);
    for c in text.trim_end_matches('=').bytes() {
        let digit = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits & 255) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_survives() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xff\xfe\xfd", "//79"),
        ] {
            assert_eq!(base64(bytes), text);
            assert_eq!(from_base64(text).unwrap(), bytes);
        }
        assert_eq!(from_base64("!"), None);
    }

    #[test]
    fn values_have_a_json_form() {
        let kind = Type::parse("STRUCT<a TIMESTAMP, b ARRAY<FLOAT64>, c JSON>").unwrap();
        let value = Value::Struct(vec![
            Value::Timestamp("2021-01-02T03:04:05.6".parse().unwrap()),
            Value::Array(vec![Value::Float64(0.5), Value::Float64(f64::NAN)]),
            Value::Json("{\"x\":1}".into()),
        ]);
        let expected = serde_json::json!({"a": "2021-01-02T03:04:05.6Z", "b": [0.5, "NaN"], "c": {"x": 1}});
        assert_eq!(value.to_json(&kind), expected);
    }
}
