//! Casts and the types that they name.

use sqlparser::ast::{ArrayElemTypeDef, DataType, ExactNumberInfo, Expr, Spanned, Value};

use super::{CATALOG, Translator};
use crate::sql::types::Type;

impl Translator<'_> {
    /// CAST and SAFE_CAST. BigQuery rounds half away from zero, refuses fractions in text, and writes values in its own way.
    pub(super) fn cast(&mut self, inner: &Expr, data_type: &DataType, safe: bool) -> String {
        let Some(target) = self.data_type(data_type, inner.span()) else {
            return "NULL".into();
        };
        let known = self.known_type(inner);
        let text = self.expression(inner);
        let word = if safe { "TRY_CAST" } else { "CAST" };
        let prefix = if safe { "safe_" } else { "" };
        let plain = format!("{word}({text} AS {})", target.duckdb());
        if matches!(inner, Expr::Value(value) if value.value == Value::Null) {
            return plain;
        }
        match (&target, known) {
            (Type::Int64, Some(Type::Bool | Type::Int64)) => plain,
            (Type::Int64, Some(Type::String)) => format!("{CATALOG}.{prefix}text_to_int64({text})"),
            (Type::Int64, _) => format!("{CATALOG}.{prefix}to_int64({text})"),
            (Type::String, Some(Type::Int64 | Type::Bool | Type::Date | Type::String)) => plain,
            (Type::String, _) => format!("{CATALOG}.to_string({text})"),
            (Type::Bool, Some(Type::Bool | Type::Int64)) => plain,
            (Type::Bool, _) => format!("{CATALOG}.{prefix}to_bool({text})"),
            (Type::Bytes, Some(Type::Bytes)) => plain,
            (Type::Bytes, _) => format!("encode({text})"),
            (Type::Json, _) => self.unknown(inner.span(), "CAST to JSON"),
            (
                Type::Float64
                | Type::Numeric
                | Type::Date
                | Type::Datetime
                | Type::Timestamp
                | Type::Time
                | Type::Interval
                | Type::Array(_)
                | Type::Struct(_),
                _,
            ) => plain,
        }
    }

    /// A type as it stands in SQL. A type that the engine has no counterpart of is a fault.
    pub(super) fn data_type(&mut self, data_type: &DataType, place: sqlparser::tokenizer::Span) -> Option<Type> {
        let kind = self.data_type_quietly(data_type);
        if kind.is_none() {
            self.unknown(place, &format!("the type `{data_type}`"));
        }
        kind
    }

    pub(super) fn data_type_quietly(&self, data_type: &DataType) -> Option<Type> {
        Some(match data_type {
            DataType::Array(ArrayElemTypeDef::AngleBracket(element)) => {
                Type::Array(Box::new(self.data_type_quietly(element)?))
            }
            DataType::Struct(fields, _) => {
                let fields: Option<Vec<(String, Type)>> = (fields.iter().enumerate())
                    .map(|(place, field)| {
                        let name = field.field_name.as_ref().map(|name| name.value.clone());
                        let name = name.unwrap_or_else(|| format!("_{}", place + 1));
                        Some((name, self.data_type_quietly(&field.field_type)?))
                    })
                    .collect();
                Type::Struct(fields?)
            }
            DataType::String(None) => Type::String,
            DataType::Bytes(None) => Type::Bytes,
            DataType::Numeric(ExactNumberInfo::None) | DataType::Decimal(ExactNumberInfo::None) => Type::Numeric,
            other => Type::parse(&other.to_string()).ok()?,
        })
    }
}
