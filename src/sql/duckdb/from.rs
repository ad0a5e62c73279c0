//! FROM clauses: tables, joins, UNNEST in all its places, PIVOT.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, ExprWithAlias, Ident, Join, JoinConstraint, JoinOperator, ObjectName, PivotValueSource, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned, TableAlias, TableFactor, TableWithJoins, visit_expressions,
};

use super::{Translator, indent, quote_name, quote_string};

/// What one SELECT's FROM clause has made visible.
#[derive(Default)]
pub(super) struct Scope {
    /// Table aliases, in lower case.
    pub aliases: Vec<String>,
    /// Columns that `*` must not show.
    pub hidden: Vec<String>,
}

/// How a SELECT uses the alias of an UNNEST, as far as its text shows it.
#[derive(Default)]
struct Use {
    /// `alias.field` occurs: the elements are structs.
    fields: bool,
    /// A name without a qualifier occurs that is no alias: it may be a field of the elements.
    loose_names: bool,
    /// `*` occurs.
    star: bool,
    /// `alias.*` occurs.
    own_star: bool,
}

impl Translator<'_> {
    /// The FROM clause with the keyword, or nothing. Commas become CROSS JOIN, which binds from left to right as in BigQuery.
    pub(super) fn from(&mut self, from: &[TableWithJoins], select: &Select) -> String {
        let mut text = String::new();
        for (place, TableWithJoins { relation, joins }) in from.iter().enumerate() {
            let relation = self.relation(relation, select, None);
            match place {
                0 => text.push_str(&format!("FROM {relation}")),
                _ => text.push_str(&format!("\nCROSS JOIN {relation}")),
            }
            for join in joins {
                text.push_str(&format!("\n{}", self.join(join, select)));
            }
        }
        text
    }

    fn join(&mut self, join: &Join, select: &Select) -> String {
        let Join {
            relation,
            global: _,
            join_operator,
        } = join;
        let (word, constraint) = match join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => ("JOIN", constraint),
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => ("LEFT JOIN", constraint),
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT JOIN", constraint),
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
            JoinOperator::CrossJoin(constraint) => ("CROSS JOIN", constraint),
            JoinOperator::Semi(_)
            | JoinOperator::LeftSemi(_)
            | JoinOperator::RightSemi(_)
            | JoinOperator::Anti(_)
            | JoinOperator::LeftAnti(_)
            | JoinOperator::RightAnti(_)
            | JoinOperator::CrossApply
            | JoinOperator::OuterApply
            | JoinOperator::AsOf { .. }
            | JoinOperator::StraightJoin(_)
            | JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => return self.unknown(relation.span(), "this kind of join"),
        };
        let element = matches!(relation, TableFactor::UNNEST { .. }) || self.array_path(relation).is_some();
        // DuckDB joins elements of an array from the left on TRUE alone, so the condition goes among the elements.
        let filter = match constraint {
            JoinConstraint::On(condition) if element && word == "LEFT JOIN" => Some(condition),
            _ => None,
        };
        let text = self.relation(relation, select, filter);
        match constraint {
            JoinConstraint::On(_) if filter.is_some() => format!("{word} {text} ON TRUE"),
            JoinConstraint::On(condition) => format!("{word} {text} ON {}", self.expression(condition)),
            JoinConstraint::Using(columns) => {
                let columns: Vec<String> = columns
                    .iter()
                    .flat_map(|name| self.name_parts(name))
                    .map(|name| quote_name(&name.value))
                    .collect();
                format!("{word} {text} USING ({})", columns.join(", "))
            }
            JoinConstraint::None if word == "JOIN" || word == "CROSS JOIN" => format!("CROSS JOIN {text}"),
            JoinConstraint::None if element => format!("{word} {text} ON TRUE"),
            JoinConstraint::None | JoinConstraint::Natural => {
                self.unknown(relation.span(), "a join without a condition")
            }
        }
    }

    fn relation(&mut self, factor: &TableFactor, select: &Select, filter: Option<&Expr>) -> String {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some()
                    || !with_hints.is_empty()
                    || version.is_some()
                    || *with_ordinality
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || sample.is_some()
                    || !index_hints.is_empty()
                {
                    return self.unknown(name.span(), "table functions, FOR SYSTEM_TIME or TABLESAMPLE");
                }
                if let Some(path) = self.array_path(factor) {
                    let alias = alias.as_ref().map(|alias| alias.name.clone());
                    let last = name.0.last().and_then(|part| part.as_ident()).cloned();
                    return self.elements(&path, alias.or(last), None, select, filter);
                }
                self.table(name, alias.as_ref())
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                if *lateral || sample.is_some() {
                    return self.unknown(subquery.span(), "LATERAL or TABLESAMPLE");
                }
                let text = format!("(\n{}\n)", indent(&self.query(subquery, super::query::Columns::Inner)));
                self.with_alias(text, alias.as_ref())
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset,
                with_offset_alias,
                with_ordinality,
            } => {
                let [array] = array_exprs.as_slice() else {
                    return self.unknown(factor.span(), "UNNEST of several arrays");
                };
                if *with_ordinality {
                    return self.unknown(factor.span(), "WITH ORDINALITY");
                }
                let offset = with_offset.then(|| {
                    let offset = with_offset_alias
                        .as_ref()
                        .map_or("offset", |alias| alias.value.as_str());
                    offset.to_string()
                });
                let text = self.expression(array);
                let alias = alias.as_ref().map(|alias| alias.name.clone());
                self.elements(&text, alias, offset, select, filter)
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => {
                let TableWithJoins { relation, joins } = table_with_joins.as_ref();
                let mut text = self.relation(relation, select, None);
                for join in joins {
                    text.push_str(&format!("\n{}", self.join(join, select)));
                }
                format!("({text})")
            }
            TableFactor::Pivot {
                table,
                aggregate_functions,
                value_column,
                value_source,
                default_on_null: None,
                alias,
            } => {
                let text = self.pivot(table, aggregate_functions, value_column, value_source, select);
                self.with_alias(text, alias.as_ref())
            }
            TableFactor::TableFunction { .. }
            | TableFactor::Function { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::OpenJsonTable { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::XmlTable { .. }
            | TableFactor::SemanticView { .. } => self.unknown(factor.span(), "this kind of relation"),
        }
    }

    fn with_alias(&mut self, text: String, alias: Option<&TableAlias>) -> String {
        match alias {
            None => text,
            Some(alias) => {
                self.see(&alias.name.value);
                format!("{text} AS {}", self.alias(&alias.name.value))
            }
        }
    }

    fn see(&mut self, alias: &str) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.aliases.push(alias.to_lowercase());
        }
    }

    fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> String {
        let parts = self.name_parts(name);
        let Some(last) = parts.last() else {
            return self.unknown(name.span(), "a table without a name");
        };
        let text = match (parts.as_slice(), last.value.strip_suffix('*')) {
            ([project, dataset, _], Some(prefix)) => self.wildcard(name, &project.value, &dataset.value, prefix),
            (_, Some(_)) => self.unknown(name.span(), "a wildcard table without project and dataset"),
            // The name of a common table of a function's body is an alias of that body.
            ([only], None) => self.alias(&only.value),
            (parts, None) => {
                let parts: Vec<String> = parts.iter().map(|part| quote_name(&part.value)).collect();
                parts.join(".")
            }
        };
        match alias {
            Some(alias) => {
                self.see(&alias.name.value);
                format!("{text} AS {}", self.alias(&alias.name.value))
            }
            None => {
                self.see(&last.value);
                text
            }
        }
    }

    /// All tables with a prefix as one relation, with the rest of their names in `_TABLE_SUFFIX`, which `*` does not show.
    fn wildcard(&mut self, name: &ObjectName, project: &str, dataset: &str, prefix: &str) -> String {
        let Some(tables) = self.wildcard.map(|tables| tables(project, dataset, prefix)) else {
            return self.unknown(name.span(), "wildcard tables without a database to look into");
        };
        if tables.is_empty() {
            return self.fault(
                name.span(),
                format!("no table is called `{project}.{dataset}.{prefix}*`"),
                None,
            );
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.hidden.push("_TABLE_SUFFIX".into());
        }
        let parts: Vec<String> = tables
            .iter()
            .map(|table| {
                let suffix = table.strip_prefix(prefix).unwrap_or(table);
                let suffix = quote_string(suffix).unwrap_or_else(|| "''".into());
                let (project, dataset, table) = (quote_name(project), quote_name(dataset), quote_name(table));
                format!("SELECT *, {suffix} AS _TABLE_SUFFIX FROM {project}.{dataset}.{table}")
            })
            .collect();
        format!("(\n{}\n)", indent(&parts.join("\nUNION ALL BY NAME\n")))
    }

    /// The array that a FROM item such as `t.events` names, where `t` is a table of the same FROM clause.
    fn array_path(&self, factor: &TableFactor) -> Option<String> {
        let TableFactor::Table { name, args: None, .. } = factor else {
            return None;
        };
        let parts: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        let [first, rest @ ..] = parts.as_slice() else {
            return None;
        };
        let seen = &self.scopes.last()?.aliases;
        if rest.is_empty() || first.quote_style.is_some() || !seen.contains(&first.value.to_lowercase()) {
            return None;
        }
        let rest: Vec<String> = rest.iter().map(|part| quote_name(&part.value)).collect();
        Some(format!("{}.{}", self.alias(&first.value), rest.join(".")))
    }

    /// The elements of an array as a relation.
    fn elements(
        &mut self,
        array: &str,
        alias: Option<Ident>,
        offset: Option<String>,
        select: &Select,
        filter: Option<&Expr>,
    ) -> String {
        let Some(alias) = alias else {
            // Without an alias only the fields of the elements can be named.
            let mut columns = vec![format!("unnest({array}, max_depth := 2)")];
            columns.extend(offset.map(|name| self.offset_column(array, &name)));
            let text = format!("SELECT {}", columns.join(", "));
            return match filter {
                None => format!("LATERAL ({text})"),
                Some(filter) => {
                    let filter = self.expression(filter);
                    format!("LATERAL (SELECT * FROM ({text}) WHERE {filter})")
                }
            };
        };
        self.see(&alias.value);
        let used = self.use_of(&alias.value, select, offset.as_deref());
        let expanded = used.fields && (used.loose_names || used.star) && !used.own_star;
        if expanded && let Some(scope) = self.scopes.last_mut() {
            scope.hidden.push(alias.value.clone());
        }
        let column = self.alias(&alias.value);
        // With a relation of another name, `alias.*` means the fields of the column.
        let relation = match used.own_star {
            true => quote_name(&format!("{}_elements", alias.value)),
            false => column.clone(),
        };
        let path = !array.contains(['(', ' ', '[', '\n']);
        if path && !expanded && offset.is_none() && filter.is_none() {
            return format!("UNNEST({array}) AS {relation}({column})");
        }
        let mut text = format!("SELECT unnest({array}) AS {column}");
        if let Some(name) = offset {
            text.push_str(&format!(", {}", self.offset_column(array, &name)));
        }
        let outer = if expanded {
            format!("*, unnest({column})")
        } else {
            "*".into()
        };
        let inner_alias = if filter.is_some() {
            format!(" AS {relation}")
        } else {
            String::new()
        };
        if expanded || filter.is_some() {
            text = format!("SELECT {outer} FROM ({text}){inner_alias}");
        }
        if let Some(filter) = filter {
            text.push_str(&format!(" WHERE {}", self.expression(filter)));
        }
        format!("LATERAL ({text}) AS {relation}")
    }

    fn offset_column(&mut self, array: &str, name: &str) -> String {
        self.see(name);
        format!("generate_subscripts({array}, 1) - 1 AS {}", self.alias(name))
    }

    fn use_of(&self, alias: &str, select: &Select, offset: Option<&str>) -> Use {
        let mut used = Use::default();
        let is = |name: &Ident| name.value.eq_ignore_ascii_case(alias);
        let seen = self
            .scopes
            .last()
            .map(|scope| scope.aliases.clone())
            .unwrap_or_default();
        let _ = visit_expressions(select, |expr: &Expr| {
            match expr {
                Expr::CompoundIdentifier(path) if path.first().is_some_and(is) => used.fields = true,
                Expr::CompoundFieldAccess { root, .. } if matches!(root.as_ref(), Expr::Identifier(name) if is(name)) =>
                {
                    used.fields = true;
                }
                Expr::Identifier(name) => {
                    let lower = name.value.to_lowercase();
                    let known =
                        is(name) || seen.contains(&lower) || offset.is_some_and(|o| o.eq_ignore_ascii_case(&lower));
                    used.loose_names |= !known;
                }
                Expr::CompoundIdentifier(path) => {
                    let first = path.first().map(|name| name.value.to_lowercase());
                    used.loose_names |= first.is_some_and(|first| !seen.contains(&first));
                }
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
        for item in &select.projection {
            match item {
                SelectItem::Wildcard(_) => used.star = true,
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    let first = name.0.first().and_then(|part| part.as_ident());
                    if name.0.len() == 1 && first.is_some_and(is) {
                        used.own_star = true;
                        used.fields = true;
                    }
                }
                _ => {}
            }
        }
        used
    }

    /// PIVOT as what it means: grouped by every column that it does not name, one aggregate per value.
    fn pivot(
        &mut self,
        table: &TableFactor,
        aggregates: &[ExprWithAlias],
        value_column: &[Expr],
        values: &PivotValueSource,
        select: &Select,
    ) -> String {
        let (PivotValueSource::List(values), [Expr::Identifier(column)]) = (values, value_column) else {
            return self.unknown(table.span(), "a PIVOT without a list of values for one column");
        };
        let relation = self.relation(table, select, None);
        let mut hidden = vec![quote_name(&column.value)];
        let mut columns = Vec::new();
        for value in values {
            for aggregate in aggregates {
                let Expr::Function(function) = &aggregate.expr else {
                    return self.unknown(aggregate.expr.span(), "a PIVOT without an aggregate function");
                };
                for argument in crate::sql::fragment::plain_arguments(function) {
                    if let Expr::Identifier(name) = argument {
                        hidden.push(quote_name(&name.value));
                    }
                }
                let text = self.expression(&aggregate.expr);
                let wanted = self.expression(&value.expr);
                let value_name = match &value.alias {
                    Some(alias) => alias.value.clone(),
                    None => wanted.trim_matches('\'').replace("''", "'"),
                };
                let name = match &aggregate.alias {
                    Some(alias) => format!("{}_{value_name}", alias.value),
                    None => value_name,
                };
                let column = quote_name(&column.value);
                columns.push(format!(
                    "{text} FILTER (WHERE {column} IS NOT DISTINCT FROM {wanted}) AS {}",
                    quote_name(&name)
                ));
            }
        }
        hidden.sort();
        hidden.dedup();
        let columns = columns.join(",\n");
        let hidden = hidden.join(", ");
        format!(
            "(\n{}\n)",
            indent(&format!(
                "SELECT\n{}\nFROM {relation}\nGROUP BY ALL",
                indent(&format!("* EXCLUDE ({hidden}),\n{columns}"))
            ))
        )
    }
}
