//! SQL functions: `CREATE FUNCTION` statements in BigQuery SQL become macros of the catalog.
//!
//! Ours come with the program (`configs/functions/`); those of a user's file come before them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use indexmap::IndexMap;
use sqlparser::ast::{CreateFunction, CreateFunctionBody, Expr, Spanned, Statement, TableFactor, Visit, Visitor};

use super::{CATALOG, Translator, quote_name};
use crate::diagnostics::{Diagnostics, Result, Source};
use crate::sql::check;
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
                let statement = String::new();
                (name.clone(), Definition { parameters, statement })
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
        definition.is_some_and(|definition| !definition.statement.is_empty() && !definition.statement.contains("SELECT"))
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
        parameters: definition.parameters,
        statement: statement.clone(),
    };
    ordered.insert(name.into(), definition);
}

fn definitions(source: &Arc<Source>) -> Result<Vec<(String, CreateFunction)>> {
    let functions = Functions::default();
    let mut translator = Translator::new(source, &functions, None);
    let mut found = Vec::new();
    let mut statements = check::parse(source)?;
    super::normal::normalise(&mut statements);
    for statement in statements {
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
    let body = match &definition.function_body {
        Some(CreateFunctionBody::AsAfterOptions(body)) => Some(body),
        Some(CreateFunctionBody::AsBeforeOptions {
            body,
            link_symbol: None,
        }) => Some(body),
        _ => None,
    };
    let (None, Some(body)) = (language, body) else {
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

/// The table aliases within a body, in lower case.
#[derive(Default)]
struct Aliases(BTreeSet<String>);

impl Visitor for Aliases {
    type Break = ();

    fn pre_visit_query(&mut self, query: &sqlparser::ast::Query) -> ControlFlow<()> {
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
