//! SQL functions: `CREATE FUNCTION` statements in BigQuery SQL become macros of the catalog.
//!
//! Ours come with the program (`configs/functions/`); those of a user's file come before them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use indexmap::IndexMap;
use sqlparser::ast::{
    AccessExpr, CreateFunction, CreateFunctionBody, Expr, FunctionArguments, Query, SelectItem, SetExpr, Spanned,
    Statement, TableFactor, ValueTableMode, Visit, Visitor,
};

use super::{CATALOG, Translator, quote_name};
use crate::diagnostics::{Diagnostics, Result, Source};
use crate::sql::types::Type;

/// Our own definitions, with the names of their files.
const OURS: &[(&str, &str)] = &[
    (
        "configs/functions/mozfun.sql",
        include_str!("../../../configs/functions/mozfun.sql"),
    ),
    (
        "configs/functions/udf.sql",
        include_str!("../../../configs/functions/udf.sql"),
    ),
];

/// The SQL functions that statements may call.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// By full name; each after those that it calls.
    known: IndexMap<String, Definition>,
}

#[derive(Debug, Clone)]
struct Definition {
    parameters: usize,
    /// `CREATE MACRO ...`, without a semicolon.
    statement: String,
    /// The body as it was written.
    body: Option<Expr>,
}

impl Functions {
    /// The definitions that come with the program, after those of `files`, which take precedence.
    pub fn load(files: &[Arc<Source>]) -> Result<Self> {
        let ours = OURS.iter().map(|(path, text)| {
            Arc::new(Source {
                path: (*path).into(),
                text: (*text).into(),
            })
        });
        let mut functions = Functions::default();
        let mut faults = Diagnostics::default();
        // Names first, so that functions may call each other in any order.
        let mut texts: IndexMap<String, (Arc<Source>, CreateFunction)> = IndexMap::new();
        for source in files.iter().cloned().chain(ours) {
            match definitions(&source) {
                Ok(found) => {
                    for (name, definition) in found {
                        texts.entry(name).or_insert((source.clone(), definition));
                    }
                }
                Err(more) => faults.0.extend(more.0),
            }
        }
        let names: IndexMap<String, Definition> = (texts.iter())
            .map(|(name, (_, definition))| {
                let parameters = definition.args.as_ref().map_or(0, Vec::len);
                let unfinished = Definition {
                    parameters,
                    statement: String::new(),
                    body: body_of(definition).cloned(),
                };
                (name.clone(), unfinished)
            })
            .collect();
        functions.known = names;
        let mut made: IndexMap<String, (String, BTreeSet<String>)> = IndexMap::new();
        for (name, (source, definition)) in &texts {
            match macro_of(&functions, source, name, definition) {
                Ok((statement, called)) => {
                    made.insert(name.clone(), (statement, called));
                }
                Err(more) => faults.0.extend(more.0),
            }
        }
        if faults.has_errors() {
            return Err(faults);
        }
        let mut ordered = IndexMap::new();
        for name in made.keys() {
            place(name, &made, &functions.known, &mut ordered, 0);
        }
        functions.known = ordered;
        Ok(functions)
    }

    /// The full names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// The statements that create the macros, in an order in which they can be run.
    pub fn definitions(&self) -> impl Iterator<Item = &str> {
        self.known.values().map(|definition| definition.statement.as_str())
    }

    /// Whether a function's macro has no subquery, so that a lambda may call it.
    pub(super) fn is_light(&self, name: &str) -> bool {
        let definition = self.find(name).and_then(|(name, _)| self.known.get(&name));
        definition
            .is_some_and(|definition| !definition.statement.is_empty() && !definition.statement.contains("SELECT"))
    }

    /// The names of the fields of the elements of an array, where the array is a field of a function's result and the function's text
    /// shows them: `key` and `value` for `mozfun.hist.extract(x).values`.
    pub(super) fn element_fields(&self, array: &Expr) -> Option<Vec<String>> {
        match array {
            Expr::Nested(inner) => self.element_fields(inner),
            Expr::CompoundFieldAccess { root, access_chain } => match access_chain.as_slice() {
                [AccessExpr::Dot(Expr::Identifier(field))] => {
                    self.element_fields(self.field_of(root, &field.value, 0)?)
                }
                _ => None,
            },
            Expr::Function(function) => match &function.args {
                FunctionArguments::Subquery(query) => struct_names(query),
                FunctionArguments::None | FunctionArguments::List(_) => None,
            },
            _ => None,
        }
    }

    /// The expression of a field of a struct, looked for in the function that makes it.
    fn field_of<'e>(&'e self, expr: &'e Expr, field: &str, depth: usize) -> Option<&'e Expr> {
        match expr {
            _ if depth > 10 => None,
            Expr::Nested(inner) => self.field_of(inner, field, depth + 1),
            // Every branch has the same type.
            Expr::Case { conditions, .. } => self.field_of(&conditions.first()?.result, field, depth + 1),
            Expr::Function(function) => {
                let (name, _) = self.find(&super::call::plain_name(function))?;
                self.field_of(self.known.get(&name)?.body.as_ref()?, field, depth + 1)
            }
            Expr::Struct { values, .. } => values.iter().find_map(|value| match value {
                Expr::Named { expr, name } if name.value.eq_ignore_ascii_case(field) => Some(expr.as_ref()),
                _ => None,
            }),
            _ => None,
        }
    }

    /// The function of a name, as written or in other letters, with the number of its parameters.
    pub(super) fn find(&self, name: &str) -> Option<(String, usize)> {
        let exact = self.known.get_key_value(name);
        let found = exact.or_else(|| self.known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)));
        found.map(|(name, definition)| (name.clone(), definition.parameters))
    }
}

/// What a parameter is called in the macro: a name that no column has.
pub(super) fn parameter(name: &str) -> String {
    quote_name(&format!("{}_argument", name.to_lowercase()))
}

/// Puts a function after those that it calls. A circle ends at the depth of the longest possible chain.
fn place(
    name: &str,
    made: &IndexMap<String, (String, BTreeSet<String>)>,
    known: &IndexMap<String, Definition>,
    ordered: &mut IndexMap<String, Definition>,
    depth: usize,
) {
    let (Some((statement, called)), Some(definition)) = (made.get(name), known.get(name)) else {
        return;
    };
    if ordered.contains_key(name) || depth > made.len() {
        return;
    }
    for other in called {
        place(other, made, known, ordered, depth + 1);
    }
    let definition = Definition {
        statement: statement.clone(),
        ..definition.clone()
    };
    ordered.insert(name.into(), definition);
}

fn definitions(source: &Arc<Source>) -> Result<Vec<(String, CreateFunction)>> {
    let functions = Functions::default();
    let mut translator = Translator::new(source, &functions, None);
    let mut found = Vec::new();
    for statement in super::parse(source)? {
        match statement {
            Statement::CreateFunction(function) => {
                let parts: Vec<String> = (translator.name_parts(&function.name).into_iter())
                    .map(|part| part.value)
                    .collect();
                found.push((parts.join("."), function));
            }
            other => {
                translator.unknown(
                    other.span(),
                    "a statement other than CREATE FUNCTION in a file of functions",
                );
            }
        }
    }
    translator.finish(found)
}

fn macro_of(
    functions: &Functions,
    source: &Arc<Source>,
    name: &str,
    definition: &CreateFunction,
) -> Result<(String, BTreeSet<String>)> {
    let mut translator = Translator::new(source, functions, None);
    let language = definition.language.as_ref().map(|language| language.value.clone());
    let (None, Some(body)) = (language, body_of(definition)) else {
        let fault = format!("the embedded engine can't run `{name}`, which is not a SQL function");
        translator.fault(definition.name.span(), fault, None);
        return translator.finish((String::new(), BTreeSet::new()));
    };
    for argument in definition.args.iter().flatten() {
        let Some(ident) = &argument.name else {
            translator.unknown(definition.name.span(), "a parameter without a name");
            continue;
        };
        let kind: Option<Type> = translator.data_type_quietly(&argument.data_type);
        translator.parameters.push((ident.value.to_lowercase(), kind));
    }
    translator.suffix = Some(format!(
        "_of_{}",
        name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
    ));
    let mut aliases = Aliases::default();
    let _ = body.visit(&mut aliases);
    translator.own_aliases = aliases.0;
    let parameters: Vec<String> = translator.parameters.iter().map(|(name, _)| parameter(name)).collect();
    let body = match body {
        Expr::Nested(inner) => translator.expression(inner),
        body => translator.expression(body),
    };
    let called = std::mem::take(&mut translator.called);
    let statement = format!(
        "CREATE MACRO {CATALOG}.{}({}) AS (\n{}\n)",
        quote_name(name),
        parameters.join(", "),
        super::indent(&body)
    );
    translator.finish((statement, called))
}

fn body_of(definition: &CreateFunction) -> Option<&Expr> {
    match &definition.function_body {
        Some(CreateFunctionBody::AsAfterOptions(body)) => Some(body),
        Some(CreateFunctionBody::AsBeforeOptions {
            body,
            link_symbol: None,
        }) => Some(body),
        _ => None,
    }
}

/// The names of the items of `SELECT AS STRUCT`.
fn struct_names(query: &Query) -> Option<Vec<String>> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    if select.value_table_mode != Some(ValueTableMode::AsStruct) {
        return None;
    }
    (select.projection.iter())
        .map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.to_lowercase()),
            SelectItem::UnnamedExpr(expr) => super::known::inferred_name(expr).map(|name| name.to_lowercase()),
            SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
        })
        .collect()
}

/// The table aliases within a body, in lower case.
#[derive(Default)]
struct Aliases(BTreeSet<String>);

impl Visitor for Aliases {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.0.insert(cte.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let (alias, offset) = match factor {
            TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => (alias.as_ref(), None),
            TableFactor::UNNEST {
                alias,
                with_offset_alias,
                ..
            } => (alias.as_ref(), with_offset_alias.as_ref()),
            _ => (None, None),
        };
        let names = alias.map(|alias| &alias.name).into_iter().chain(offset);
        self.0.extend(names.map(|name| name.value.to_lowercase()));
        ControlFlow::Continue(())
    }
}
