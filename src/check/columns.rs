//! What an author's expression does with rows: which columns it reads, inside and outside of aggregates, and whether it can
//! be NULL. Works on syntax alone, without the types of a warehouse.

use std::ops::ControlFlow;

use sqlparser::ast::{AccessExpr, BinaryOperator, CastKind, Expr, Function, Query, Value, Visit, Visitor};

use crate::sql::fragment::plain_arguments;

/// Aggregate functions of GoogleSQL: "Aggregate functions", "Approximate aggregate functions", "HyperLogLog++ functions" and
/// "Statistical aggregate functions" of its function reference.
const AGGREGATES: [&str; 37] = [
    "ANY_VALUE",
    "APPROX_COUNT_DISTINCT",
    "APPROX_QUANTILES",
    "APPROX_TOP_COUNT",
    "APPROX_TOP_SUM",
    "ARRAY_AGG",
    "ARRAY_CONCAT_AGG",
    "AVG",
    "BIT_AND",
    "BIT_OR",
    "BIT_XOR",
    "CORR",
    "COUNT",
    "COUNTIF",
    "COVAR_POP",
    "COVAR_SAMP",
    "GROUPING",
    "HLL_COUNT.INIT",
    "HLL_COUNT.MERGE",
    "HLL_COUNT.MERGE_PARTIAL",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "MAX",
    "MAX_BY",
    "MIN",
    "MIN_BY",
    "PERCENTILE_CONT",
    "PERCENTILE_DISC",
    "STDDEV",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "STRING_AGG",
    "SUM",
    "VARIANCE",
    "VAR_POP",
    "VAR_SAMP",
    "ST_UNION_AGG",
];

/// Words that stand where an argument would and name a part of a date.
const DATE_PARTS: [&str; 22] = [
    "MICROSECOND",
    "MILLISECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "DAYOFWEEK",
    "DAYOFYEAR",
    "WEEK",
    "ISOWEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "ISOYEAR",
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
    "DATE",
];

/// What an expression reads.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Whether it aggregates rows.
    pub aggregates: bool,
    /// The columns outside of aggregates and subqueries, as written.
    pub bare: Vec<String>,
}

/// What an expression reads, told from its syntax.
pub fn columns(expr: &Expr) -> Columns {
    let mut reader = Reader::default();
    let _: ControlFlow<()> = expr.visit(&mut reader);
    reader.found
}

/// Whether a call is one of an aggregate function, and not of a window function.
fn is_aggregate(function: &Function) -> bool {
    let name = function.name.to_string().replace('`', "").to_ascii_uppercase();
    let name = name.strip_prefix("SAFE.").unwrap_or(&name);
    function.over.is_none() && AGGREGATES.contains(&name)
}

#[derive(Default)]
struct Reader {
    found: Columns,
    /// How many aggregates and subqueries surround the place.
    depth: usize,
    /// Names that are no columns: fields of a value, and the path of a function.
    names: Vec<*const Expr>,
}

impl Reader {
    /// In `a.b.c(x)[0].d`, `a.b` is the path of the function and `d` a field; `a[0].d` has the column `a`.
    fn names_of(&mut self, root: &Expr, chain: &[AccessExpr]) {
        for access in chain {
            match access {
                AccessExpr::Dot(name @ Expr::Identifier(_)) => self.names.push(std::ptr::from_ref(name)),
                AccessExpr::Dot(Expr::Function(_)) => self.names.push(std::ptr::from_ref(root)),
                _ => {}
            }
        }
    }
}

impl Visitor for Reader {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::CompoundFieldAccess { root, access_chain } => self.names_of(root, access_chain),
            _ if self.names.contains(&std::ptr::from_ref(expr)) => {}
            Expr::Function(function) if is_aggregate(function) => {
                self.found.aggregates = true;
                self.depth += 1;
            }
            Expr::Identifier(name) if self.depth == 0 => {
                let upper = name.value.to_ascii_uppercase();
                if name.quote_style.is_some() || !DATE_PARTS.contains(&upper.as_str()) {
                    self.found.bare.push(expr.to_string());
                }
            }
            Expr::CompoundIdentifier(_) if self.depth == 0 => self.found.bare.push(expr.to_string()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if matches!(expr, Expr::Function(function) if is_aggregate(function)) {
            self.depth -= 1;
        }
        ControlFlow::Continue(())
    }

    // The columns of a subquery are mostly its own; which are not can't be told without a schema.
    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }
}

/// Whether an expression can be NULL, given that every column may be (but those of `is_known`), and that every group has a row.
pub fn can_be_null(expr: &Expr, is_known: &dyn Fn(&Expr) -> bool) -> bool {
    Nulls {
        is_known,
        tested: Vec::new(),
    }
    .of(expr)
}

struct Nulls<'a> {
    is_known: &'a dyn Fn(&Expr) -> bool,
    /// Expressions that a condition beside them has found not to be NULL.
    tested: Vec<Expr>,
}

impl Nulls<'_> {
    fn of(&mut self, expr: &Expr) -> bool {
        if self.tested.contains(expr) || (self.is_known)(expr) {
            return false;
        }
        match expr {
            Expr::Nested(inner) | Expr::Cast { expr: inner, .. } if !is_safe_cast(expr) => self.of(inner),
            Expr::Value(value) => matches!(value.value, Value::Null),
            Expr::TypedString(_) | Expr::Interval(_) | Expr::Array(_) => false,
            Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::Exists { .. } => false,
            Expr::UnaryOp { expr, .. } => self.of(expr),
            Expr::BinaryOp { .. } => self.of_operands(expr),
            Expr::Between { expr, low, high, .. } => self.of(expr) || self.of(low) || self.of(high),
            Expr::InList { expr, list, .. } => self.of(expr) || list.iter().any(|item| self.of(item)),
            Expr::Like { expr, pattern, .. } => self.of(expr) || self.of(pattern),
            Expr::Case {
                conditions,
                else_result,
                ..
            } => {
                let Some(otherwise) = else_result else {
                    return true;
                };
                self.of(otherwise)
                    || conditions
                        .iter()
                        .any(|when| self.of_result(&when.condition, &when.result))
            }
            Expr::Function(function) => self.of_call(function),
            _ => true,
        }
    }

    /// Where one side of AND or OR tests something for NULL, the other is not NULL because of it: the test decides then.
    fn of_operands(&mut self, expr: &Expr) -> bool {
        let Expr::BinaryOp { left, op, right } = expr else {
            return true;
        };
        let known = self.tested.len();
        match op {
            BinaryOperator::And => tested(expr, &mut self.tested),
            BinaryOperator::Or => self
                .tested
                .extend([left, right].into_iter().filter_map(|side| null_test(side))),
            _ => {}
        }
        let found = self.of(left) || self.of(right);
        self.tested.truncate(known);
        found
    }

    /// A result that is only reached where a condition holds.
    fn of_result(&mut self, condition: &Expr, result: &Expr) -> bool {
        let known = self.tested.len();
        tested(condition, &mut self.tested);
        let found = self.of(result);
        self.tested.truncate(known);
        found
    }

    fn of_call(&mut self, function: &Function) -> bool {
        let name = function.name.to_string().replace('`', "").to_ascii_uppercase();
        let arguments = plain_arguments(function);
        match name.as_str() {
            "COUNT" | "COUNTIF" | "APPROX_COUNT_DISTINCT" | "CURRENT_DATE" | "CURRENT_TIMESTAMP" => false,
            "COALESCE" | "IFNULL" => arguments.iter().all(|argument| self.of(argument)),
            "IF" => match arguments[..] {
                [condition, yes, no] => self.of_result(condition, yes) || self.of(no),
                _ => true,
            },
            // A group has at least one row, so these are NULL only if their values are.
            "LOGICAL_OR" | "LOGICAL_AND" | "MAX" | "MIN" | "SUM" | "AVG" | "ANY_VALUE" => {
                arguments.is_empty() || arguments.iter().any(|argument| self.of(argument))
            }
            "STARTS_WITH" | "ENDS_WITH" | "REGEXP_CONTAINS" | "CONTAINS_SUBSTR" | "LOWER" | "UPPER" | "CONCAT"
            | "LENGTH" | "ABS" | "GREATEST" | "LEAST" | "DATE" | "DATE_ADD" | "DATE_SUB" | "TRIM" | "MOD" => {
                arguments.iter().any(|argument| self.of(argument))
            }
            "DATE_DIFF" | "TIMESTAMP_DIFF" => arguments.iter().take(2).any(|argument| self.of(argument)),
            _ => true,
        }
    }
}

/// What `x IS NULL` tests.
fn null_test(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::Nested(inner) => null_test(inner),
        Expr::IsNull(inner) => Some((**inner).clone()),
        _ => None,
    }
}

fn is_safe_cast(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Cast {
            kind: CastKind::SafeCast | CastKind::TryCast,
            ..
        }
    )
}

/// The expressions that a condition holds only for where they are not NULL, as far as it tests that.
fn tested(condition: &Expr, out: &mut Vec<Expr>) {
    match condition {
        Expr::Nested(inner) => tested(inner, out),
        Expr::IsNotNull(inner) => out.push((**inner).clone()),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            tested(left, out);
            tested(right, out);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::fragment::{Role, parse};

    fn with<T>(sql: &str, read: impl FnOnce(&Expr) -> T) -> T {
        let fragment = parse(Role::Expression, sql).expect("the expression parses");
        read(fragment.as_expression().expect("it is an expression"))
    }

    #[test]
    fn columns_outside_of_aggregates() {
        let check = |sql: &str, aggregates: bool, bare: &[&str]| {
            let found = with(sql, columns);
            assert_eq!(
                (found.aggregates, found.bare.join(" ")),
                (aggregates, bare.join(" ")),
                "{sql}"
            );
        };
        check("COALESCE(SUM(clicks), 0)", true, &[]);
        check("clicks", false, &["clicks"]);
        check("1", false, &[]);
        check("SUM(a) / b", true, &["b"]);
        check(
            "DATE_DIFF(MIN(e.enrollment_date), ANY_VALUE(ds.first_seen), DAY)",
            true,
            &[],
        );
        check("COUNTIF(x > 0) > ds.y.z", true, &["ds.y.z"]);
        check("(SELECT SUM(v) FROM UNNEST(ARRAY_AGG(x)) AS v)", true, &[]);
        check(
            "mozfun.hist.mean(mozfun.hist.merge(ARRAY_AGG(h IGNORE NULLS)))",
            true,
            &[],
        );
        check("SAFE.SUM(x)", true, &[]);
        check(
            "mozfun.hist.percentiles(mozfun.hist.merge(ARRAY_AGG(h)), [0.5])[SAFE_OFFSET(0)].value",
            true,
            &[],
        );
        check("SUM(x) + a[0].b", true, &["a"]);
        check("SUM(x) + a.b[0].c", true, &["a"]);
        check("SUM(x) OVER ()", false, &["x"]);
        check("ARRAY_AGG(x ORDER BY y LIMIT 1)[OFFSET(0)].z", true, &[]);
    }

    #[test]
    fn nulls() {
        let check = |sql: &str, expected: bool| {
            let known = |expr: &Expr| expr.to_string() == "e.branch";
            assert_eq!(with(sql, |expr| can_be_null(expr, &known)), expected, "{sql}");
        };
        check("COALESCE(LOGICAL_OR(x), FALSE)", false);
        check("LOGICAL_OR(x)", true);
        check("LOGICAL_OR(COALESCE(x, TRUE))", false);
        check("MAX(x) IS NULL", false);
        check("MAX(x IS NULL)", false);
        check("MAX(x) IS NULL OR MAX(x) > 3", false);
        check("MAX(x) IS NULL OR MAX(y) > 3", true);
        check("x IS NOT NULL AND x > 3", false);
        check("CASE WHEN x IS NOT NULL THEN x > 1 ELSE FALSE END", false);
        check("CASE WHEN x > 1 THEN TRUE END", true);
        check("IF(x, TRUE, FALSE)", false);
        check("COUNTIF(x = 'a') > 0", false);
        check("e.branch = 'a'", false);
        check("e.branch = other", true);
        check("NOT COALESCE(LOGICAL_OR(x), FALSE)", false);
        check("SAFE_CAST('1' AS INT64) > 0", true);
        check("CAST(COUNT(x) AS BOOL)", false);
        check("NULL", true);
    }
}
