//! What queries and functions share: ORDER BY, windows, names and table aliases.

use sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Spanned, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use super::{Translator, quote_name};

impl Translator<'_> {
    pub(super) fn order_by(&mut self, order_by: &OrderBy, aliases: &[(String, String)]) -> String {
        let OrderBy { kind, interpolate } = order_by;
        match kind {
            OrderByKind::Expressions(keys) if interpolate.is_none() => {
                format!("ORDER BY {}", self.order_keys(keys, aliases))
            }
            OrderByKind::Expressions(_) | OrderByKind::All(_) => self.unknown(order_by.span(), "this ORDER BY"),
        }
    }

    /// BigQuery puts nulls first when ascending and last when descending; DuckDB always last, so each key says where.
    pub(super) fn order_keys(&mut self, keys: &[OrderByExpr], aliases: &[(String, String)]) -> String {
        let keys: Vec<String> = keys
            .iter()
            .map(|key| {
                let OrderByExpr {
                    expr,
                    options,
                    with_fill,
                } = key;
                let descending = match &options.sort {
                    None | Some(OrderBySort::Asc) => false,
                    Some(OrderBySort::Desc) => true,
                    Some(OrderBySort::Using(_)) => return self.unknown(key.span(), "ORDER BY ... USING"),
                };
                if with_fill.is_some() {
                    return self.unknown(key.span(), "WITH FILL");
                }
                let nulls_first = options.nulls_first.unwrap_or(!descending);
                let text = match expr {
                    sqlparser::ast::Expr::Identifier(name) => aliases
                        .iter()
                        .find(|(alias, _)| *alias == name.value.to_lowercase())
                        .map(|(_, text)| text.clone()),
                    _ => None,
                };
                let text = text.unwrap_or_else(|| self.expression(expr));
                format!(
                    "{text}{} NULLS {}",
                    if descending { " DESC" } else { "" },
                    if nulls_first { "FIRST" } else { "LAST" }
                )
            })
            .collect();
        keys.join(", ")
    }

    pub(super) fn over(&mut self, window: &WindowType) -> String {
        match window {
            WindowType::NamedWindow(name) => format!(" OVER {}", quote_name(&name.value)),
            WindowType::WindowSpec(window) => format!(" OVER ({})", self.window(window)),
        }
    }

    pub(super) fn window(&mut self, window: &WindowSpec) -> String {
        let WindowSpec {
            window_name,
            partition_by,
            order_by,
            window_frame,
        } = window;
        let mut parts = Vec::new();
        if let Some(name) = window_name {
            parts.push(quote_name(&name.value));
        }
        if !partition_by.is_empty() {
            let keys: Vec<String> = partition_by.iter().map(|key| self.expression(key)).collect();
            parts.push(format!("PARTITION BY {}", keys.join(", ")));
        }
        if !order_by.is_empty() {
            parts.push(format!("ORDER BY {}", self.order_keys(order_by, &[])));
        }
        if let Some(WindowFrame {
            units,
            start_bound,
            end_bound,
        }) = window_frame
        {
            let units = match units {
                WindowFrameUnits::Rows => "ROWS",
                WindowFrameUnits::Range => "RANGE",
                WindowFrameUnits::Groups => "GROUPS",
            };
            let start = self.bound(start_bound);
            parts.push(match end_bound {
                Some(end) => format!("{units} BETWEEN {start} AND {}", self.bound(end)),
                None => format!("{units} {start}"),
            });
        }
        parts.join(" ")
    }

    fn bound(&mut self, bound: &WindowFrameBound) -> String {
        match bound {
            WindowFrameBound::CurrentRow => "CURRENT ROW".into(),
            WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".into(),
            WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".into(),
            WindowFrameBound::Preceding(Some(count)) => format!("{} PRECEDING", self.expression(count)),
            WindowFrameBound::Following(Some(count)) => format!("{} FOLLOWING", self.expression(count)),
        }
    }

    /// The parts of a dotted name. Several parts within one pair of backquotes are told apart.
    pub(super) fn name_parts(&mut self, name: &ObjectName) -> Vec<Ident> {
        let mut parts = Vec::new();
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(ident) if ident.quote_style.is_some() && ident.value.contains('.') => {
                    parts.extend(ident.value.split('.').map(|value| Ident {
                        value: value.into(),
                        quote_style: Some('`'),
                        span: ident.span,
                    }));
                }
                ObjectNamePart::Identifier(ident) => parts.push(ident.clone()),
                ObjectNamePart::Function(_) => {
                    self.unknown(name.span(), "a name made by a function");
                }
            }
        }
        parts
    }

    /// A table alias, or the first part of a path that may be one.
    pub(super) fn alias(&self, name: &str) -> String {
        match &self.suffix {
            Some(suffix) if self.own_aliases.contains(&name.to_lowercase()) => quote_name(&format!("{name}{suffix}")),
            _ => quote_name(name),
        }
    }
}
