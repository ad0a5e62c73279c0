//! One layout for all SQL of authors: keywords in upper case, two spaces per level, lines of at most 100 characters where they can break.
//!
//! Works on tokens, so that comments stay. Only white space and the case of keywords and built-in functions change; a text that the
//! layout would change otherwise, or does not understand, is only moved to its place.

mod doc;
mod expression;
mod phrase;
mod query;
mod token;
mod word;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

pub use self::doc::Place;
use self::token::Leaf;
use super::fragment::{self, Fault, Fragment, Role};

/// Texts by role and place, laid out.
type Known = HashMap<String, Vec<(Role, Place, Arc<str>)>>;

static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);
/// How many texts are remembered; see [`fragment`].
const REMEMBERED: usize = 100_000;

/// A text in its role, laid out for its place. A comment at its end has a line break behind it, so that it does not swallow what
/// follows.
///
/// # Errors
/// The text does not parse in its role.
pub fn layout(role: Role, text: &str, place: Place) -> Result<Arc<str>, Fault> {
    // A panic elsewhere leaves the map as valid as it was.
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let of_text = known.get(text).into_iter().flatten();
    if let Some((_, _, laid_out)) = of_text.into_iter().find(|known| known.0 == role && known.1 == place) {
        return Ok(laid_out.clone());
    }
    drop(known);
    let fragment = fragment::parse(role, text)?;
    let laid_out: Arc<str> = anew(role, text, place)
        .unwrap_or_else(|| moved(text, &fragment, place.indent))
        .into();
    let known = &mut KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    let of_text = known.entry(text.to_string()).or_default();
    of_text.push((role, place, laid_out.clone()));
    Ok(laid_out)
}

/// A text with its lines after the first indented; those within literals and comments keep their white space.
pub fn indented(text: &str, indent: usize) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    let mut done = 0;
    for end in token::line_ends(text).unwrap_or_default() {
        out.push_str(&text[done..end]);
        if !text[end..].starts_with('\n') {
            out.extend(std::iter::repeat_n(' ', indent));
        }
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

/// The text laid out, if that changes nothing but white space and the case of keywords.
fn anew(role: Role, text: &str, place: Place) -> Option<String> {
    let mut leaves = token::leaves(text)?;
    word::mark(&mut leaves);
    let nodes = token::tree(word::join_types(leaves)?)?;
    let doc = match role {
        Role::Expression => expression::item(&nodes, true),
        Role::Query => query::query(&nodes),
        Role::Source => query::from(&nodes),
    };
    let laid_out = doc::print(&doc, place);
    (is_same(text, &laid_out)? && fragment::parse(role, &laid_out).is_ok()).then_some(laid_out)
}

/// Whether two texts have the same tokens and comments, the case of words apart.
fn is_same(one: &str, other: &str) -> Option<bool> {
    let (one, other) = (token::leaves(one)?, token::leaves(other)?);
    fn comments<'t>(leaves: &'t [Leaf<'t>]) -> impl Iterator<Item = &'t str> {
        let all = leaves.iter().flat_map(|leaf| leaf.before.iter().chain(&leaf.after));
        all.map(|comment| comment.text)
    }
    let is_same = |(one, other): (&Leaf<'_>, &Leaf<'_>)| {
        one.kind == other.kind
            && (one.text == other.text || (one.kind == token::Kind::Word && one.text.eq_ignore_ascii_case(&other.text)))
    };
    Some(one.len() == other.len() && one.iter().zip(&other).all(is_same) && comments(&one).eq(comments(&other)))
}

/// Moves a piece of SQL to the indentation of its place: the white space that all its lines share goes, `indent` spaces
/// come. A text with a literal that spans lines keeps its white space, which is part of the value.
fn moved(text: &str, fragment: &Fragment, indent: usize) -> String {
    let text = text.trim_matches(['\n', '\r']).trim_end();
    let break_line = format!("\n{}", " ".repeat(indent));
    let mut out = if fragment.spans_lines || !text.contains('\n') {
        text.trim_start().to_string()
    } else {
        aligned(text, &break_line)
    };
    if fragment.ends_in_comment {
        out.push_str(&break_line);
    }
    out
}

/// A text of several lines without the white space that all of them share, and with another line break.
fn aligned(text: &str, break_line: &str) -> String {
    let margin = |line: &str| line.len() - line.trim_start().len();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let shared = rest
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(margin)
        .min()
        .unwrap_or(0);
    // The first line often stands right behind the opening quotes and has no indentation to compare.
    let shared = if margin(first) > 0 {
        shared.min(margin(first))
    } else {
        shared
    };
    let mut placed = first.trim().to_string();
    for line in rest.lines().map(|line| line.get(shared..).unwrap_or("").trim_end()) {
        placed.push_str(if line.is_empty() { "\n" } else { break_line });
        placed.push_str(line);
    }
    placed
}
