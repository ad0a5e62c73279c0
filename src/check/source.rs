//! What a data source's query costs and whether windows can use it: does it read every date of a table, does it keep the
//! date that windows are cut by.
//!
//! BigQuery hands a condition on the date down through a plain SELECT, and through a GROUP BY that has the date among its keys.
//! Everything else reads the whole table first.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, TableFactor, Value, Visit, Visitor, WindowType,
};

use super::columns;
use crate::sql::fragment::Tree;

/// What is wrong with a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The query groups rows and has no column of the date's name.
    NoDateColumn,
    /// The query groups rows, and the date is one of many of the group.
    DateOfGroup,
    /// A SELECT reads every date of this table.
    AllDates(String),
}

/// The findings for a source whose rows are cut by a column.
pub fn findings(tree: &Tree, date_column: &str) -> Vec<Finding> {
    let Tree::Source(factor) = tree else {
        return Vec::new();
    };
    let TableFactor::Derived { subquery, .. } = factor.as_ref() else {
        return Vec::new();
    };
    let mut findings: Vec<Finding> = output(&subquery.body, date_column).into_iter().collect();
    let mut reader = Reader {
        date_column,
        tables: Vec::new(),
    };
    // The windows' own condition stands around the source.
    reader.query(subquery, &[], true);
    findings.extend(reader.tables.into_iter().map(Finding::AllDates));
    findings
}

/// Whether the rows of a query that groups keep their date.
fn output(body: &SetExpr, date_column: &str) -> Option<Finding> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::Query(query) => return output(&query.body, date_column),
        SetExpr::SetOperation { left, right, .. } => {
            return output(left, date_column).or_else(|| output(right, date_column));
        }
        _ => return None,
    };
    if !groups(select) {
        return None;
    }
    let mut found = None;
    for item in &select.projection {
        match item {
            // What stands behind a star is not known.
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => return None,
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(date_column) => {
                found = Some(expr)
            }
            SelectItem::UnnamedExpr(expr)
                if last_name(expr).is_some_and(|name| name.eq_ignore_ascii_case(date_column)) =>
            {
                found = Some(expr);
            }
            _ => {}
        }
    }
    match found {
        None => Some(Finding::NoDateColumn),
        Some(expr) if columns::columns(expr).aggregates => Some(Finding::DateOfGroup),
        Some(_) => None,
    }
}

/// The common table expressions in sight, by name.
type Scope<'q> = [(&'q str, &'q Query)];

struct Reader<'a> {
    date_column: &'a str,
    /// The tables that are read without a condition on their date.
    tables: Vec<String>,
}

impl Reader<'_> {
    /// Looks at a query; `is_limited` says that a condition on a date around it reaches its rows.
    fn query<'q>(&mut self, query: &'q Query, scope: &Scope<'q>, is_limited: bool) {
        let mut scope = scope.to_vec();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            scope.push((&cte.alias.name.value, &cte.query));
        }
        self.body(&query.body, &scope, is_limited);
    }

    fn body<'q>(&mut self, body: &'q SetExpr, scope: &Scope<'q>, is_limited: bool) {
        match body {
            SetExpr::Select(select) => {
                let is_limited = has_date_condition(select) || (is_limited && self.keeps_date(select));
                for table in &select.from {
                    self.factor(&table.relation, scope, is_limited);
                    for join in &table.joins {
                        self.factor(&join.relation, scope, is_limited);
                    }
                }
            }
            SetExpr::Query(query) => self.query(query, scope, is_limited),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, scope, is_limited);
                self.body(right, scope, is_limited);
            }
            _ => {}
        }
    }

    fn factor<'q>(&mut self, factor: &'q TableFactor, scope: &Scope<'q>, is_limited: bool) {
        match factor {
            TableFactor::Derived { subquery, .. } => self.query(subquery, scope, is_limited),
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.factor(&table_with_joins.relation, scope, is_limited);
                for join in &table_with_joins.joins {
                    self.factor(&join.relation, scope, is_limited);
                }
            }
            TableFactor::Table { name, args: None, .. } => {
                let name = name.to_string().replace('`', "");
                match scope.iter().rposition(|(cte, _)| cte.eq_ignore_ascii_case(&name)) {
                    // An expression sees those before it.
                    Some(at) => self.query(scope[at].1, &scope[..at], is_limited),
                    // A name without a dot is an array of the row.
                    None if !is_limited && name.contains('.') && !self.tables.contains(&name) => self.tables.push(name),
                    None => {}
                }
            }
            _ => {}
        }
    }

    /// Whether a condition on the date of the result is one on the date of the rows below.
    fn keeps_date(&self, select: &Select) -> bool {
        if let Some(Distinct::Distinct) = select.distinct {
            return select.projection.iter().any(|item| self.item_has_date(item));
        }
        let keys = match &select.group_by {
            GroupByExpr::All(_) => return true,
            GroupByExpr::Expressions(keys, _) => keys,
        };
        if keys.is_empty() {
            // A window function looks at rows of other dates, unless its partitions have the date.
            let items = select.projection.iter().filter_map(expression);
            let mut exprs = items.chain(&select.qualify);
            return !groups(select) && !exprs.any(|expr| self.has_dateless_window(expr));
        }
        keys.iter().any(|key| match position(key) {
            Some(position) => select
                .projection
                .get(position)
                .is_none_or(|item| self.item_has_date(item)),
            None => self.has_date(key),
        })
    }

    /// Whether an item of a SELECT names a date; what stands behind a star may.
    fn item_has_date(&self, item: &SelectItem) -> bool {
        match item {
            SelectItem::UnnamedExpr(expr) => self.has_date(expr),
            SelectItem::ExprWithAlias { expr, alias } => self.is_date_name(&alias.value) || self.has_date(expr),
            _ => true,
        }
    }

    fn has_date(&self, expr: &Expr) -> bool {
        let mut found = false;
        visit(expr, &mut |expr| {
            found |= last_name(expr).is_some_and(|name| self.is_date_name(name));
        });
        found
    }

    /// Whether a window function in an expression has partitions without the date.
    fn has_dateless_window(&self, expr: &Expr) -> bool {
        let mut found = false;
        visit(expr, &mut |expr| {
            if let Expr::Function(function) = expr
                && let Some(WindowType::WindowSpec(window)) = &function.over
            {
                found |= !window.partition_by.iter().any(|key| self.has_date(key));
            }
        });
        found
    }

    fn is_date_name(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.date_column) || is_date_name(name)
    }
}

/// Whether a SELECT has a condition that names a date.
fn has_date_condition(select: &Select) -> bool {
    let mut found = false;
    let mut look = |expr: &Expr| found |= last_name(expr).is_some_and(is_date_name);
    for condition in [&select.selection, &select.having].into_iter().flatten() {
        visit(condition, &mut look);
    }
    found
}

/// Whether a column of this name holds dates, as far as names tell.
fn is_date_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("date") || name.contains("timestamp") || name.contains("_partitiontime") || name == "day"
}

/// Whether a SELECT makes one row of several.
fn groups(select: &Select) -> bool {
    let has_keys = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(keys, _) => !keys.is_empty(),
    };
    let mut exprs = select.projection.iter().filter_map(expression);
    has_keys || exprs.any(|expr| columns::columns(expr).aggregates)
}

/// The expression of an item, if it has one.
fn expression(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// The 0-based place in the SELECT that a key such as `GROUP BY 1` names.
fn position(key: &Expr) -> Option<usize> {
    let Expr::Value(value) = key else {
        return None;
    };
    match &value.value {
        Value::Number(position, _) => position.parse::<usize>().ok()?.checked_sub(1),
        _ => None,
    }
}

/// The last part of a column's name.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(name) => Some(&name.value),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.as_str()),
        _ => None,
    }
}

/// Calls `look` for an expression and all within it, those of subqueries too.
fn visit(expr: &Expr, look: &mut dyn FnMut(&Expr)) {
    struct All<'a>(&'a mut dyn FnMut(&Expr));
    impl Visitor for All<'_> {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            (self.0)(expr);
            ControlFlow::Continue(())
        }
    }
    let _: ControlFlow<()> = expr.visit(&mut All(look));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::fragment::{Role, parse};

    #[test]
    fn sources() {
        let check = |sql: &str, expected: &[Finding]| {
            let fragment = parse(Role::Source, sql).expect("the source parses");
            assert_eq!(findings(&fragment.tree, "submission_date"), expected, "{sql}");
        };
        let all = |table: &str| Finding::AllDates(table.to_string());
        check("`p.d.t`", &[]);
        check("(SELECT *, a + 1 AS b FROM `p.d.t`)", &[]);
        check(
            "(SELECT id, submission_date, SUM(n) AS n FROM p.d.t GROUP BY id, submission_date)",
            &[],
        );
        check(
            "(SELECT id, submission_date, SUM(n) AS n FROM p.d.t GROUP BY 1, 2)",
            &[],
        );
        check(
            "(SELECT id, DATE(submission_timestamp) AS submission_date, COUNT(*) AS n FROM p.d.t GROUP BY ALL)",
            &[],
        );
        check(
            "(SELECT id, SUM(n) AS n FROM p.d.t GROUP BY id)",
            &[Finding::NoDateColumn, all("p.d.t")],
        );
        check(
            "(SELECT id, MIN(submission_date) AS submission_date FROM p.d.t GROUP BY id)",
            &[Finding::DateOfGroup, all("p.d.t")],
        );
        check(
            "(SELECT id, MIN(submission_date) AS submission_date FROM p.d.t WHERE submission_date > '2025-01-01' GROUP BY id)",
            &[Finding::DateOfGroup],
        );
        check(
            "(SELECT * FROM p.d.t QUALIFY ROW_NUMBER() OVER (PARTITION BY id ORDER BY submission_date) = 1)",
            &[all("p.d.t")],
        );
        check(
            "(SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY submission_date) AS n FROM p.d.t)",
            &[all("p.d.t")],
        );
        check(
            "(SELECT *, LAG(n) OVER (PARTITION BY submission_date) AS m FROM p.d.t)",
            &[],
        );
        check("(SELECT DISTINCT id, submission_date FROM p.d.t)", &[]);
        check(
            "(WITH first AS (SELECT id, MIN(x) AS x FROM p.d.u GROUP BY id) SELECT t.*, x FROM p.d.t AS t JOIN first USING (id))",
            &[all("p.d.u")],
        );
        check(
            "(SELECT id, submission_date FROM p.d.t UNION ALL SELECT id, submission_date FROM p.d.u)",
            &[],
        );
        check(
            "(SELECT id, MAX(x) AS x FROM (SELECT * FROM p.d.t) GROUP BY id)",
            &[Finding::NoDateColumn, all("p.d.t")],
        );
        check(
            "(SELECT t.id, t.submission_date FROM p.d.t, UNNEST(t.events) AS e)",
            &[],
        );
    }
}
