//! Columns of a custom enrollment query. What its `SELECT *` returns is followed into subqueries and common table expressions; of
//! tables, whose columns are not known here, nothing is said.

use sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr, TableFactor, WildcardAdditionalOptions};

use crate::analysis::{Analysis, AnalysisUnit};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::sql::fragment::{self, Role, Tree};

use super::finding;

/// What an enrollment query returns. Statements read the first three; the last is for those who read the enrollments table.
const COLUMNS: [&str; 4] = ["analysis_id", "branch", "enrollment_date", COUNT];
const COUNT: &str = "num_enrollment_events";

/// One finding for each column that the enrollment query is known to lack.
pub fn findings(analysis: &Analysis) -> Vec<Diagnostic> {
    let Some(query) = &analysis.experiment.enrollment_query else {
        return Vec::new();
    };
    let Ok(fragment) = fragment::parse(Role::Query, &query.sql) else {
        return Vec::new();
    };
    let Tree::Query(tree) = &fragment.tree else {
        return Vec::new();
    };
    let Some(columns) = outputs(tree, &[]) else {
        return Vec::new();
    };
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    let unit = match analysis.experiment.analysis_unit {
        AnalysisUnit::ClientId => "client_id",
        AnalysisUnit::ProfileGroupId => "profile_group_id",
    };
    let missing = COLUMNS.into_iter().filter(|column| !has(column));
    missing
        .map(|column| {
            let help = match column {
                "analysis_id" if has(unit) => format!("name the unit's id `analysis_id`: `{unit} AS analysis_id`"),
                _ => format!("it must return {}", COLUMNS.join(", ")),
            };
            let message = format!("the enrollment query returns no column `{column}`");
            let severity = match column {
                COUNT => Severity::Warning,
                _ => Severity::Error,
            };
            finding(severity, Code::EnrollmentColumns, message, &query.span, &help)
        })
        .collect()
}

/// The names of a query's columns; `None` where they can't be told. `outer` are the queries whose common table expressions are known
/// here, the innermost last.
fn outputs<'a>(query: &'a Query, outer: &[&'a Query]) -> Option<Vec<String>> {
    let known: Vec<&Query> = outer.iter().copied().chain([query]).collect();
    of_body(&query.body, &known)
}

fn of_body<'a>(body: &'a SetExpr, known: &[&'a Query]) -> Option<Vec<String>> {
    match body {
        SetExpr::Select(select) => of_select(select, known),
        SetExpr::Query(query) => outputs(query, known),
        // The first of the united queries names the columns.
        SetExpr::SetOperation { left, .. } => of_body(left, known),
        _ => None,
    }
}

fn of_select<'a>(select: &'a Select, known: &[&'a Query]) -> Option<Vec<String>> {
    let mut columns = Vec::new();
    for item in &select.projection {
        match item {
            SelectItem::ExprWithAlias { alias, .. } => columns.push(alias.value.clone()),
            SelectItem::UnnamedExpr(Expr::Identifier(name)) => columns.push(name.value.clone()),
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(path)) => columns.push(path.last()?.value.clone()),
            // A column without a name can't be one of those that count; the fields of a record have their own names.
            SelectItem::UnnamedExpr(Expr::CompoundFieldAccess { .. }) => return None,
            SelectItem::UnnamedExpr(_) => {}
            SelectItem::Wildcard(options) if is_plain(options) => columns.extend(of_source(select, known)?),
            _ => return None,
        }
    }
    Some(columns)
}

fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_except.is_none() && options.opt_exclude.is_none() && options.opt_rename.is_none()
}

/// The columns of the one source of a SELECT.
fn of_source<'a>(select: &'a Select, known: &[&'a Query]) -> Option<Vec<String>> {
    let [from] = select.from.as_slice() else {
        return None;
    };
    match &from.relation {
        _ if !from.joins.is_empty() => None,
        TableFactor::Derived { subquery, .. } => outputs(subquery, known),
        TableFactor::Table { name, .. } => {
            let [part] = name.0.as_slice() else {
                return None;
            };
            let name = &part.as_ident()?.value;
            // An expression sees those before it alone, so a name inside of its own query is that of a table.
            known.iter().enumerate().rev().find_map(|(depth, query)| {
                let expressions = &query.with.as_ref()?.cte_tables;
                let place = expressions
                    .iter()
                    .position(|cte| cte.alias.name.value.eq_ignore_ascii_case(name))?;
                let query = &expressions[place].query;
                (!known.iter().any(|open| std::ptr::eq(*open, &**query))).then(|| outputs(query, &known[..=depth]))?
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expected: Option<&str>) {
        let fragment = fragment::parse(Role::Query, sql).unwrap_or_else(|fault| panic!("{sql}: {fault:?}"));
        let Tree::Query(query) = &fragment.tree else {
            panic!("{sql} is a query");
        };
        let found = outputs(query, &[]).map(|columns| columns.join(" "));
        assert_eq!(found.as_deref(), expected, "{sql}");
    }

    #[test]
    fn names_of_columns() {
        check("SELECT a, t.b, MIN(c) AS d, 1 FROM t", Some("a b d"));
        check("SELECT * FROM (SELECT a, b FROM t)", Some("a b"));
        check(
            "SELECT * FROM ((SELECT a FROM t) UNION ALL (SELECT b FROM t)) QUALIFY TRUE",
            Some("a"),
        );
        check(
            "WITH x AS (SELECT a FROM t), y AS (SELECT * FROM x) SELECT *, 2 AS b FROM y",
            Some("a b"),
        );
        check("WITH x AS (SELECT * FROM x) SELECT * FROM x", None);
        check("SELECT * FROM t", None);
        check("SELECT t.* FROM t", None);
        check("SELECT * EXCEPT (a) FROM (SELECT a, b FROM t)", None);
        check("SELECT * FROM (SELECT a FROM t) JOIN u USING (a)", None);
    }
}
