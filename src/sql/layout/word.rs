//! Which words are keywords, types or built-in functions where they stand; only those are written in upper case.

use std::borrow::Cow;

use super::token::{Kind, Leaf};
use crate::sql::duckdb::is_built_in;
use crate::sql::quote::is_reserved;

/// Types that are one word.
const TYPES: [&str; 20] = [
    "BIGINT",
    "BIGNUMERIC",
    "BOOL",
    "BOOLEAN",
    "BYTES",
    "DATE",
    "DATETIME",
    "DECIMAL",
    "FLOAT64",
    "GEOGRAPHY",
    "INT",
    "INT64",
    "INTEGER",
    "JSON",
    "NUMERIC",
    "SMALLINT",
    "STRING",
    "TIME",
    "TIMESTAMP",
    "TINYINT",
];
/// Parts of dates that may stand behind `INTERVAL n`.
const PARTS: [&str; 9] = [
    "MICROSECOND",
    "MILLISECOND",
    "SECOND",
    "MINUTE",
    "HOUR",
    "DAY",
    "WEEK",
    "MONTH",
    "YEAR",
];
/// Words that are called like functions.
const CALLED: [&str; 5] = ["SAFE_CAST", "OFFSET", "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL"];
/// Words that mean something behind one other word.
const BEHIND: [(&str, &[&str]); 6] = [
    ("NULLS", &["FIRST", "LAST"]),
    ("AS", &["VALUE"]),
    ("WITH", &["OFFSET"]),
    ("CURRENT", &["ROW"]),
    ("AT", &["TIME"]),
    ("TIME", &["ZONE"]),
];

fn is_one_of(leaf: &Leaf<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| leaf.is(word))
}

/// Marks the keywords.
pub(super) fn mark(leaves: &mut [Leaf<'_>]) {
    // Whether each open bracket is that of a cast.
    let mut casts: Vec<bool> = Vec::new();
    for place in 0..leaves.len() {
        let (before, rest) = leaves.split_at(place);
        let (leaf, next) = (&rest[0], rest.get(1));
        let last = before.last();
        match leaf.kind {
            Kind::Open => casts.push(last.is_some_and(|last| is_one_of(last, &["CAST", "SAFE_CAST"]))),
            Kind::Close => drop(casts.pop()),
            Kind::Word => {
                let is_cast = casts.last() == Some(&true);
                leaves[place].is_keyword = is_keyword(leaf, before, next, is_cast);
            }
            _ => {}
        }
    }
}

fn is_keyword(leaf: &Leaf<'_>, before: &[Leaf<'_>], next: Option<&Leaf<'_>>, is_cast: bool) -> bool {
    let last = before.last();
    let is_before = |kind: Kind| next.is_some_and(|next| next.kind == kind);
    if is_before(Kind::Dot) {
        return false;
    }
    let is_call = next.is_some_and(|next| next.text == "(");
    let is_string = next.is_some_and(|next| next.kind == Kind::Literal && next.text.ends_with(['\'', '"']));
    let follows = |word: &str| last.is_some_and(|last| last.is(word));
    is_reserved(&leaf.text)
        || (is_call && (is_built_in(&leaf.text) || is_one_of(leaf, &CALLED)))
        || (is_string && is_one_of(leaf, &TYPES))
        || (is_cast && follows("AS") && is_one_of(leaf, &TYPES))
        || (is_one_of(leaf, &PARTS) && before.len() > 1 && before[before.len() - 2].is("INTERVAL"))
        || (is_call && leaf.is("REPLACE") && last.is_some_and(|last| last.text == "*"))
        || (BEHIND.iter()).any(|(word, words)| follows(word) && is_one_of(leaf, words) && !is_alias(leaf, before))
}

/// Whether a word behind `AS` is the name of a column, which `value` is everywhere but in `SELECT AS VALUE`.
fn is_alias(leaf: &Leaf<'_>, before: &[Leaf<'_>]) -> bool {
    leaf.is("VALUE") && !before.iter().rev().nth(1).is_some_and(|word| word.is("SELECT"))
}

/// Makes one token of each `ARRAY<...>` and `STRUCT<...>`; `None` where a comment stands in one.
pub(super) fn join_types(leaves: Vec<Leaf<'_>>) -> Option<Vec<Leaf<'_>>> {
    let mut out: Vec<Leaf<'_>> = Vec::with_capacity(leaves.len());
    // How many `<` are open.
    let mut depth = 0_usize;
    for leaf in leaves {
        let begins =
            depth == 0 && leaf.text == "<" && out.last().is_some_and(|last| is_one_of(last, &["ARRAY", "STRUCT"]));
        if !begins && depth == 0 {
            out.push(leaf);
            continue;
        }
        match leaf.text.as_ref() {
            "<" => depth += 1,
            ">" => depth -= 1,
            ">>" => depth = depth.checked_sub(2)?,
            _ => {}
        }
        let whole = out.last_mut()?;
        if !whole.after.is_empty() || !leaf.before.is_empty() {
            return None;
        }
        let mut text = std::mem::take(&mut whole.text).into_owned();
        if begins {
            text.make_ascii_uppercase();
            whole.is_keyword = false;
        }
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '`');
        if text.ends_with(',') || (text.ends_with(is_word) && leaf.text.starts_with(is_word)) {
            text.push(' ');
        }
        match is_one_of(&leaf, &TYPES) || is_one_of(&leaf, &["ARRAY", "STRUCT"]) {
            true => text.push_str(&leaf.text.to_ascii_uppercase()),
            false => text.push_str(&leaf.text),
        }
        whole.text = Cow::Owned(text);
        whole.kind = Kind::Type;
        whole.after = leaf.after;
    }
    Some(out)
}
