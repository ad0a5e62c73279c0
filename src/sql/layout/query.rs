//! Queries as documents: their clauses, each on lines of its own where the query does not fit on one.

use super::doc::Doc;
use super::expression::{break_behind, expression, item, items, list};
use super::phrase::{phrase, table, token};
use super::token::{Kind, Node};

/// Keywords that begin a clause and are followed by conditions.
const CONDITIONS: [&str; 3] = ["WHERE", "HAVING", "QUALIFY"];
/// Keywords that begin the other clauses behind `FROM`.
const CLAUSES: [&str; 5] = ["GROUP", "ORDER", "LIMIT", "WINDOW", "FROM"];
/// Keywords between two queries, with the words that may follow them.
const SETS: [&str; 3] = ["UNION", "INTERSECT", "EXCEPT"];

/// Whether nodes are a query: they begin with its keyword, or with a query in brackets that another follows.
pub(super) fn is_query(nodes: &[Node<'_>]) -> bool {
    match nodes.first() {
        Some(Node::Bracket(open, inner, _)) if open.text == "(" => {
            is_query(inner) && (1..nodes.len()).any(|place| begins_set(nodes, place))
        }
        Some(first) => first.is("SELECT") || (first.is("WITH") && nodes.iter().any(|node| node.is("SELECT"))),
        None => false,
    }
}

/// A query.
pub(super) fn query<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let mut starts: Vec<usize> = vec![0];
    starts.extend((1..nodes.len()).filter(|place| begins_clause(nodes, *place)));
    starts.push(nodes.len());
    let mut parts = Vec::new();
    for range in starts.windows(2) {
        if range[0] > 0 {
            parts.push(Doc::Line);
        }
        parts.push(clause(&nodes[range[0]..range[1]]));
    }
    Doc::Group(parts)
}

fn begins_clause(nodes: &[Node<'_>], place: usize) -> bool {
    let node = &nodes[place];
    let follows_set = || {
        let before = &nodes[..place];
        let last = before.iter().rposition(|node| !node.is("ALL") && !node.is("DISTINCT"));
        last.is_some_and(|last| begins_set(nodes, last))
    };
    // `IS DISTINCT FROM` is an operator.
    (CLAUSES.iter().any(|word| node.is(word)) && !(node.is("FROM") && nodes[place - 1].is("DISTINCT")))
        || CONDITIONS.iter().any(|word| node.is(word))
        || node.is("SELECT")
        || begins_set(nodes, place)
        || (matches!(node, Node::Bracket(..)) && follows_set())
}

/// `EXCEPT` alone belongs to a `*`.
fn begins_set(nodes: &[Node<'_>], place: usize) -> bool {
    let next = nodes.get(place + 1);
    let is_set = next.is_some_and(|next| next.is("ALL") || next.is("DISTINCT"));
    is_set && SETS.iter().any(|word| nodes[place].is(word))
}

fn clause<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let first = &nodes[0];
    if first.is("SELECT") {
        select(nodes)
    } else if first.is("WITH") {
        with(nodes)
    } else if first.is("FROM") {
        keyword(nodes, 1, |rest| from(rest))
    } else if CONDITIONS.iter().any(|word| first.is(word)) && nodes.len() > 1 {
        Doc::Group(vec![
            phrase(&nodes[..1]),
            Doc::Indent(vec![Doc::Line, expression(&nodes[1..], false)]),
        ])
    } else if nodes.len() > 2 && nodes[1].is("BY") {
        Doc::Group(vec![
            phrase(&nodes[..2]),
            Doc::Indent(vec![Doc::Line, list(&nodes[2..])]),
        ])
    } else if first.is("WINDOW") {
        keyword(nodes, 1, |rest| list(rest))
    } else {
        phrase(nodes)
    }
}

/// Words, and what follows them on their line.
fn keyword<'a, 't>(nodes: &'t [Node<'a>], words: usize, rest: impl FnOnce(&'t [Node<'a>]) -> Doc<'t>) -> Doc<'t> {
    match nodes.len() > words {
        true => Doc::Concat(vec![phrase(&nodes[..words]), Doc::Space, rest(&nodes[words..])]),
        false => phrase(nodes),
    }
}

/// `SELECT` with its items: one alone on its line, several on a line each unless the whole query has one.
fn select<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let mut head = 1;
    while let Some(node) = nodes.get(head)
        && (node.is("DISTINCT") || node.is("ALL"))
    {
        head += 1;
    }
    if nodes.get(head).is_some_and(|node| node.is("AS")) {
        head += 2;
    }
    let head = head.min(nodes.len());
    let items = items(&nodes[head..]);
    let mut parts = Vec::new();
    for (number, (nodes, comma)) in items.iter().enumerate() {
        parts.push(match number {
            0 => Doc::Line,
            _ => break_behind(items[number - 1].0),
        });
        parts.push(Doc::Group(vec![item(nodes, true)]));
        parts.extend(comma.and_then(Node::leaf).map(token));
    }
    match items.len() {
        0 => phrase(nodes),
        1 => Doc::Group(vec![phrase(&nodes[..head]), Doc::Indent(parts)]),
        _ => Doc::Concat(vec![phrase(&nodes[..head]), Doc::Indent(parts)]),
    }
}

fn with<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let is_recursive = nodes.get(1).is_some_and(|node| node.is("RECURSIVE"));
    let (head, rest) = nodes.split_at(if is_recursive { 2 } else { 1 });
    let mut parts = Vec::new();
    for (nodes, comma) in items(rest) {
        parts.push(Doc::Hard);
        parts.push(phrase(nodes));
        parts.extend(comma.and_then(Node::leaf).map(token));
    }
    Doc::Concat(vec![phrase(head), Doc::Indent(parts), Doc::Hard])
}

/// Tables and joins, without the word `FROM`.
pub(super) fn from<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let mut starts: Vec<usize> = vec![0];
    starts.extend((1..nodes.len()).filter(|place| begins_join(nodes, *place)));
    starts.push(nodes.len());
    let mut parts = vec![tables(&nodes[..starts[1]])];
    for range in starts[1..].windows(2) {
        parts.push(Doc::Line);
        parts.push(join(&nodes[range[0]..range[1]]));
    }
    Doc::Concat(parts)
}

/// Whether a join begins here: at the first of the words before `JOIN`.
fn begins_join(nodes: &[Node<'_>], place: usize) -> bool {
    const KINDS: [&str; 7] = ["NATURAL", "LEFT", "RIGHT", "FULL", "OUTER", "INNER", "CROSS"];
    let is_kind = |node: &Node<'_>| KINDS.iter().any(|word| node.is(word));
    if is_kind(&nodes[place - 1]) || !(is_kind(&nodes[place]) || nodes[place].is("JOIN")) {
        return false;
    }
    let end = nodes[place..].iter().find(|node| !is_kind(node));
    end.is_some_and(|node| node.is("JOIN"))
}

fn join<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let head = nodes.iter().position(|node| node.is("JOIN")).map_or(1, |join| join + 1);
    let on = nodes.iter().position(|node| node.is("ON")).unwrap_or(nodes.len());
    let mut parts = vec![phrase(&nodes[..head.min(on)])];
    if head < on {
        parts.extend([Doc::Space, table(&nodes[head..on])]);
    }
    if on + 1 < nodes.len() {
        parts.push(Doc::Indent(vec![
            Doc::Line,
            Doc::Group(vec![
                phrase(&nodes[on..=on]),
                Doc::Space,
                expression(&nodes[on + 1..], false),
            ]),
        ]));
    }
    Doc::Concat(parts)
}

/// Tables with commas between them.
fn tables<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let items = items(nodes);
    if items.len() == 1 {
        return table(nodes);
    }
    let mut parts = Vec::new();
    for (number, (nodes, comma)) in items.into_iter().enumerate() {
        if number > 0 {
            parts.push(Doc::Line);
        }
        parts.push(table(nodes));
        parts.extend(
            comma
                .and_then(Node::leaf)
                .filter(|leaf| leaf.kind == Kind::Comma)
                .map(token),
        );
    }
    Doc::Group(vec![Doc::Indent(parts)])
}
