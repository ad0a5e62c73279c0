//! Which common table expressions DuckDB should not materialise.
//!
//! DuckDB stores a common table expression that is used more than once. That pays for joins and aggregates, and is ruinous for one that
//! only multiplies the rows of another by a constant list: BigQuery never stores either.

use sqlparser::ast::{Expr, GroupByExpr, JoinOperator, Query, SetExpr, TableFactor};

/// Whether a query is a plain SELECT of a table crossed with lists of literals.
pub(super) fn is_expansion(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return false;
    };
    let [from] = select.from.as_slice() else {
        return false;
    };
    let is_plain = query.with.is_none()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && select.distinct.is_none()
        && select.qualify.is_none()
        && select.having.is_none()
        && matches!(&select.group_by, GroupByExpr::Expressions(keys, modifiers) if keys.is_empty() && modifiers.is_empty());
    is_plain
        && matches!(from.relation, TableFactor::Table { .. })
        && !from.joins.is_empty()
        && from
            .joins
            .iter()
            .all(|join| matches!(join.join_operator, JoinOperator::CrossJoin(_)) && is_literal_list(&join.relation))
}

fn is_literal_list(relation: &TableFactor) -> bool {
    let TableFactor::UNNEST { array_exprs, .. } = relation else {
        return false;
    };
    let is_literal = |item: &Expr| matches!(item, Expr::Value(_));
    array_exprs
        .iter()
        .all(|array| matches!(array, Expr::Array(list) if list.elem.iter().all(is_literal)))
}
