//! What a metric's column will hold, told from its expression alone, for plans that are made without a warehouse.
//!
//! A source's own columns have no types here, so the answer can be "not known". Where a warehouse is at hand its schema
//! decides instead.

use sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Function, SelectItem, SetExpr, UnaryOperator, Value};

use crate::sql::fragment::{self, Role, plain_arguments};
use crate::summary::ColumnKind;

/// The kind of an author's aggregate, or `None` where that depends on the types of its source.
pub fn column_kind(expression: &str) -> Option<ColumnKind> {
    let fragment = fragment::parse(Role::Expression, expression).ok()?;
    kind(fragment.as_expression()?)
}

fn query_kind(query: &sqlparser::ast::Query) -> Option<ColumnKind> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expr)] | [SelectItem::ExprWithAlias { expr, .. }] => kind(expr),
        _ => None,
    }
}

fn kind(expr: &Expr) -> Option<ColumnKind> {
    match expr {
        Expr::Nested(inner) => kind(inner),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::Between { .. }
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::InUnnest { .. }
        | Expr::Like { .. }
        | Expr::Exists { .. } => Some(ColumnKind::Boolean),
        Expr::UnaryOp {
            op: UnaryOperator::Not, ..
        } => Some(ColumnKind::Boolean),
        Expr::UnaryOp { expr, .. } => kind(expr),
        Expr::BinaryOp { left, op, right } => binary_kind(left, op, right),
        Expr::Value(value) => match &value.value {
            Value::Boolean(_) => Some(ColumnKind::Boolean),
            Value::Number(text, _) if text.contains(['.', 'e', 'E']) => Some(ColumnKind::Float),
            Value::Number(..) => Some(ColumnKind::Integer),
            _ => None,
        },
        Expr::Cast {
            kind: CastKind::Cast | CastKind::SafeCast,
            data_type,
            ..
        } => type_kind(data_type),
        Expr::Case {
            conditions,
            else_result,
            ..
        } => {
            let results = conditions.iter().map(|when| &when.result);
            first_known(results.chain(else_result.as_deref()))
        }
        Expr::CompoundFieldAccess { root, .. } => kind(root),
        Expr::Subquery(query) => query_kind(query),
        Expr::Function(function) => function_kind(function),
        Expr::Floor { .. } | Expr::Ceil { .. } => Some(ColumnKind::Float),
        _ => None,
    }
}

fn binary_kind(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<ColumnKind> {
    match op {
        BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::Lt
        | BinaryOperator::LtEq
        | BinaryOperator::Gt
        | BinaryOperator::GtEq
        | BinaryOperator::And
        | BinaryOperator::Or => Some(ColumnKind::Boolean),
        BinaryOperator::Divide => Some(ColumnKind::Float),
        _ => match (kind(left), kind(right)) {
            (Some(ColumnKind::Integer), Some(ColumnKind::Integer)) => Some(ColumnKind::Integer),
            (Some(ColumnKind::Float), _) | (_, Some(ColumnKind::Float)) => Some(ColumnKind::Float),
            _ => None,
        },
    }
}

fn type_kind(data_type: &DataType) -> Option<ColumnKind> {
    match data_type.to_string().to_ascii_uppercase().as_str() {
        "BOOL" | "BOOLEAN" => Some(ColumnKind::Boolean),
        "INT64" | "INT" | "INTEGER" | "BIGINT" => Some(ColumnKind::Integer),
        "FLOAT64" => Some(ColumnKind::Float),
        "NUMERIC" | "BIGNUMERIC" | "DECIMAL" => Some(ColumnKind::Decimal),
        _ => Some(ColumnKind::Other),
    }
}

fn function_kind(function: &Function) -> Option<ColumnKind> {
    let arguments = plain_arguments(function);
    match function.name.to_string().to_ascii_uppercase().as_str() {
        "LOGICAL_OR" | "LOGICAL_AND" | "STARTS_WITH" | "ENDS_WITH" | "REGEXP_CONTAINS" | "CONTAINS_SUBSTR"
        | "IS_NAN" => Some(ColumnKind::Boolean),
        "COUNT" | "COUNTIF" | "ARRAY_LENGTH" | "LENGTH" | "DATE_DIFF" | "TIMESTAMP_DIFF" | "DIV" | "BIT_COUNT" => {
            Some(ColumnKind::Integer)
        }
        "AVG" | "SAFE_DIVIDE" | "IEEE_DIVIDE" | "SQRT" | "LN" | "LOG" | "EXP" | "POW" | "ROUND" => {
            Some(ColumnKind::Float)
        }
        "COALESCE" | "IFNULL" => first_known(arguments.into_iter()),
        "IF" => first_known(arguments.into_iter().skip(1)),
        "SUM" | "MIN" | "MAX" | "ANY_VALUE" | "ABS" | "GREATEST" | "LEAST" | "NULLIF" | "MAX_BY" | "MIN_BY"
        | "ARRAY_AGG" => first_known(arguments.into_iter().take(1)),
        _ => None,
    }
}

fn first_known<'a>(exprs: impl Iterator<Item = &'a Expr>) -> Option<ColumnKind> {
    exprs.filter_map(kind).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_an_expression_yields() {
        let check = |expression: &str, expected: Option<ColumnKind>| {
            assert_eq!(column_kind(expression), expected, "{expression}");
        };
        check("COALESCE(LOGICAL_OR(x = 'a'), FALSE)", Some(ColumnKind::Boolean));
        check("COUNTIF(event = 'a') > 0", Some(ColumnKind::Boolean));
        check("COALESCE(SUM(clicks), 0)", Some(ColumnKind::Integer));
        check("SUM(clicks)", None);
        check("COALESCE(SUM(hours), 0.0)", Some(ColumnKind::Float));
        check("COUNT(DISTINCT ds.submission_date)", Some(ColumnKind::Integer));
        check("COALESCE(MAX(CAST(x AS INT64)), 0)", Some(ColumnKind::Integer));
        check("CASE WHEN COUNT(x) > 0 THEN TRUE END", Some(ColumnKind::Boolean));
        check(
            "ARRAY_AGG(IF(n > 0, x IS NOT NULL, NULL) IGNORE NULLS LIMIT 1)[SAFE_OFFSET(0)]",
            Some(ColumnKind::Boolean),
        );
        check("SAFE_DIVIDE(SUM(a), SUM(b))", Some(ColumnKind::Float));
        check("ANY_VALUE(is_default)", None);
        check("SELECT 1", None);
    }
}
