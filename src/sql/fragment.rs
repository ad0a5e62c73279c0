//! Parses pieces of SQL in the role that they have in a statement: an expression, a source of rows, a query.
//!
//! A piece that passes here can stand in its place of any template: what the template makes around it is the same grammar. So a
//! statement is known to parse once its pieces and its skeleton are (see [`render`](super::render)), and no piece is parsed
//! twice in a process. What is remembered changes no result.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor,
};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::check;
use crate::diagnostics::Source;

/// The grammatical role of a piece of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// An expression.
    Expression,
    /// A table or a parenthesised query, without an alias.
    Source,
    /// A whole query.
    Query,
}

/// A piece of SQL that was parsed in its role.
#[derive(Debug, Clone)]
pub struct Fragment {
    /// What it is.
    pub tree: Tree,
    /// Whether a literal or a quoted name spans lines, so that white space at the start of a line may be part of it.
    pub spans_lines: bool,
    /// Whether it ends in a `--` comment, which would swallow what follows on its line.
    pub ends_in_comment: bool,
}

/// The syntax tree of a piece of SQL.
#[derive(Debug, Clone)]
pub enum Tree {
    /// Of [`Role::Expression`].
    Expression(Box<Expr>),
    /// Of [`Role::Source`]; its alias is one of ours.
    Source(Box<TableFactor>),
    /// Of [`Role::Query`].
    Query(Box<Query>),
}

/// Why a text can't play its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It does not parse: the parser's words and the byte offset in the text, where there is one.
    Syntax(String, Option<usize>),
    /// It parses, but is more or something else than its role asks for; the words say what it must be.
    Role(&'static str),
}

/// Pieces by their texts.
type Known = HashMap<String, Arc<Fragment>>;

/// The pieces that were found to parse, by role.
static KNOWN: LazyLock<RwLock<[Known; 3]>> = LazyLock::new(RwLock::default);
/// How many pieces of a role are remembered: the public configs have about 3,000. Beyond that all are forgotten, as a
/// process that meets so many different texts meets few of them again.
const REMEMBERED: usize = 50_000;

/// Parses a text in a role.
///
/// # Errors
/// The first fault of the text.
pub fn parse(role: Role, sql: &str) -> Result<Arc<Fragment>, Fault> {
    // A panic elsewhere leaves the maps as valid as they were.
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(fragment) = known[role as usize].get(sql) {
        return Ok(fragment.clone());
    }
    drop(known);
    let fragment = Arc::new(parse_anew(role, sql)?);
    let known = &mut KNOWN.write().unwrap_or_else(PoisonError::into_inner)[role as usize];
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(sql.to_string(), fragment.clone());
    Ok(fragment)
}

impl Fragment {
    /// The expression, if it is one.
    pub fn as_expression(&self) -> Option<&Expr> {
        match &self.tree {
            Tree::Expression(expr) => Some(expr),
            Tree::Source(_) | Tree::Query(_) => None,
        }
    }
}

/// The arguments of a call that are plain expressions.
pub fn plain_arguments(function: &Function) -> Vec<&Expr> {
    match &function.args {
        FunctionArguments::List(list) => (list.args.iter())
            .filter_map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect(),
        FunctionArguments::None | FunctionArguments::Subquery(_) => Vec::new(),
    }
}

impl Role {
    /// The smallest statement that can hold a text of this role: what stands before and behind it. The text has lines of
    /// its own, so that a comment at its end hides nothing; another item stands before an expression, so that it can't
    /// begin with a word of the SELECT clause.
    fn frame(self) -> (&'static str, &'static str) {
        match self {
            Role::Expression => ("SELECT 0,\n", "\nAS m FROM t"),
            Role::Source => ("SELECT * FROM\n", "\nAS ds"),
            Role::Query => ("SELECT * FROM (\n", "\n)"),
        }
    }

    /// What a text of this role must be, for messages.
    fn must_be(self) -> &'static str {
        match self {
            Role::Expression => "one expression",
            Role::Source => "one table or parenthesised query",
            Role::Query => "one query",
        }
    }
}

fn parse_anew(role: Role, sql: &str) -> Result<Fragment, Fault> {
    // Marks of the renderer, which no SQL needs.
    if let Some(at) = sql.find(['\u{1}', '\u{2}']) {
        return Err(Fault::Syntax("a control character".to_string(), Some(at)));
    }
    let (before, after) = role.frame();
    let statements = statements(&format!("{before}{sql}{after}")).map_err(|(message, at)| {
        inner_query(sql, role).unwrap_or_else(|| {
            let at = at.map(|at| at.saturating_sub(before.len()));
            let message = match message.rsplit_once(", found: ") {
                // What was found there is a word of ours.
                Some((expected, _)) if at.is_none_or(|at| at > sql.len()) => format!("{expected}, found: its end"),
                _ => message,
            };
            Fault::Syntax(message, at.map(|at| at.min(sql.len())))
        })
    })?;
    let tree = tree(statements, role).ok_or(Fault::Role(role.must_be()))?;
    let tokens = Tokenizer::new(&BigQueryDialect {}, sql)
        .with_unescape(false)
        .tokenize()
        .unwrap_or_default();
    let is_blank = |token: &&Token| {
        matches!(
            token,
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        )
    };
    let last = tokens.iter().rev().find(|token| !is_blank(token));
    Ok(Fragment {
        tree,
        spans_lines: tokens
            .iter()
            .any(|token| !matches!(token, Token::Whitespace(_)) && token.to_string().contains('\n')),
        ends_in_comment: matches!(last, Some(Token::Whitespace(Whitespace::SingleLineComment { .. }))),
    })
}

/// The fault of a parenthesised query. In a list of tables the parser also tries to read it as a join, and then complains
/// of that.
fn inner_query(sql: &str, role: Role) -> Option<Fault> {
    let start = sql.find(|c: char| !c.is_whitespace())? + 1;
    let inner = sql.trim().strip_prefix('(')?.strip_suffix(')')?;
    match role {
        Role::Source => {
            let (message, at) = statements(inner).err()?;
            // Without a place the fault is that the query ends too soon.
            Some(Fault::Syntax(message, Some(start + at.unwrap_or(inner.len()))))
        }
        Role::Expression | Role::Query => None,
    }
}

/// The statements of a text, or the parser's message and the byte offset that it speaks of.
fn statements(text: &str) -> Result<Vec<Statement>, (String, Option<usize>)> {
    let source = Arc::new(Source {
        path: String::new(),
        text: text.to_string(),
    });
    check::parse(&source).map_err(|faults| {
        let fault = faults.0.into_iter().next().expect("a failed parse has a fault");
        let message = fault.message.trim_start_matches("the SQL does not parse: ");
        (message.to_string(), fault.span.map(|span| span.range.start))
    })
}

/// The tree of the text, if it stayed in its place: one statement, and in it one item where one was put.
fn tree(statements: Vec<Statement>, role: Role) -> Option<Tree> {
    let [Statement::Query(query)] = <[Statement; 1]>::try_from(statements).ok()? else {
        return None;
    };
    if query.order_by.is_some() || query.limit_clause.is_some() {
        return None;
    }
    let SetExpr::Select(select) = *query.body else {
        return None;
    };
    let Select {
        mut projection,
        mut from,
        selection,
        having,
        qualify,
        ..
    } = *select;
    let table = from.pop()?;
    if !from.is_empty() || !table.joins.is_empty() || selection.is_some() || having.is_some() || qualify.is_some() {
        return None;
    }
    match (role, projection.pop()?) {
        (Role::Expression, SelectItem::ExprWithAlias { expr, .. }) if projection.len() == 1 => {
            Some(Tree::Expression(Box::new(expr)))
        }
        (Role::Source, _) => Some(Tree::Source(Box::new(table.relation))),
        (Role::Query, _) => match table.relation {
            TableFactor::Derived { subquery, .. } => Some(Tree::Query(subquery)),
            _ => None,
        },
        (Role::Expression, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(role: Role, sql: &str, expected: Result<(), Fault>) {
        // The second answer comes from memory.
        for _ in 0..2 {
            assert_eq!(parse(role, sql).map(|_| ()), expected, "{sql}");
        }
    }

    #[test]
    fn roles() {
        check(Role::Expression, "COALESCE(SUM(x), 0)", Ok(()));
        check(Role::Expression, "SUM(x) -- why", Ok(()));
        check(Role::Expression, "SAFE.SUBSTR(a, 0, 8)", Ok(()));
        check(Role::Source, "`a.b.c`", Ok(()));
        check(Role::Source, "(SELECT 1 AS x)", Ok(()));
        check(Role::Query, "SELECT 1", Ok(()));
    }

    #[test]
    fn texts_that_leave_their_place() {
        let must_be = |role: Role| Err(Fault::Role(role.must_be()));
        check(Role::Expression, "1 AS a, 2", must_be(Role::Expression));
        check(
            Role::Expression,
            "1 AS a FROM u), (SELECT 2",
            Err(Fault::Syntax(
                "Expected: end of statement, found: )".to_string(),
                Some(13),
            )),
        );
        check(Role::Source, "a, b", must_be(Role::Source));
        check(Role::Source, "a JOIN b", must_be(Role::Source));
        check(Role::Query, "SELECT 1) t, (SELECT 2", must_be(Role::Query));
        check(Role::Query, "SELECT 1) t JOIN (SELECT 2", must_be(Role::Query));
        check(
            Role::Query,
            "SELECT 1) t; DROP TABLE x; SELECT (1",
            must_be(Role::Query),
        );
        assert!(parse(Role::Expression, "DISTINCT x").is_err());
        assert!(parse(Role::Expression, "'\u{1}'").is_err());
    }

    #[test]
    fn layout() {
        let layout = |sql: &str| {
            let fragment = parse(Role::Expression, sql).expect("the expression parses");
            (fragment.spans_lines, fragment.ends_in_comment)
        };
        assert_eq!(layout("SUM(x)"), (false, false));
        assert_eq!(layout("SUM(x) -- why"), (false, true));
        assert_eq!(layout("COUNTIF(x = '''a\nb''')"), (true, false));
        assert_eq!(layout("SUM(\n  x)"), (false, false));
    }
}
