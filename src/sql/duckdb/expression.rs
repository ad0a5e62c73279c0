//! Expressions: literals, names, operators, casts, CASE, subqueries, arrays and structs.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, Expr, Function, Ident, Spanned, StructField,
    Subscript, TypedString, UnaryOperator, Value, ValueWithSpan,
};

use super::literal::{decode_bytes, decode_string, quote_bytes};
use super::{CATALOG, Translator, quote_name, quote_string};
use crate::sql::types::Type;

/// The meaning of a string literal, or None for another kind of value.
pub(super) fn string_value(value: &Value) -> Option<Result<String, String>> {
    match value {
        Value::SingleQuotedString(text)
        | Value::DoubleQuotedString(text)
        | Value::TripleSingleQuotedString(text)
        | Value::TripleDoubleQuotedString(text) => Some(decode_string(text)),
        Value::SingleQuotedRawStringLiteral(text)
        | Value::DoubleQuotedRawStringLiteral(text)
        | Value::TripleSingleQuotedRawStringLiteral(text)
        | Value::TripleDoubleQuotedRawStringLiteral(text) => Some(Ok(text.clone())),
        _ => None,
    }
}

/// Whether an expression is printed as one piece, so that it needs no parentheses as an operand.
fn is_atomic(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::CompoundFieldAccess { .. }
            | Expr::Value(_)
            | Expr::Nested(_)
            | Expr::Function(_)
            | Expr::Case { .. }
            | Expr::Cast { .. }
            | Expr::Subquery(_)
            | Expr::Struct { .. }
            | Expr::Array(_)
            | Expr::TypedString(_)
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Tuple(_)
    )
}

/// How tightly an operator binds, for those that bind alike in both dialects.
fn rank(op: &BinaryOperator) -> Option<u8> {
    match op {
        BinaryOperator::Or => Some(1),
        BinaryOperator::And => Some(2),
        BinaryOperator::Plus | BinaryOperator::Minus => Some(4),
        BinaryOperator::Multiply => Some(5),
        _ => None,
    }
}

impl Translator<'_> {
    /// An expression as DuckDB writes it.
    pub(super) fn expression(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(path) => self.path(path),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Value(value) => self.value(value),
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Nested(inner) => format!("({})", self.expression(inner)),
            Expr::IsNull(inner) => format!("{} IS NULL", self.operand(inner)),
            Expr::IsNotNull(inner) => format!("{} IS NOT NULL", self.operand(inner)),
            Expr::IsTrue(inner) => format!("{} IS TRUE", self.operand(inner)),
            Expr::IsNotTrue(inner) => format!("{} IS NOT TRUE", self.operand(inner)),
            Expr::IsFalse(inner) => format!("{} IS FALSE", self.operand(inner)),
            Expr::IsNotFalse(inner) => format!("{} IS NOT FALSE", self.operand(inner)),
            Expr::IsDistinctFrom(left, right) => {
                format!("{} IS DISTINCT FROM {}", self.operand(left), self.operand(right))
            }
            Expr::IsNotDistinctFrom(left, right) => {
                format!("{} IS NOT DISTINCT FROM {}", self.operand(left), self.operand(right))
            }
            Expr::InList { expr, list, negated } => {
                let list: Vec<String> = list.iter().map(|item| self.expression(item)).collect();
                format!("{}{} IN ({})", self.operand(expr), not(*negated), list.join(", "))
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => format!("{}{} IN {}", self.operand(expr), not(*negated), self.subquery(subquery)),
            Expr::InUnnest {
                expr,
                array_expr,
                negated,
            } => {
                let value = self.operand(expr);
                match array_expr.as_ref() {
                    Expr::Array(Array { elem, .. }) if !elem.is_empty() => {
                        let list: Vec<String> = elem.iter().map(|item| self.expression(item)).collect();
                        format!("{value}{} IN ({})", not(*negated), list.join(", "))
                    }
                    array => format!(
                        "{value}{} IN (SELECT unnest({}))",
                        not(*negated),
                        self.expression(array)
                    ),
                }
            }
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let (value, low, high) = (self.operand(expr), self.operand(low), self.operand(high));
                format!("{value}{} BETWEEN {low} AND {high}", not(*negated))
            }
            Expr::Like {
                negated,
                any: false,
                expr,
                pattern,
                escape_char: None,
            } => {
                let (value, text) = (self.operand(expr), self.operand(pattern));
                // A backslash escapes in every BigQuery pattern; in DuckDB only where the statement says so.
                let literal = matches!(pattern.as_ref(), Expr::Value(_));
                let escape = if literal && !text.contains('\\') {
                    ""
                } else {
                    " ESCAPE '\\'"
                };
                format!("{value}{} LIKE {text}{escape}", not(*negated))
            }
            Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right),
            Expr::UnaryOp { op, expr: inner } => match op {
                UnaryOperator::Not => format!("NOT {}", self.operand(inner)),
                UnaryOperator::Minus => format!("-{}", self.operand(inner)),
                UnaryOperator::Plus => self.operand(inner),
                UnaryOperator::BitwiseNot => format!("~{}", self.operand(inner)),
                _ => self.unknown(expr.span(), "this operator"),
            },
            Expr::Cast {
                kind,
                expr: inner,
                data_type,
                format,
            } => {
                if format.is_some() || *kind == CastKind::DoubleColon {
                    return self.unknown(expr.span(), "CAST with FORMAT");
                }
                self.cast(inner, data_type, *kind == CastKind::SafeCast)
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                let zone = match time_zone.as_ref() {
                    Expr::Value(value) => string_value(&value.value).and_then(Result::ok),
                    _ => None,
                };
                match zone.as_deref() {
                    Some("UTC" | "Etc/UTC" | "+00:00" | "+0") => self.expression(timestamp),
                    _ => self.unknown(time_zone.span(), "time zones other than UTC"),
                }
            }
            Expr::Extract { field, expr: inner, .. } => self.extract(expr, field, inner),
            Expr::Ceil { expr: inner, field } | Expr::Floor { expr: inner, field } => {
                let name = if matches!(expr, Expr::Ceil { .. }) {
                    "ceil"
                } else {
                    "floor"
                };
                match field {
                    CeilFloorKind::DateTimeField(sqlparser::ast::DateTimeField::NoDateTime) => {
                        format!("{name}({})", self.expression(inner))
                    }
                    CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => {
                        self.unknown(expr.span(), "CEIL or FLOOR to a unit")
                    }
                }
            }
            Expr::Substring {
                expr: inner,
                substring_from: Some(from),
                substring_for,
                ..
            } => self.substring(inner, from, substring_for.as_deref()),
            Expr::Trim {
                trim_where: None,
                trim_what: None,
                expr: inner,
                trim_characters,
            } => self.trim("trim", inner, trim_characters.as_deref().unwrap_or_default().first()),
            Expr::Function(function) => self.function(function),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Exists { subquery, negated } => {
                if let Some(text) = self.exists_element(subquery) {
                    return format!("{}{text}", if *negated { "NOT " } else { "" });
                }
                format!(
                    "{}EXISTS {}",
                    if *negated { "NOT " } else { "" },
                    self.subquery(subquery)
                )
            }
            Expr::Subquery(query) => match self.scalar_of_elements(query) {
                Some(text) => text,
                None => self.subquery(query),
            },
            Expr::Tuple(items) => {
                let items: Vec<String> = items.iter().map(|item| self.expression(item)).collect();
                format!("({})", items.join(", "))
            }
            Expr::Struct { values, fields } => self.struct_literal(values, fields),
            Expr::Array(Array { elem, .. }) => {
                let items: Vec<String> = elem.iter().map(|item| self.expression(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Expr::Interval(interval) => self.interval(interval),
            _ => self.unknown(expr.span(), "this expression"),
        }
    }

    /// An expression as an operand: in parentheses unless it is one piece.
    pub(super) fn operand(&mut self, expr: &Expr) -> String {
        let text = self.expression(expr);
        match is_atomic(expr) {
            true => text,
            false => format!("({text})"),
        }
    }

    fn name(&mut self, name: &Ident) -> String {
        let lower = name.value.to_lowercase();
        if self.parameters.iter().any(|(parameter, _)| *parameter == lower) {
            return super::udf::parameter(&name.value);
        }
        if self.element_fields.contains(&lower) {
            return format!("element.{}", quote_name(&name.value));
        }
        // Constants that BigQuery writes without parentheses.
        match name.value.to_ascii_uppercase().as_str() {
            "CURRENT_DATE" if name.quote_style.is_none() => "current_date".into(),
            "CURRENT_TIMESTAMP" if name.quote_style.is_none() => "CAST(now() AS TIMESTAMP)".into(),
            _ => self.alias(&name.value),
        }
    }

    fn path(&mut self, path: &[Ident]) -> String {
        let Some((first, rest)) = path.split_first() else {
            return String::new();
        };
        let rest: Vec<String> = rest.iter().map(|name| quote_name(&name.value)).collect();
        let lower = first.value.to_lowercase();
        match self.parameters.iter().any(|(parameter, _)| *parameter == lower) {
            true => format!("({}).{}", super::udf::parameter(&first.value), rest.join(".")),
            false => format!("{}.{}", self.alias(&first.value), rest.join(".")),
        }
    }

    /// A path with subscripts, or a field of an expression.
    fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> String {
        let mut text = self.operand(root);
        if matches!(
            root,
            Expr::Function(_) | Expr::Case { .. } | Expr::Cast { .. } | Expr::Struct { .. }
        ) && matches!(chain.first(), Some(AccessExpr::Dot(_)))
        {
            text = format!("({text})");
        }
        for access in chain {
            text = match access {
                AccessExpr::Dot(Expr::Identifier(name)) => format!("{text}.{}", quote_name(&name.value)),
                AccessExpr::Dot(other) => self.unknown(other.span(), "this field access"),
                AccessExpr::Subscript(Subscript::Index { index }) => self.subscript(text, index),
                AccessExpr::Subscript(Subscript::Slice { .. }) => self.unknown(root.span(), "a slice"),
            };
        }
        text
    }

    fn subscript(&mut self, array: String, index: &Expr) -> String {
        if let Expr::Value(value) = index
            && let Some(Ok(key)) = string_value(&value.value)
        {
            return self.json_field(&array, &key);
        }
        let (kind, place) = match index {
            Expr::Function(function) => match crate::sql::fragment::plain_arguments(function).as_slice() {
                [place] => (function.name.to_string().to_ascii_uppercase(), *place),
                _ => (String::new(), index),
            },
            other => ("OFFSET".into(), other),
        };
        let literal = match place {
            Expr::Value(value) => match &value.value {
                Value::Number(digits, _) => digits.parse::<i64>().ok(),
                _ => None,
            },
            _ => None,
        };
        let text = self.operand(place);
        match (kind.as_str(), literal) {
            ("SAFE_OFFSET", Some(place)) if place < i64::MAX => format!("{array}[{}]", place + 1),
            ("SAFE_ORDINAL", Some(place)) if place > 0 => format!("{array}[{place}]"),
            ("SAFE_OFFSET", _) => format!("{CATALOG}.safe_element({array}, {text})"),
            ("SAFE_ORDINAL", _) => format!("{CATALOG}.safe_element({array}, {text} - 1)"),
            ("OFFSET", _) => format!("{CATALOG}.element({array}, {text})"),
            ("ORDINAL", _) => format!("{CATALOG}.element({array}, {text} - 1)"),
            _ => self.unknown(index.span(), "this subscript"),
        }
    }

    pub(super) fn value(&mut self, value: &ValueWithSpan) -> String {
        match &value.value {
            Value::Number(digits, _) => number(digits),
            Value::HexStringLiteral(digits) => match i64::from_str_radix(digits, 16) {
                Ok(number) => number.to_string(),
                Err(_) => self.unknown(value.span, "this number"),
            },
            Value::Boolean(true) => "TRUE".into(),
            Value::Boolean(false) => "FALSE".into(),
            Value::Null => "NULL".into(),
            Value::SingleQuotedByteStringLiteral(text)
            | Value::DoubleQuotedByteStringLiteral(text)
            | Value::TripleSingleQuotedByteStringLiteral(text)
            | Value::TripleDoubleQuotedByteStringLiteral(text) => match decode_bytes(text) {
                Ok(bytes) => quote_bytes(&bytes),
                Err(fault) => self.fault(value.span, fault, None),
            },
            other => match string_value(other) {
                Some(Ok(text)) => match quote_string(&text) {
                    Some(literal) => literal,
                    None => self.unknown(value.span, "a string with a NUL"),
                },
                Some(Err(fault)) => self.fault(value.span, fault, None),
                None => self.unknown(value.span, "this literal"),
            },
        }
    }

    /// The meaning of a literal string argument.
    pub(super) fn literal_string(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Value(value) => string_value(&value.value)?.ok(),
            Expr::Nested(inner) => self.literal_string(inner),
            _ => None,
        }
    }

    fn typed_string(&mut self, typed: &TypedString) -> String {
        let Some(Ok(text)) = string_value(&typed.value.value) else {
            return self.unknown(typed.value.span, "this literal");
        };
        let Some(kind) = self.data_type(&typed.data_type, typed.value.span) else {
            return "NULL".into();
        };
        match (kind, quote_string(&text)) {
            (_, None) => self.unknown(typed.value.span, "a string with a NUL"),
            (Type::Date, Some(literal)) => format!("DATE {literal}"),
            (Type::Datetime | Type::Timestamp, Some(literal)) => format!("TIMESTAMP {literal}"),
            (Type::Time, Some(literal)) => format!("TIME {literal}"),
            (kind, Some(literal)) => format!("CAST({literal} AS {})", kind.duckdb()),
        }
    }

    fn binary(&mut self, whole: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> String {
        let word = match op {
            BinaryOperator::Divide => {
                let (left, right) = (self.expression(left), self.expression(right));
                return format!("{CATALOG}.divide({left}, {right})");
            }
            BinaryOperator::And => "AND",
            BinaryOperator::Or => "OR",
            BinaryOperator::Eq => "=",
            BinaryOperator::NotEq => "<>",
            BinaryOperator::Lt => "<",
            BinaryOperator::LtEq => "<=",
            BinaryOperator::Gt => ">",
            BinaryOperator::GtEq => ">=",
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::StringConcat => "||",
            BinaryOperator::BitwiseAnd => "&",
            BinaryOperator::BitwiseOr => "|",
            BinaryOperator::BitwiseXor => {
                let (left, right) = (self.expression(left), self.expression(right));
                return format!("xor({left}, {right})");
            }
            BinaryOperator::PGBitwiseShiftLeft => "<<",
            BinaryOperator::PGBitwiseShiftRight => ">>",
            _ => return self.unknown(whole.span(), &format!("the operator `{op}`")),
        };
        let mine = rank(op);
        let mut side = |side: &Expr, first: bool| {
            let text = self.expression(side);
            let bare = match side {
                Expr::BinaryOp {
                    op: BinaryOperator::Divide | BinaryOperator::BitwiseXor,
                    ..
                } => true,
                Expr::BinaryOp { op: inner, .. } => match (mine, rank(inner)) {
                    (Some(mine), Some(inner)) => inner > mine || (inner == mine && first),
                    // Comparisons stand between AND and plus; everything else gets parentheses.
                    (Some(mine), None) => mine <= 2 && is_comparison(inner),
                    (None, Some(inner)) => inner >= 4 && is_comparison(op),
                    (None, None) => false,
                },
                side if is_atomic(side) => true,
                Expr::UnaryOp {
                    op: UnaryOperator::Minus,
                    ..
                } => first,
                Expr::UnaryOp { .. }
                | Expr::IsNull(_)
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
                | Expr::Exists { .. } => mine.is_some_and(|mine| mine <= 2),
                Expr::Interval(_) => true,
                _ => false,
            };
            if bare { text } else { format!("({text})") }
        };
        let (left_text, mut right_text) = (side(left, true), side(right, false));
        // DuckDB computes with 32 bits where both sides are small literals.
        if matches!(
            op,
            BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply
        ) && super::known::is_narrow(left)
            && super::known::is_narrow(right)
            && self.known_type(right) != Some(Type::Float64)
        {
            right_text = format!("{right_text}::BIGINT");
        }
        format!("{left_text} {word} {right_text}")
    }

    pub(super) fn case(&mut self, operand: Option<&Expr>, conditions: &[CaseWhen], otherwise: Option<&Expr>) -> String {
        let mut parts = vec!["CASE".to_string()];
        if let Some(operand) = operand {
            parts.push(self.operand(operand));
        }
        for CaseWhen { condition, result } in conditions {
            parts.push(format!(
                "WHEN {} THEN {}",
                self.expression(condition),
                self.expression(result)
            ));
        }
        if let Some(otherwise) = otherwise {
            parts.push(format!("ELSE {}", self.expression(otherwise)));
        }
        parts.push("END".into());
        parts.join(" ")
    }

    fn struct_literal(&mut self, values: &[Expr], fields: &[StructField]) -> String {
        let mut parts = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let (value, given) = match value {
                Expr::Named { expr, name } => (expr.as_ref(), Some(name.value.clone())),
                value => (value, super::known::inferred_name(value)),
            };
            let (name, text) = match fields.get(place) {
                Some(field) => {
                    let name = field.field_name.as_ref().map(|name| name.value.clone());
                    (name, self.cast(value, &field.field_type, false))
                }
                None => (given, self.expression(value)),
            };
            let name = name.unwrap_or_else(|| format!("_{}", place + 1));
            parts.push(super::literal::field(&name, &text));
        }
        format!("{{{}}}", parts.join(", "))
    }

    /// `ARRAY(SELECT ...)`.
    pub(super) fn array_subquery(&mut self, function: &Function) -> Option<String> {
        match &function.args {
            sqlparser::ast::FunctionArguments::Subquery(query) => match self.array_of_elements(query) {
                Some(text) => Some(text),
                None => Some(format!("ARRAY{}", self.subquery(query))),
            },
            sqlparser::ast::FunctionArguments::None | sqlparser::ast::FunctionArguments::List(_) => None,
        }
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
    )
}

fn not(negated: bool) -> &'static str {
    if negated { " NOT" } else { "" }
}

/// A number. DuckDB reads `0.1` as a decimal; with an exponent it is a DOUBLE, which FLOAT64 is.
fn number(digits: &str) -> String {
    let hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
    match digits.contains('.') && !digits.contains(['e', 'E']) && !hexadecimal {
        true if digits.ends_with('.') => format!("{digits}0e0"),
        true => format!("{digits}e0"),
        false => digits.into(),
    }
}
