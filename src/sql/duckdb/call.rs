//! A function call taken apart: name, arguments, and the clauses that aggregates and window functions take.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    HavingBound, NullTreatment, OrderByExpr, Spanned, WindowType,
};
use sqlparser::tokenizer::Span;

use super::Translator;

/// A function call with all that may stand in it.
pub(super) struct Call<'e> {
    /// The name as it is looked up: upper case for BigQuery's own functions.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The arguments; `COUNT(*)` has none and sets `star`.
    pub arguments: Vec<&'e Expr>,
    pub star: bool,
    pub distinct: bool,
    pub nulls: Option<NullTreatment>,
    pub order_by: &'e [OrderByExpr],
    pub limit: Option<&'e Expr>,
    pub having: Option<&'e HavingBound>,
    pub over: Option<&'e WindowType>,
}

/// The full name of the called function, without quotes.
pub(super) fn plain_name(function: &Function) -> String {
    let parts: Vec<&str> = function
        .name
        .0
        .iter()
        .filter_map(|part| Some(part.as_ident()?.value.as_str()))
        .collect();
    parts.join(".")
}

impl Translator<'_> {
    /// Takes a call apart. None after a fault.
    pub(super) fn call<'e>(&mut self, function: &'e Function) -> Option<Call<'e>> {
        let Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        let parts: Vec<String> = self.name_parts(name).into_iter().map(|part| part.value).collect();
        let mut call = Call {
            name: parts.join("."),
            span: name.span(),
            arguments: Vec::new(),
            star: false,
            distinct: false,
            nulls: *null_treatment,
            order_by: &[],
            limit: None,
            having: None,
            over: over.as_ref(),
        };
        if *uses_odbc_syntax || *parameters != FunctionArguments::None || !within_group.is_empty() || filter.is_some() {
            self.unknown(call.span, "WITHIN GROUP, FILTER or parameters of a function");
            return None;
        }
        match args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(_) => {
                self.unknown(call.span, "a subquery without parentheses of its own as an argument");
                return None;
            }
            FunctionArguments::List(list) => {
                call.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
                for argument in &list.args {
                    match argument {
                        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => call.arguments.push(expr),
                        FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => call.star = true,
                        FunctionArg::Unnamed(_) | FunctionArg::Named { .. } | FunctionArg::ExprNamed { .. } => {
                            self.unknown(call.span, "named arguments");
                            return None;
                        }
                    }
                }
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::IgnoreOrRespectNulls(nulls) => call.nulls = Some(*nulls),
                        FunctionArgumentClause::OrderBy(keys) => call.order_by = keys,
                        FunctionArgumentClause::Limit(limit) => call.limit = Some(limit),
                        FunctionArgumentClause::Having(having) => call.having = Some(having),
                        FunctionArgumentClause::Where(_)
                        | FunctionArgumentClause::OnOverflow(_)
                        | FunctionArgumentClause::Separator(_)
                        | FunctionArgumentClause::JsonNullClause(_)
                        | FunctionArgumentClause::JsonReturningClause(_) => {
                            self.unknown(call.span, "this clause within a function call");
                            return None;
                        }
                    }
                }
            }
        }
        Some(call)
    }

    /// The arguments' texts.
    pub(super) fn arguments(&mut self, call: &Call<'_>) -> Vec<String> {
        call.arguments
            .iter()
            .map(|argument| self.expression(argument))
            .collect()
    }

    /// Refuses what only aggregates and window functions take.
    pub(super) fn is_scalar(&mut self, call: &Call<'_>) {
        if call.distinct
            || call.star
            || call.nulls.is_some()
            || !call.order_by.is_empty()
            || call.limit.is_some()
            || call.having.is_some()
            || call.over.is_some()
        {
            self.fault(
                call.span,
                format!(
                    "`{}` takes no DISTINCT, *, IGNORE NULLS, ORDER BY, LIMIT, HAVING or OVER",
                    call.name
                ),
                None,
            );
        }
    }

    /// Prints an aggregate or window function with DISTINCT, IGNORE NULLS (as written), a filter and OVER.
    pub(super) fn aggregate(&mut self, call: &Call<'_>, name: &str, arguments: &str, filter: Option<&str>) -> String {
        if call.limit.is_some() || call.having.is_some() {
            self.fault(
                call.span,
                format!("`{}` with LIMIT or HAVING is not known", call.name),
                None,
            );
        }
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let order = match call.order_by.is_empty() {
            true => String::new(),
            false => format!(" ORDER BY {}", self.order_keys(call.order_by, &[])),
        };
        let filter = filter
            .map(|filter| format!(" FILTER (WHERE {filter})"))
            .unwrap_or_default();
        let over = call.over.map(|over| self.over(over)).unwrap_or_default();
        format!("{name}({distinct}{arguments}{order}){filter}{over}")
    }
}
