//! Expressions as documents: chains of operators, calls, lists and `CASE`, each with the places where its lines may break.
//!
//! What is no operator, bracket or keyword of its own is a [phrase](super::phrase).

use super::doc::Doc;
use super::phrase::{is_value, phrase, token, word};
use super::query;
use super::token::{Kind, Leaf, Node};

/// The binary operators from the weakest to the strongest, below `AND`.
const OPERATORS: [&[&str]; 3] = [
    &["=", "!=", "<>", "<", ">", "<=", ">="],
    &["+", "-", "||", "|", "&", "^", "<<", ">>"],
    &["*", "/"],
];
/// Keywords that begin a line of their own in a call or a window.
const CLAUSES: [&str; 7] = ["PARTITION", "ORDER", "LIMIT", "ROWS", "RANGE", "GROUPS", "HAVING"];
/// An expression. Its lines after the first are indented if it `hangs`, as beside other items of a list.
pub(super) fn expression<'a>(nodes: &'a [Node<'_>], hangs: bool) -> Doc<'a> {
    logic(nodes, "OR", hangs)
        .or_else(|| logic(nodes, "AND", hangs))
        .unwrap_or_else(|| comparison(nodes))
}

/// A chain of `AND` or `OR`, if the expression is one.
fn logic<'a>(nodes: &'a [Node<'_>], word: &str, hangs: bool) -> Option<Doc<'a>> {
    let operators: Vec<usize> = logical_operators(nodes, word);
    let first = *operators.first()?;
    let operand = |nodes: &'a [Node<'_>]| Doc::Group(vec![expression(nodes, true)]);
    let mut rest = Vec::new();
    for (number, place) in operators.iter().enumerate() {
        let end = operators.get(number + 1).copied().unwrap_or(nodes.len());
        rest.push(Doc::Line);
        rest.push(phrase(&nodes[*place..=*place]));
        rest.push(Doc::Space);
        rest.push(operand(&nodes[place + 1..end]));
    }
    let rest = if hangs { Doc::Indent(rest) } else { Doc::Concat(rest) };
    let chain = vec![operand(&nodes[..first]), rest];
    Some(if hangs { Doc::Group(chain) } else { Doc::Concat(chain) })
}

/// Where a logical operator stands; the `AND` of a `BETWEEN` is none.
fn logical_operators(nodes: &[Node<'_>], word: &str) -> Vec<usize> {
    let mut between = 0_usize;
    let mut places = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        if node.is("BETWEEN") {
            between += 1;
        } else if node.is("AND") && between > 0 {
            between -= 1;
        } else if node.is(word) && place > 0 && place + 1 < nodes.len() {
            places.push(place);
        }
    }
    places
}

fn comparison<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let between = nodes.iter().position(|node| node.is("BETWEEN"));
    if let Some(between) = between
        && let Some(and) = nodes[between..].iter().position(|node| node.is("AND"))
        && between > 0
    {
        let and = between + and;
        return Doc::Group(vec![
            binary(&nodes[..between], 1),
            Doc::Space,
            phrase(&nodes[between..=between]),
            Doc::Indent(vec![
                Doc::Line,
                binary(&nodes[between + 1..and], 1),
                Doc::Line,
                phrase(&nodes[and..=and]),
                Doc::Space,
                binary(&nodes[and + 1..], 1),
            ]),
        ]);
    }
    binary(nodes, 0)
}

/// A chain of binary operators of one level, whose operands are chains of the stronger levels.
fn binary<'a>(nodes: &'a [Node<'_>], level: usize) -> Doc<'a> {
    let Some(operators) = OPERATORS.get(level) else {
        return phrase(nodes);
    };
    let is_operator = |place: &usize| {
        let text = nodes[*place].leaf().filter(|leaf| leaf.kind == Kind::Operator);
        text.is_some_and(|leaf| operators.contains(&leaf.text.as_ref()))
            && *place > 0
            && *place + 1 < nodes.len()
            && is_value(&nodes[*place - 1])
    };
    let places: Vec<usize> = (0..nodes.len()).filter(is_operator).collect();
    let Some(first) = places.first() else {
        return binary(nodes, level + 1);
    };
    let mut parts = vec![binary(&nodes[..*first], level + 1)];
    for (number, place) in places.iter().enumerate() {
        let end = places.get(number + 1).copied().unwrap_or(nodes.len());
        parts.push(Doc::Concat(vec![
            phrase(&nodes[*place..=*place]),
            Doc::Space,
            binary(&nodes[place + 1..end], level + 1),
        ]));
    }
    Doc::Chain(parts)
}

/// Brackets with what they enclose.
pub(super) fn bracket<'a>(open: &'a Leaf<'_>, inner: &'a [Node<'_>], close: &'a Leaf<'_>, is_table: bool) -> Doc<'a> {
    let contents = if inner.is_empty() {
        return Doc::Concat(vec![token(open), token(close)]);
    } else if let [only @ Node::Bracket(first, _, last)] = inner
        && (first.before.is_empty() && last.after.is_empty() && open.after.is_empty())
    {
        // Brackets right within brackets share their lines.
        return Doc::Concat(vec![token(open), phrase(std::slice::from_ref(only)), token(close)]);
    } else if query::is_query(inner) {
        query::query(inner)
    } else if is_table && open.text == "(" && inner.iter().any(|node| node.is("JOIN")) {
        query::from(inner)
    } else {
        arguments(inner)
    };
    let parts = vec![token(open), Doc::Indent(vec![Doc::Soft, contents]), Doc::Soft];
    closed(parts, close)
}

/// A group that ends with a token. The comments behind it are no reason to break the group.
fn closed<'a>(mut parts: Vec<Doc<'a>>, end: &'a Leaf<'_>) -> Doc<'a> {
    parts.extend(end.before.iter().map(Doc::Comment));
    parts.push(word(end));
    let mut closed = vec![Doc::Group(parts)];
    closed.extend(end.after.iter().map(Doc::Comment));
    Doc::Concat(closed)
}

/// What stands in brackets: items, then clauses as `ORDER BY` on lines of their own.
fn arguments<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let begins = |place: &usize| *place > 0 && CLAUSES.iter().any(|word| nodes[*place].is(word));
    let mut starts: Vec<usize> = std::iter::once(0).chain((1..nodes.len()).filter(begins)).collect();
    starts.push(nodes.len());
    let mut parts = Vec::new();
    for range in starts.windows(2) {
        if range[0] > 0 {
            parts.push(Doc::Line);
        }
        parts.push(clause(&nodes[range[0]..range[1]]));
    }
    Doc::Concat(parts)
}

/// The items of a list; behind `PARTITION BY` and the like on its line.
fn clause<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    if !CLAUSES.iter().any(|word| nodes[0].is(word)) {
        return list(nodes);
    }
    let head = nodes.iter().position(|node| node.is("BY")).map_or(1, |by| by + 1);
    match nodes[0].is("ROWS") || nodes[0].is("RANGE") || head >= nodes.len() {
        true => phrase(nodes),
        false => Doc::Group(vec![
            phrase(&nodes[..head]),
            Doc::Indent(vec![Doc::Line, list(&nodes[head..])]),
        ]),
    }
}

/// Items with commas between them, one per line where they do not fit; literals share lines.
pub(super) fn list<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let items = items(nodes);
    let is_literal = |(item, _): &(&[Node<'_>], Option<&Node<'_>>)| {
        let is_plain = |leaf: &Leaf<'_>| leaf.kind == Kind::Literal && leaf.before.is_empty() && leaf.after.is_empty();
        matches!(item, [Node::Leaf(leaf)] if is_plain(leaf))
    };
    let hangs = items.len() > 1;
    if hangs && items.iter().all(is_literal) {
        let filled = items.into_iter().map(|(item, comma)| {
            let comma = comma.and_then(Node::leaf).map(token);
            Doc::Concat(std::iter::once(phrase(item)).chain(comma).collect())
        });
        return Doc::Fill(filled.collect());
    }
    let mut parts = Vec::new();
    for (number, (nodes, comma)) in items.iter().enumerate() {
        if number > 0 {
            parts.push(break_behind(items[number - 1].0));
        }
        // The only item breaks with its brackets.
        let item = item(nodes, hangs);
        parts.push(if hangs { Doc::Group(vec![item]) } else { item });
        parts.extend(comma.and_then(Node::leaf).map(token));
    }
    Doc::Concat(parts)
}

/// The break behind a comma. Where a comment put the comma on a line of its own, the next item shares that line.
pub(super) fn break_behind<'a>(item: &[Node<'_>]) -> Doc<'a> {
    let ends_line = |node: &Node<'_>| node.last().after.iter().any(|comment| comment.ends_line);
    match item.last().is_some_and(ends_line) {
        true => Doc::Space,
        false => Doc::Line,
    }
}

/// The items of a list, each with the comma behind it.
pub(super) fn items<'t, 'a>(nodes: &'t [Node<'a>]) -> Vec<(&'t [Node<'a>], Option<&'t Node<'a>>)> {
    let is_comma = |node: &Node<'_>| node.leaf().is_some_and(|leaf| leaf.kind == Kind::Comma);
    let mut items = Vec::new();
    for item in nodes.split_inclusive(is_comma) {
        items.push(match item.split_last() {
            Some((comma, item)) if is_comma(comma) => (item, Some(comma)),
            _ => (item, None),
        });
    }
    items
}

/// An expression with its alias, or with the type of a cast.
pub(super) fn item<'a>(nodes: &'a [Node<'_>], hangs: bool) -> Doc<'a> {
    let alias = nodes.iter().rposition(|node| node.is("AS")).filter(|place| *place > 0);
    match alias {
        Some(place) => Doc::Concat(vec![
            expression(&nodes[..place], hangs),
            // The type of a cast may stand on a line of its own, the name of a column belongs to its expression.
            if hangs { Doc::Space } else { Doc::Line },
            phrase(&nodes[place..]),
        ]),
        None => expression(nodes, hangs),
    }
}

/// `CASE ... END`.
pub(super) fn case<'a>(start: &'a Leaf<'_>, inner: &'a [Node<'_>], end: &'a Leaf<'_>) -> Doc<'a> {
    let begins = |node: &Node<'_>| node.is("WHEN") || node.is("ELSE");
    let first = inner.iter().position(begins).unwrap_or(inner.len());
    let mut parts = vec![token(start)];
    if first > 0 {
        parts.extend([Doc::Space, expression(&inner[..first], true)]);
    }
    let mut branches = Vec::new();
    let mut rest = &inner[first..];
    while !rest.is_empty() {
        let length = rest[1..].iter().position(begins).map_or(rest.len(), |place| place + 1);
        branches.extend([Doc::Line, branch(&rest[..length])]);
        rest = &rest[length..];
    }
    parts.extend([Doc::Indent(branches), Doc::Line]);
    closed(parts, end)
}

/// `WHEN a THEN b`, or `ELSE c`.
fn branch<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    let then = nodes.iter().position(|node| node.is("THEN")).unwrap_or(nodes.len());
    let mut parts = vec![phrase(&nodes[..1])];
    if then > 1 {
        parts.extend([Doc::Space, expression(&nodes[1..then], true)]);
    }
    if then < nodes.len() {
        let mut value = vec![Doc::Line, phrase(&nodes[then..=then])];
        if then + 1 < nodes.len() {
            value.extend([Doc::Space, expression(&nodes[then + 1..], true)]);
        }
        parts.push(Doc::Indent(value));
    }
    Doc::Group(parts)
}
