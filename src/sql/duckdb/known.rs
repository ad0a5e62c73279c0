//! What can be said of an expression without a schema: its type, where its text shows it, and the name of its column.

use sqlparser::ast::{AccessExpr, BinaryOperator, Expr, UnaryOperator, Value};

use super::Translator;
use crate::sql::types::Type;

impl Translator<'_> {
    /// The type that an expression has for certain, if its text shows it.
    pub(super) fn known_type(&self, expr: &Expr) -> Option<Type> {
        match expr {
            Expr::Nested(inner) => self.known_type(inner),
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) if digits.contains(['.', 'e', 'E']) && !digits.starts_with("0x") => {
                    Some(Type::Float64)
                }
                Value::Number(..) => Some(Type::Int64),
                Value::HexStringLiteral(_) => Some(Type::Int64),
                Value::Boolean(_) => Some(Type::Bool),
                value => super::expression::string_value(value)
                    .and_then(Result::ok)
                    .map(|_| Type::String),
            },
            Expr::Identifier(name) => {
                let lower = name.value.to_lowercase();
                (self.parameters.iter().find(|(parameter, _)| *parameter == lower)).and_then(|(_, kind)| kind.clone())
            }
            Expr::TypedString(typed) => self.data_type_quietly(&typed.data_type),
            Expr::Cast { data_type, .. } => self.data_type_quietly(data_type),
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::InUnnest { .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::Exists { .. }
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..) => Some(Type::Bool),
            Expr::UnaryOp { op, expr } => match op {
                UnaryOperator::Not => Some(Type::Bool),
                _ => self.known_type(expr),
            },
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::And
                | BinaryOperator::Or
                | BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq => Some(Type::Bool),
                BinaryOperator::Divide => Some(Type::Float64),
                BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply => {
                    let kinds = (self.known_type(left)?, self.known_type(right)?);
                    match kinds {
                        (Type::Int64, Type::Int64) => Some(Type::Int64),
                        (Type::Int64 | Type::Float64, Type::Int64 | Type::Float64) => Some(Type::Float64),
                        _ => None,
                    }
                }
                BinaryOperator::StringConcat => Some(Type::String),
                _ => None,
            },
            Expr::Case {
                conditions,
                else_result,
                ..
            } => {
                let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
                self.common_type(results)
            }
            // An element of an array of strings that a function returns.
            Expr::CompoundFieldAccess { root, access_chain } => match (root.as_ref(), access_chain.as_slice()) {
                (Expr::Function(function), [AccessExpr::Subscript(_)]) => match self.type_of_call(function) {
                    Some(Type::Array(element)) => Some(*element),
                    _ => None,
                },
                _ => None,
            },
            Expr::Extract { .. } => Some(Type::Int64),
            Expr::Ceil { .. } | Expr::Floor { .. } => Some(Type::Float64),
            Expr::Substring { .. } | Expr::Trim { .. } => Some(Type::String),
            Expr::Function(function) => self.type_of_call(function),
            _ => None,
        }
    }

    /// The type of expressions of which any may be the result. NULL fits every type.
    pub(super) fn common_type<'e>(&self, expressions: impl Iterator<Item = &'e Expr>) -> Option<Type> {
        let mut common = None;
        for expr in expressions {
            if matches!(expr, Expr::Value(value) if value.value == Value::Null) {
                continue;
            }
            let kind = self.known_type(expr)?;
            common = match (common, kind) {
                (None, kind) => Some(kind),
                (Some(known), kind) if known == kind => Some(known),
                (Some(Type::Int64), Type::Float64) | (Some(Type::Float64), Type::Int64) => Some(Type::Float64),
                _ => return None,
            };
        }
        common
    }
}

/// The name that BigQuery gives a column without an alias: the last name of a path.
pub(super) fn inferred_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(path) => path.last().map(|name| name.value.clone()),
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last()? {
            AccessExpr::Dot(Expr::Identifier(name)) => Some(name.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether DuckDB computes an integer expression with 32 bits: literals are no wider than they must be.
pub(super) fn is_narrow(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_narrow(inner),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        Expr::UnaryOp { expr, .. } => is_narrow(expr),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply,
            right,
        } => is_narrow(left) && is_narrow(right),
        Expr::Case {
            conditions,
            else_result,
            ..
        } => conditions.iter().all(|when| is_narrow(&when.result)) && else_result.as_deref().is_none_or(is_narrow),
        Expr::Function(function) => {
            let arguments = crate::sql::fragment::plain_arguments(function);
            function.name.to_string().eq_ignore_ascii_case("IF")
                && arguments.iter().skip(1).all(|argument| is_narrow(argument))
        }
        _ => false,
    }
}
