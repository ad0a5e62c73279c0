//! Subqueries over the elements of one array as list functions: `(SELECT SUM(e.value) FROM UNNEST(x) AS e WHERE ...)` needs no join.
//!
//! A shorter and faster spelling of what [`super::from`] can do in general, and the only one that DuckDB takes in the condition of an
//! outer join. Whatever is not plainly of this shape is left to the general way.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, GroupByExpr, Ident, LimitClause, OrderByKind, OrderBySort, Query, Select, SelectItem, SetExpr,
    TableFactor, Value, ValueTableMode, Visit, visit_expressions,
};

use super::Translator;

/// A SELECT of one item from the elements of one array.
struct Shape<'q> {
    select: &'q Select,
    item: &'q Expr,
    array: &'q Expr,
    /// Without an alias, only the fields of the elements can be named.
    alias: Option<&'q Ident>,
    /// `LIMIT 1`.
    first: bool,
}

impl Translator<'_> {
    /// `ARRAY(SELECT ... FROM UNNEST(...) AS e ...)`.
    pub(super) fn array_of_elements(&mut self, query: &Query) -> Option<String> {
        let shape = shape(query)?;
        if shape.first || !self.fits(&shape) {
            return None;
        }
        let list = self.list(&shape);
        Some(format!("coalesce({list}, [])"))
    }

    /// `EXISTS (SELECT ... FROM UNNEST(...) AS e WHERE ...)`.
    pub(super) fn exists_element(&mut self, query: &Query) -> Option<String> {
        let shape = shape(query)?;
        if !self.fits(&shape) {
            return None;
        }
        let filtered = self.filtered(&shape);
        Some(format!("coalesce(len({filtered}) > 0, FALSE)"))
    }

    /// `(SELECT SUM(e.value) FROM UNNEST(...) AS e WHERE ...)`, or the first element of all.
    pub(super) fn scalar_of_elements(&mut self, query: &Query) -> Option<String> {
        let shape = shape(query)?;
        if shape.first {
            return match self.fits(&shape) {
                true => Some(format!("({})[1]", self.list(&shape))),
                false => None,
            };
        }
        let Expr::Function(function) = shape.item else {
            return None;
        };
        let call = crate::sql::fragment::plain_arguments(function);
        let name = function.name.to_string().to_ascii_uppercase();
        let plain = function.over.is_none() && is_plain(function);
        match (name.as_str(), call.as_slice()) {
            ("SUM" | "MAX", [argument]) if plain => {
                let inner = Shape {
                    item: argument,
                    ..shape
                };
                if !self.fits(&inner) {
                    return None;
                }
                Some(format!("list_{}({})", name.to_lowercase(), self.list(&inner)))
            }
            _ => None,
        }
    }

    /// Whether a lambda can stand for the SELECT: every name is known to be the element's or a qualified one of outside, and nothing
    /// needs a subquery of its own.
    fn fits(&self, shape: &Shape<'_>) -> bool {
        let fields = match shape.alias {
            Some(_) => Vec::new(),
            None => match self.functions.element_fields(shape.array) {
                Some(fields) => fields,
                None => return false,
            },
        };
        let is_alias = |name: &Ident| match shape.alias {
            Some(alias) => name.value.eq_ignore_ascii_case(&alias.value),
            None => fields.contains(&name.value.to_lowercase()),
        };
        let outside = |name: &Ident| {
            let lower = name.value.to_lowercase();
            self.parameters.iter().any(|(parameter, _)| *parameter == lower)
                || self.scopes.iter().any(|scope| scope.aliases.contains(&lower))
        };
        let check = |expr: &Expr| {
            let fits = match expr {
                Expr::Identifier(name) => {
                    is_alias(name)
                        || self
                            .parameters
                            .iter()
                            .any(|(parameter, _)| *parameter == name.value.to_lowercase())
                }
                Expr::CompoundIdentifier(path) => path.first().is_some_and(|first| is_alias(first) || outside(first)),
                Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } | Expr::InUnnest { .. } => false,
                Expr::Function(function) => self.is_light(function),
                _ => true,
            };
            if fits {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let items = match shape.select.value_table_mode {
            Some(ValueTableMode::AsStruct) => visit_expressions(&shape.select.projection, check).is_continue(),
            _ => visit_expressions(shape.item, check).is_continue(),
        };
        items
            && shape
                .select
                .selection
                .as_ref()
                .is_none_or(|filter| visit_expressions(filter, check).is_continue())
    }

    /// Whether a call can stand in a lambda: a scalar function, and no macro with a subquery.
    fn is_light(&self, function: &Function) -> bool {
        let name = super::call::plain_name(function);
        match self.functions.find(&name) {
            Some(_) => self.functions.is_light(&name),
            None => function.over.is_none() && super::catalogue::is_scalar_name(&name),
        }
    }

    /// The name of the lambda's parameter.
    fn parameter(&self, shape: &Shape<'_>) -> String {
        shape.alias.map_or("element".into(), |alias| self.alias(&alias.value))
    }

    /// Translates with the fields of the elements in sight, where they are named without an alias.
    fn within<T>(&mut self, shape: &Shape<'_>, translate: impl FnOnce(&mut Self) -> T) -> T {
        let fields = match shape.alias {
            Some(_) => Vec::new(),
            None => self.functions.element_fields(shape.array).unwrap_or_default(),
        };
        let outer = std::mem::replace(&mut self.element_fields, fields);
        let result = translate(self);
        self.element_fields = outer;
        result
    }

    fn filtered(&mut self, shape: &Shape<'_>) -> String {
        let array = self.expression(shape.array);
        match &shape.select.selection {
            None => array,
            Some(filter) => {
                let filter = self.within(shape, |this| this.expression(filter));
                format!("list_filter({array}, lambda {}: {filter})", self.parameter(shape))
            }
        }
    }

    fn list(&mut self, shape: &Shape<'_>) -> String {
        let list = self.filtered(shape);
        let as_struct = shape.select.value_table_mode == Some(ValueTableMode::AsStruct);
        let itself = match (shape.item, shape.alias) {
            (Expr::Identifier(name), Some(alias)) => name.value.eq_ignore_ascii_case(&alias.value),
            _ => false,
        };
        if itself && !as_struct {
            return list;
        }
        let item = self.within(shape, |this| match as_struct {
            true => this.struct_of(&shape.select.projection),
            false => this.expression(shape.item),
        });
        format!("list_transform({list}, lambda {}: {item})", self.parameter(shape))
    }
}

/// No DISTINCT, ORDER BY or other clause within the call.
fn is_plain(function: &Function) -> bool {
    match &function.args {
        sqlparser::ast::FunctionArguments::List(list) => list.duplicate_treatment.is_none() && list.clauses.is_empty(),
        sqlparser::ast::FunctionArguments::None | sqlparser::ast::FunctionArguments::Subquery(_) => false,
    }
}

fn shape(query: &Query) -> Option<Shape<'_>> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    let [table] = select.from.as_slice() else {
        return None;
    };
    let TableFactor::UNNEST {
        alias,
        array_exprs,
        with_offset_alias,
        with_ordinality: false,
        ..
    } = &table.relation
    else {
        return None;
    };
    let ([array], [first, rest @ ..]) = (array_exprs.as_slice(), select.projection.as_slice()) else {
        return None;
    };
    let as_struct = select.value_table_mode == Some(ValueTableMode::AsStruct);
    let (SelectItem::UnnamedExpr(item) | SelectItem::ExprWithAlias { expr: item, .. }) = first else {
        return None;
    };
    // A struct has several items; all of them are looked at before a lambda is made.
    let plain_items = rest
        .iter()
        .all(|item| matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }));
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, modifiers) if keys.is_empty() && modifiers.is_empty());
    let limit = match &query.limit_clause {
        None => Some(false),
        Some(LimitClause::LimitOffset {
            limit: Some(Expr::Value(value)),
            offset: None,
            ..
        }) if matches!(&value.value, Value::Number(digits, _) if digits == "1") => Some(true),
        Some(_) => None,
    };
    // The order of the elements is the order of the list.
    let ordered = match &query.order_by {
        None => true,
        Some(order_by) => match (&order_by.kind, with_offset_alias) {
            (OrderByKind::Expressions(keys), Some(offset)) => {
                matches!(keys.as_slice(), [key] if matches!(&key.expr, Expr::Identifier(name) if name.value.eq_ignore_ascii_case(&offset.value))
                    && matches!(key.options.sort, None | Some(OrderBySort::Asc)))
            }
            _ => false,
        },
    };
    let offset_used = with_offset_alias.as_ref().is_some_and(|offset| {
        let names = |node: &Expr| uses(node, offset);
        names(item) || select.selection.as_ref().is_some_and(names) || rest.iter().any(|item| uses(item, offset))
    });
    if !table.joins.is_empty()
        || query.with.is_some()
        || !query.pipe_operators.is_empty()
        || query.fetch.is_some()
        || !ordered
        || offset_used
        || grouped
        || select.having.is_some()
        || select.qualify.is_some()
        || select.distinct.is_some()
        || !select.named_window.is_empty()
        || !matches!(
            select.value_table_mode,
            None | Some(ValueTableMode::AsStruct | ValueTableMode::AsValue)
        )
        || (!rest.is_empty() && !as_struct)
        || !plain_items
    {
        return None;
    }
    Some(Shape {
        select,
        item,
        array,
        alias: alias.as_ref().map(|alias| &alias.name),
        first: limit?,
    })
}

fn uses(node: &impl Visit, name: &Ident) -> bool {
    visit_expressions(node, |expr: &Expr| match expr {
        Expr::Identifier(found) if found.value.eq_ignore_ascii_case(&name.value) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    })
    .is_break()
}
