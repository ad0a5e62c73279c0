//! Tokens behind each other, with spaces where the grammar wants them, and brackets among them.

use super::doc::Doc;
use super::expression::{bracket, case};
use super::token::{Kind, Leaf, Node};
use crate::sql::quote::is_reserved;

/// Reserved words that are called like functions.
const CALLED: [&str; 11] = [
    "ARRAY", "CAST", "CUBE", "EXTRACT", "GROUPING", "IF", "LEFT", "RIGHT", "ROLLUP", "STRUCT", "UNNEST",
];

/// A token with its comments.
pub(super) fn token<'a>(leaf: &'a Leaf<'_>) -> Doc<'a> {
    if leaf.before.is_empty() && leaf.after.is_empty() {
        return word(leaf);
    }
    let before = leaf.before.iter().map(Doc::Comment);
    let after = leaf.after.iter().map(Doc::Comment);
    Doc::Concat(before.chain([word(leaf)]).chain(after).collect())
}

pub(super) fn word<'a>(leaf: &'a Leaf<'_>) -> Doc<'a> {
    match leaf.is_keyword {
        true => Doc::Upper(&leaf.text),
        false => Doc::Text(&leaf.text),
    }
}

/// Tokens behind each other.
pub(super) fn phrase<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    words(nodes, false)
}

/// The same where a table's name may stand, whose parts may hold `-`.
pub(super) fn table<'a>(nodes: &'a [Node<'_>]) -> Doc<'a> {
    words(nodes, true)
}

fn words<'a>(nodes: &'a [Node<'_>], is_table: bool) -> Doc<'a> {
    let mut parts = Vec::with_capacity(2 * nodes.len());
    for (place, node) in nodes.iter().enumerate() {
        if place > 0 && has_space(&nodes[..place], node, is_table) {
            parts.push(Doc::Space);
        }
        parts.push(match node {
            Node::Leaf(leaf) => token(leaf),
            Node::Bracket(open, inner, close) => bracket(open, inner, close, is_table),
            Node::Case(start, inner, end) => case(start, inner, end),
        });
    }
    match parts.len() {
        1 => parts.remove(0),
        _ => Doc::Concat(parts),
    }
}

/// Whether a space stands between nodes and the next one.
fn has_space(before: &[Node<'_>], next: &Node<'_>, is_table: bool) -> bool {
    let last = &before[before.len() - 1];
    match next {
        Node::Bracket(open, ..) => space_before_bracket(before, open),
        Node::Case(..) => true,
        Node::Leaf(leaf) => match (last.leaf(), leaf.kind) {
            (_, Kind::Dot | Kind::Comma) => false,
            (Some(last), _) if last.kind == Kind::Dot => false,
            (Some(last), _) if last.kind == Kind::Other || leaf.kind == Kind::Other => !leaf.is_glued,
            (None, Kind::Other) => !leaf.is_glued,
            (_, _) if is_table && leaf.is_glued => false,
            (Some(last), _) if last.kind == Kind::Operator => {
                !is_sign(before) || (leaf.kind == Kind::Operator && leaf.text == last.text)
            }
            // What is glued to a word that is no type is a prefix that the tokenizer does not know.
            (Some(last), Kind::Literal) if last.kind == Kind::Word && !last.is_keyword => !leaf.is_glued,
            _ => true,
        },
    }
}

/// Whether the last node is a sign, and no operator between two operands.
fn is_sign(nodes: &[Node<'_>]) -> bool {
    let is_star = nodes.last().and_then(Node::leaf).is_some_and(|leaf| leaf.text == "*");
    !is_star && !nodes.len().checked_sub(2).is_some_and(|place| is_value(&nodes[place]))
}

fn space_before_bracket(before: &[Node<'_>], open: &Leaf<'_>) -> bool {
    let Some(last) = before[before.len() - 1].leaf() else {
        // Subscripts and calls of what brackets hold.
        return false;
    };
    match last.kind {
        Kind::Operator => !is_sign(before),
        Kind::Other => !open.is_glued,
        Kind::Word if is_reserved(&last.text) => !CALLED.iter().any(|word| last.is(word)),
        // `* REPLACE (...)`, and not the function of that name.
        Kind::Word => {
            last.is("REPLACE")
                && before.len() > 1
                && before[before.len() - 2].leaf().is_some_and(|leaf| leaf.text == "*")
        }
        Kind::Name | Kind::Literal | Kind::Type | Kind::Dot | Kind::Comma | Kind::Open | Kind::Close => false,
    }
}

/// Whether a binary operator may stand behind a node.
pub(super) fn is_value(node: &Node<'_>) -> bool {
    match node {
        Node::Bracket(..) | Node::Case(..) => true,
        Node::Leaf(leaf) => match leaf.kind {
            Kind::Name | Kind::Literal | Kind::Type => true,
            Kind::Word => !is_reserved(&leaf.text) || ["NULL", "TRUE", "FALSE"].iter().any(|word| leaf.is(word)),
            _ => false,
        },
    }
}
