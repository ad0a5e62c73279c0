//! DuckDB's values as ours.

use jiff::civil::{Date, DateTime, Time};

use super::Value;
use crate::sql::types::Type;

/// A value of DuckDB as one of ours, by the column's type.
pub(super) fn value(value: ::duckdb::types::Value, kind: &Type) -> Value {
    use ::duckdb::types::Value as D;
    match (value, kind) {
        (D::Null, _) => Value::Null,
        (D::Boolean(truth), _) => Value::Bool(truth),
        (D::TinyInt(number), _) => Value::Int64(number.into()),
        (D::SmallInt(number), _) => Value::Int64(number.into()),
        (D::Int(number), _) => Value::Int64(number.into()),
        (D::BigInt(number), _) => Value::Int64(number),
        (D::Float(number), _) => Value::Float64(number.into()),
        (D::Double(number), _) => Value::Float64(number),
        (D::Decimal(number), _) => {
            let text = number.to_string();
            let text = if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.')
            } else {
                &text
            };
            Value::Numeric(text.into())
        }
        (D::Text(text) | D::Enum(text), Type::Json) => Value::Json(text),
        (D::Text(text) | D::Enum(text), _) => Value::String(text),
        (D::Blob(bytes), _) => Value::Bytes(bytes),
        (D::Date32(days), _) => date(days).map_or(Value::Null, Value::Date),
        (D::Timestamp(unit, count), _) => moment(unit.to_micros(count)).map_or(Value::Null, Value::Timestamp),
        (D::Time64(unit, count), _) => {
            moment(unit.to_micros(count)).map_or(Value::Null, |moment| Value::Time(Time::from(moment)))
        }
        (D::List(items) | D::Array(items), Type::Array(element)) => {
            Value::Array(items.into_iter().map(|item| self::value(item, element)).collect())
        }
        (D::Struct(fields), Type::Struct(kinds)) => {
            let values = fields.iter().map(|(_, value)| value.clone());
            Value::Struct(
                values
                    .zip(kinds)
                    .map(|(item, (_, kind))| self::value(item, kind))
                    .collect(),
            )
        }
        (other, _) => Value::String(format!("{other:?}")),
    }
}

fn date(days: i32) -> Option<Date> {
    Date::constant(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(days).ok()?)
        .ok()
}

fn moment(microseconds: i64) -> Option<DateTime> {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
        .checked_add(jiff::Span::new().try_microseconds(microseconds).ok()?)
        .ok()
}
