//! Queries: WITH, set operations, SELECT lists, ORDER BY and LIMIT.

use sqlparser::ast::{
    Cte, Distinct, Expr, GroupByExpr, LimitClause, NamedWindowExpr, Query, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, Spanned, TableAlias, ValueTableMode,
    WildcardAdditionalOptions,
};

use super::expansion::is_expansion;
use super::from::Scope;
use super::{Translator, indent, quote_name};

/// What the columns of a query are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// They are the result: columns without a name are called `f0_`, `f1_`, ... as BigQuery calls them.
    Result,
    /// Names of columns matter only where they are given.
    Inner,
}

impl Translator<'_> {
    /// A whole statement, after the comment that stands before it.
    pub(super) fn statement(&mut self, query: &Query) -> String {
        let text = self.query(query, Columns::Result);
        let comment: String = (self.source.text.lines())
            .skip_while(|line| line.trim().is_empty())
            .take_while(|line| line.trim_start().starts_with("--"))
            .map(|line| format!("{}\n", line.trim()))
            .collect();
        format!("{comment}{text}")
    }

    /// A query without parentheses around it, on several lines.
    pub(super) fn query(&mut self, query: &Query, columns: Columns) -> String {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if fetch.is_some() || !locks.is_empty() || for_clause.is_some() || settings.is_some() || format_clause.is_some()
        {
            self.unknown(query.span(), "FETCH, FOR, SETTINGS or FORMAT");
        }
        if !pipe_operators.is_empty() {
            self.unknown(query.span(), "the pipe syntax");
        }
        let mut parts = Vec::new();
        if let Some(with) = with {
            let tables: Vec<String> = with.cte_tables.iter().map(|cte| self.cte(cte)).collect();
            let recursive = if with.recursive { " RECURSIVE" } else { "" };
            parts.push(format!("WITH{recursive} {}", tables.join(", ")));
        }
        let (text, aliases) = self.set_expression(body, columns);
        parts.push(text);
        if let Some(order_by) = order_by {
            parts.push(self.order_by(order_by, &aliases));
        }
        match limit_clause {
            None => {}
            Some(LimitClause::LimitOffset {
                limit,
                offset,
                limit_by,
            }) => {
                if !limit_by.is_empty() {
                    self.unknown(query.span(), "LIMIT BY");
                }
                if let Some(limit) = limit {
                    parts.push(format!("LIMIT {}", self.expression(limit)));
                }
                if let Some(offset) = offset {
                    parts.push(format!("OFFSET {}", self.expression(&offset.value)));
                }
            }
            Some(LimitClause::OffsetCommaLimit { .. }) => {
                self.unknown(query.span(), "LIMIT with a comma");
            }
        }
        parts.join("\n")
    }

    /// A query in parentheses, as an expression or a relation.
    pub(super) fn subquery(&mut self, query: &Query) -> String {
        let text = self.query(query, Columns::Inner);
        match text.contains('\n') || text.len() > 80 {
            true => format!("(\n{}\n)", indent(&text)),
            false => format!("({text})"),
        }
    }

    fn cte(&mut self, cte: &Cte) -> String {
        if cte.materialized.is_some() || cte.from.is_some() {
            self.unknown(cte.span(), "MATERIALIZED");
        }
        let TableAlias { name, columns, .. } = &cte.alias;
        let columns: Vec<String> = columns.iter().map(|column| quote_name(&column.name.value)).collect();
        let columns = match columns.is_empty() {
            true => String::new(),
            false => format!(" ({})", columns.join(", ")),
        };
        let query = self.query(&cte.query, Columns::Inner);
        let stored = if is_expansion(&cte.query) {
            "NOT MATERIALIZED "
        } else {
            ""
        };
        format!(
            "{}{columns} AS {stored}(\n{}\n)",
            self.alias(&name.value),
            indent(&query)
        )
    }

    /// The text, and the SELECT list's aliases where ORDER BY can't see them.
    fn set_expression(&mut self, body: &SetExpr, columns: Columns) -> (String, Vec<(String, String)>) {
        match body {
            SetExpr::Select(select) => self.select(select, columns),
            SetExpr::Query(query) => (format!("(\n{}\n)", indent(&self.query(query, columns))), Vec::new()),
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let (left_text, _) = self.set_expression(left, columns);
                let (right_text, _) = self.set_expression(right, Columns::Inner);
                let word = match (op, set_quantifier) {
                    (SetOperator::Union, SetQuantifier::All) => "UNION ALL",
                    (SetOperator::Union, SetQuantifier::Distinct) => "UNION",
                    (SetOperator::Except, SetQuantifier::Distinct) => "EXCEPT",
                    (SetOperator::Intersect, SetQuantifier::Distinct) => "INTERSECT",
                    _ => {
                        let fault = format!("the embedded engine does not know `{op} {set_quantifier}`");
                        let help = "UNION ALL, UNION DISTINCT, EXCEPT DISTINCT and INTERSECT DISTINCT are known";
                        self.fault(right.span(), fault, Some(help.into()));
                        "UNION ALL"
                    }
                };
                (format!("{left_text}\n{word}\n{right_text}"), Vec::new())
            }
            SetExpr::Values(_)
            | SetExpr::Insert(_)
            | SetExpr::Update(_)
            | SetExpr::Delete(_)
            | SetExpr::Merge(_)
            | SetExpr::Table(_) => (self.unknown(body.span(), "this statement"), Vec::new()),
        }
    }

    fn select(&mut self, select: &Select, columns: Columns) -> (String, Vec<(String, String)>) {
        let Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if !optimizer_hints.is_empty()
            || select_modifiers.is_some()
            || top.is_some()
            || exclude.is_some()
            || into.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !connect_by.is_empty()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || *flavor != SelectFlavor::Standard
        {
            self.unknown(select.span(), "a clause of this SELECT");
        }
        self.scopes.push(Scope::default());
        let from_text = self.from(from, select);
        let as_struct = matches!(
            value_table_mode,
            Some(ValueTableMode::AsStruct | ValueTableMode::DistinctAsStruct)
        );
        let aliases = self.aliases(projection, group_by, as_struct);
        let list = match as_struct {
            true => vec![self.struct_of(projection)],
            false => self.select_list(projection, columns),
        };
        let distinct = match distinct {
            None | Some(Distinct::All) => "",
            Some(Distinct::Distinct) => " DISTINCT",
            Some(Distinct::On(_)) => {
                self.unknown(select.span(), "DISTINCT ON");
                ""
            }
        };
        let distinct = match value_table_mode {
            Some(ValueTableMode::DistinctAsStruct | ValueTableMode::DistinctAsValue) => " DISTINCT",
            _ => distinct,
        };
        let mut parts = vec![match list.len() {
            1 => format!("SELECT{distinct} {}", list[0]),
            _ => format!("SELECT{distinct}\n{}", indent(&list.join(",\n"))),
        }];
        if !from_text.is_empty() {
            parts.push(from_text);
        }
        if let Some(selection) = selection {
            parts.push(format!("WHERE {}", self.expression(selection)));
        }
        match group_by {
            GroupByExpr::All(modifiers) if modifiers.is_empty() => parts.push("GROUP BY ALL".into()),
            GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => {
                if !expressions.is_empty() {
                    let keys: Vec<String> = expressions.iter().map(|key| self.group_key(key, &aliases)).collect();
                    parts.push(format!("GROUP BY {}", keys.join(", ")));
                }
            }
            GroupByExpr::All(_) | GroupByExpr::Expressions(..) => {
                self.unknown(select.span(), "this GROUP BY");
            }
        }
        if let Some(having) = having {
            parts.push(format!("HAVING {}", self.expression(having)));
        }
        if !named_window.is_empty() {
            let windows: Vec<String> = named_window
                .iter()
                .map(|definition| {
                    let window = match &definition.1 {
                        NamedWindowExpr::NamedWindow(name) => quote_name(&name.value),
                        NamedWindowExpr::WindowSpec(window) => format!("({})", self.window(window)),
                    };
                    format!("{} AS {window}", quote_name(&definition.0.value))
                })
                .collect();
            parts.push(format!("WINDOW {}", windows.join(", ")));
        }
        if let Some(qualify) = qualify {
            parts.push(format!("QUALIFY {}", self.expression(qualify)));
        }
        self.scopes.pop();
        let aliases = if as_struct { aliases } else { Vec::new() };
        (parts.join("\n"), aliases)
    }

    /// The expressions behind those aliases of the SELECT list that GROUP BY names, or that ORDER BY may name but DuckDB would not see.
    fn aliases(&mut self, projection: &[SelectItem], group_by: &GroupByExpr, all: bool) -> Vec<(String, String)> {
        let keys: &[Expr] = match group_by {
            GroupByExpr::Expressions(keys, _) => keys,
            GroupByExpr::All(_) => &[],
        };
        let is_named = |alias: &str| {
            let mut names = keys.iter().filter_map(|key| match key {
                Expr::Identifier(name) => Some(name.value.as_str()),
                _ => None,
            });
            names.any(|name| name.eq_ignore_ascii_case(alias))
        };
        let mut aliases = Vec::new();
        for item in projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && (all || is_named(&alias.value))
            {
                // The SELECT list itself will report the faults.
                let faults = self.faults.len();
                aliases.push((alias.value.to_lowercase(), self.expression(expr)));
                self.faults.truncate(faults);
            }
        }
        aliases
    }

    /// In BigQuery an alias of the SELECT list comes before a column of that name; in DuckDB it is the other way round.
    fn group_key(&mut self, key: &Expr, aliases: &[(String, String)]) -> String {
        if let Expr::Identifier(name) = key
            && let Some((_, text)) = aliases.iter().find(|(alias, _)| *alias == name.value.to_lowercase())
        {
            return text.clone();
        }
        self.expression(key)
    }

    fn select_list(&mut self, projection: &[SelectItem], columns: Columns) -> Vec<String> {
        let mut unnamed = 0;
        let mut list = Vec::new();
        for item in projection {
            list.push(match item {
                SelectItem::UnnamedExpr(expr) => {
                    let text = self.expression(expr);
                    match (super::known::inferred_name(expr), columns) {
                        // DuckDB names a column after the whole text of a path with a subscript or call in it.
                        (Some(name), _) if matches!(expr, Expr::CompoundFieldAccess { .. }) => {
                            format!("{text} AS {}", quote_name(&name))
                        }
                        (Some(name), _) if text.rsplit('.').next() != Some(&quote_name(&name)) => {
                            format!("{text} AS {}", quote_name(&name))
                        }
                        (Some(_), _) | (None, Columns::Inner) => text,
                        (None, Columns::Result) => {
                            unnamed += 1;
                            format!("{text} AS f{}_", unnamed - 1)
                        }
                    }
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    format!("{} AS {}", self.expression(expr), quote_name(&alias.value))
                }
                SelectItem::ExprWithAliases { .. } => self.unknown(item.span(), "several aliases"),
                SelectItem::QualifiedWildcard(kind, options) => self.qualified_star(item, kind, options),
                SelectItem::Wildcard(options) => {
                    let hidden = self.scopes.last().map(|scope| scope.hidden.clone()).unwrap_or_default();
                    format!("*{}", self.star_options(options, &hidden))
                }
            });
        }
        list
    }

    fn qualified_star(
        &mut self,
        item: &SelectItem,
        kind: &SelectItemQualifiedWildcardKind,
        options: &WildcardAdditionalOptions,
    ) -> String {
        let options = self.star_options(options, &[]);
        match kind {
            SelectItemQualifiedWildcardKind::ObjectName(name) => {
                let names: Vec<String> = self.name_parts(name).iter().map(|part| part.value.clone()).collect();
                match names.as_slice() {
                    [only] => format!("{}.*{options}", self.alias(only)),
                    [first, rest @ ..] => {
                        let rest: Vec<String> = rest.iter().map(|part| quote_name(part)).collect();
                        format!("{}.{}.*{options}", self.alias(first), rest.join("."))
                    }
                    [] => self.unknown(item.span(), "this star"),
                }
            }
            SelectItemQualifiedWildcardKind::Expr(expr) if options.is_empty() => {
                format!("unnest({})", self.expression(expr))
            }
            SelectItemQualifiedWildcardKind::Expr(_) => self.unknown(item.span(), "EXCEPT or REPLACE after this star"),
        }
    }

    fn star_options(&mut self, options: &WildcardAdditionalOptions, hidden: &[String]) -> String {
        let WildcardAdditionalOptions {
            wildcard_token,
            opt_ilike,
            opt_exclude,
            opt_except,
            opt_replace,
            opt_rename,
            opt_alias,
        } = options;
        if opt_ilike.is_some() || opt_exclude.is_some() || opt_rename.is_some() || opt_alias.is_some() {
            self.unknown(wildcard_token.0.span, "this option of a star");
        }
        let mut excluded: Vec<String> = hidden.iter().map(|name| quote_name(name)).collect();
        if let Some(except) = opt_except {
            excluded.push(quote_name(&except.first_element.value));
            excluded.extend(except.additional_elements.iter().map(|name| quote_name(&name.value)));
        }
        let mut text = String::new();
        if !excluded.is_empty() {
            text.push_str(&format!(" EXCLUDE ({})", excluded.join(", ")));
        }
        if let Some(replace) = opt_replace {
            let items: Vec<String> = replace
                .items
                .iter()
                .map(|item| {
                    format!(
                        "{} AS {}",
                        self.expression(&item.expr),
                        quote_name(&item.column_name.value)
                    )
                })
                .collect();
            text.push_str(&format!(" REPLACE ({})", items.join(", ")));
        }
        text
    }

    /// The SELECT list of `SELECT AS STRUCT` as one struct.
    pub(super) fn struct_of(&mut self, projection: &[SelectItem]) -> String {
        let mut fields = Vec::new();
        for item in projection {
            let (name, expr) = match item {
                SelectItem::ExprWithAlias { expr, alias } => (Some(alias.value.clone()), expr),
                SelectItem::UnnamedExpr(expr) => (super::known::inferred_name(expr), expr),
                SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => {
                    return self.unknown(item.span(), "a star in SELECT AS STRUCT");
                }
            };
            let text = self.expression(expr);
            let name = name.unwrap_or_else(|| format!("f{}_", fields.len()));
            fields.push(super::literal::field(&name, &text));
        }
        format!("{{{}}}", fields.join(", "))
    }
}
