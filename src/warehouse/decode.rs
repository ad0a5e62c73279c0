//! JSON values as typed values: what `import` reads line by line. The schema decides; a value that does not fit is a fault in words.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value as Json;

use super::Value;
use super::rows::from_base64;
use crate::sql::types::Type;

/// A JSON value as a value of a column's type. `STRUCT` may be an object (absent fields are null) or a list in the order of the fields,
/// `JSON` may be text or a document, timestamps without a zone are UTC. The error says what does not fit, without the place.
pub fn decode(json: &Json, kind: &Type) -> Result<Value, String> {
    let unfit = || format!("`{}` is not a {kind}", shortened(json));
    Ok(match (kind, json) {
        // JSON's own null and SQL's NULL are both written `null`.
        (_, Json::Null) => Value::Null,
        (Type::Array(element), Json::Array(items)) => {
            let items: Result<Vec<Value>, String> = items.iter().map(|item| decode(item, element)).collect();
            Value::Array(items?)
        }
        (Type::Struct(fields), Json::Object(object)) => {
            if let Some(name) = object
                .keys()
                .find(|name| !fields.iter().any(|(field, _)| same(field, name)))
            {
                return Err(format!("`{name}` is not a field of {kind}"));
            }
            let values: Result<Vec<Value>, String> = (fields.iter())
                .map(|(field, kind)| {
                    let found = object.get(field).or_else(|| {
                        object
                            .iter()
                            .find(|(name, _)| same(field, name))
                            .map(|(_, value)| value)
                    });
                    found.map_or(Ok(Value::Null), |value| {
                        decode(value, kind).map_err(|fault| format!("{field}: {fault}"))
                    })
                })
                .collect();
            Value::Struct(values?)
        }
        (Type::Struct(fields), Json::Array(items)) => {
            if items.len() != fields.len() {
                return Err(format!(
                    "{} values stand for the {} fields of {kind}",
                    items.len(),
                    fields.len()
                ));
            }
            let values: Result<Vec<Value>, String> = (fields.iter().zip(items))
                .map(|((field, kind), item)| decode(item, kind).map_err(|fault| format!("{field}: {fault}")))
                .collect();
            Value::Struct(values?)
        }
        (Type::Json, Json::String(text)) => match serde_json::from_str::<Json>(text) {
            Ok(document) => Value::Json(document.to_string()),
            Err(_) => return Err(unfit()),
        },
        (Type::Json, document) => Value::Json(document.to_string()),
        (Type::Bool, Json::Bool(truth)) => Value::Bool(*truth),
        (Type::Int64, Json::Number(number)) => {
            let whole = number
                .as_f64()
                .filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
            let whole = number.as_i64().or_else(|| whole.map(|number| number as i64));
            Value::Int64(whole.ok_or_else(unfit)?)
        }
        (Type::Float64, Json::Number(number)) => Value::Float64(number.as_f64().ok_or_else(unfit)?),
        (Type::Numeric, Json::Number(number)) => Value::Numeric(number.to_string()),
        (kind, Json::String(text)) => from_text(text, kind).ok_or_else(unfit)?,
        (
            Type::Int64
            | Type::Float64
            | Type::Numeric
            | Type::Bool
            | Type::String
            | Type::Bytes
            | Type::Date
            | Type::Datetime
            | Type::Timestamp
            | Type::Time
            | Type::Interval
            | Type::Array(_)
            | Type::Struct(_),
            _,
        ) => return Err(unfit()),
    })
}

/// A text, such as a CSV cell, as a value of a scalar type.
pub fn from_text(text: &str, kind: &Type) -> Option<Value> {
    let trimmed = text.trim();
    Some(match kind {
        Type::String => Value::String(text.into()),
        Type::Int64 => Value::Int64(trimmed.parse().ok()?),
        Type::Float64 => Value::Float64(trimmed.parse().ok()?),
        Type::Numeric => {
            let digits = trimmed.trim_start_matches(['-', '+']);
            let plain = !digits.is_empty()
                && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
                && digits.matches('.').count() < 2;
            plain.then(|| Value::Numeric(trimmed.into()))?
        }
        Type::Bool if trimmed.eq_ignore_ascii_case("true") => Value::Bool(true),
        Type::Bool if trimmed.eq_ignore_ascii_case("false") => Value::Bool(false),
        Type::Bool => return None,
        Type::Bytes => Value::Bytes(from_base64(trimmed)?),
        Type::Date => Value::Date(trimmed.parse::<Date>().ok()?),
        Type::Datetime => Value::Timestamp(trimmed.parse::<DateTime>().ok()?),
        Type::Timestamp => Value::Timestamp(in_utc(trimmed)?),
        Type::Time => Value::Time(trimmed.parse::<Time>().ok()?),
        Type::Json => Value::Json(serde_json::from_str::<Json>(text).ok()?.to_string()),
        Type::Interval | Type::Array(_) | Type::Struct(_) => return None,
    })
}

/// A timestamp with `Z`, an offset, ` UTC` or nothing (which is UTC too), or a date.
fn in_utc(text: &str) -> Option<DateTime> {
    let text = text.trim_end_matches(" UTC");
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return Some(stamp.to_zoned(jiff::tz::TimeZone::UTC).datetime());
    }
    text.parse::<DateTime>()
        .ok()
        .or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))
}

/// BigQuery's names are alike in capitals and small letters.
fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn shortened(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_the_schema() {
        for (kind, json, expected) in [
            ("INT64", "\"12\"", Ok("12")),
            ("INT64", "1.5", Err("`1.5` is not a INT64")),
            (
                "TIMESTAMP",
                "\"2021-01-02 03:04:05+02\"",
                Ok("\"2021-01-02T01:04:05Z\""),
            ),
            (
                "TIMESTAMP",
                "\"2021-01-02T03:04:05.123456\"",
                Ok("\"2021-01-02T03:04:05.123456Z\""),
            ),
            ("DATE", "\"2021-02-30\"", Err("`\"2021-02-30\"` is not a DATE")),
            ("STRUCT<a INT64, b STRING>", "[1, null]", Ok("{\"a\":1,\"b\":null}")),
            (
                "STRUCT<a INT64, b STRING>",
                "{\"B\": \"x\"}",
                Ok("{\"a\":null,\"b\":\"x\"}"),
            ),
            (
                "STRUCT<a INT64>",
                "{\"c\": 1}",
                Err("`c` is not a field of STRUCT<a INT64>"),
            ),
            (
                "ARRAY<STRUCT<k STRING, v BOOL>>",
                "[[\"x\", true]]",
                Ok("[{\"k\":\"x\",\"v\":true}]"),
            ),
            ("JSON", "\"{\\\"a\\\": 1}\"", Ok("{\"a\":1}")),
            ("JSON", "\"{\"", Err("`\"{\"` is not a JSON")),
            ("BOOL", "\"yes\"", Err("`\"yes\"` is not a BOOL")),
        ] {
            let kind = Type::parse(kind).unwrap();
            let found =
                decode(&serde_json::from_str(json).unwrap(), &kind).map(|value| value.to_json(&kind).to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{kind} {json}");
        }
    }
}
