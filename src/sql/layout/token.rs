//! The tokens of a text, each as it is written, with the comments beside it; and the tree that their brackets make.

use std::borrow::Cow;

use sqlparser::dialect::BigQueryDialect;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment<'a> {
    /// With its marks, without the line break that ends it.
    pub text: &'a str,
    /// Whether it begins a line.
    pub own_line: bool,
    /// Whether nothing may or should follow it on its line.
    pub ends_line: bool,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An unquoted word that may be a keyword.
    Word,
    /// A quoted name, or a word behind a dot.
    Name,
    /// A string or a number.
    Literal,
    /// `ARRAY<...>` or `STRUCT<...>`.
    Type,
    /// `.`
    Dot,
    /// `,`
    Comma,
    /// An opening bracket.
    Open,
    /// A closing bracket.
    Close,
    /// An operator.
    Operator,
    /// Anything else.
    Other,
}

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Leaf<'a> {
    /// As it is written.
    pub text: Cow<'a, str>,
    /// What it is.
    pub kind: Kind,
    /// Whether it is a keyword or a built-in function's name, to be written in upper case.
    pub is_keyword: bool,
    /// Whether it stands right behind the token before it.
    pub is_glued: bool,
    /// Comments before it.
    pub before: Vec<Comment<'a>>,
    /// Comments behind it.
    pub after: Vec<Comment<'a>>,
}

/// A token, or what brackets or `CASE` and `END` enclose.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// A token.
    Leaf(Leaf<'a>),
    /// Brackets.
    Bracket(Leaf<'a>, Vec<Node<'a>>, Leaf<'a>),
    /// `CASE ... END`.
    Case(Leaf<'a>, Vec<Node<'a>>, Leaf<'a>),
}

impl Leaf<'_> {
    /// Whether it is this keyword.
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

impl<'a> Node<'a> {
    /// The token, if it is one.
    pub fn leaf(&self) -> Option<&Leaf<'a>> {
        match self {
            Node::Leaf(leaf) => Some(leaf),
            Node::Bracket(..) | Node::Case(..) => None,
        }
    }

    /// Whether it is this keyword.
    pub fn is(&self, word: &str) -> bool {
        self.leaf().is_some_and(|leaf| leaf.is(word))
    }

    /// Its last token.
    pub fn last(&self) -> &Leaf<'a> {
        match self {
            Node::Leaf(leaf) | Node::Bracket(_, _, leaf) | Node::Case(_, _, leaf) => leaf,
        }
    }
}

/// The tokens of a text; `None` where the text has no tokens or a fault.
pub(super) fn leaves(text: &str) -> Option<Vec<Leaf<'_>>> {
    let tokens = Tokenizer::new(&BigQueryDialect {}, text)
        .with_unescape(false)
        .tokenize_with_location()
        .ok()?;
    let starts = starts(text, &tokens)?;
    let mut leaves: Vec<Leaf<'_>> = Vec::new();
    // Comments that wait for the token behind them.
    let mut waiting: Vec<Comment<'_>> = Vec::new();
    let mut is_glued = false;
    // Whether a line break stands between the last token or comment and what comes.
    let mut is_new_line = true;
    for (number, token) in tokens.iter().enumerate() {
        let written = &text[starts[number]..starts[number + 1]];
        match &token.token {
            Token::EOF => {}
            Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                let is_line = matches!(&token.token, Token::Whitespace(Whitespace::SingleLineComment { .. }));
                let comment = Comment {
                    text: written.trim_end(),
                    own_line: is_new_line,
                    // Where a line breaks behind a comment that shares its line is for the layout to say.
                    ends_line: is_line || (is_new_line && ends_line(&text[starts[number + 1]..])),
                };
                match leaves.last_mut() {
                    Some(leaf) if !is_new_line && waiting.is_empty() => leaf.after.push(comment),
                    _ => waiting.push(comment),
                }
                is_glued = false;
                is_new_line = is_line;
            }
            Token::Whitespace(space) => {
                is_glued = false;
                is_new_line |= *space == Whitespace::Newline;
            }
            token => {
                let mut leaf = Leaf {
                    text: Cow::Borrowed(written),
                    kind: kind(token),
                    is_keyword: false,
                    is_glued,
                    before: std::mem::take(&mut waiting),
                    after: Vec::new(),
                };
                if let Some(before) = leaves.last_mut() {
                    // A comment at the end of a bracket or of a list's item belongs to what it follows.
                    if matches!(leaf.kind, Kind::Close | Kind::Comma) && before.kind != Kind::Comma {
                        before.after.append(&mut leaf.before);
                    }
                    if leaf.kind == Kind::Word && before.kind == Kind::Dot {
                        leaf.kind = Kind::Name;
                    }
                }
                leaves.push(leaf);
                is_glued = true;
                is_new_line = false;
            }
        }
    }
    leaves.last_mut()?.after.append(&mut waiting);
    Some(leaves)
}

/// The byte offsets right behind the line breaks between tokens.
pub(super) fn line_ends(text: &str) -> Option<Vec<usize>> {
    let tokens = Tokenizer::new(&BigQueryDialect {}, text)
        .with_unescape(false)
        .tokenize_with_location()
        .ok()?;
    let starts = starts(text, &tokens)?;
    let ends = tokens.iter().zip(&starts[1..]).filter(|(token, end)| {
        let is_break = matches!(
            token.token,
            Token::Whitespace(Whitespace::Newline | Whitespace::SingleLineComment { .. })
        );
        is_break && text[..**end].ends_with('\n')
    });
    Some(ends.map(|(_, end)| *end).collect())
}

/// Whether a line ends here.
fn ends_line(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    rest.is_empty() || rest.starts_with('\n')
}

/// The byte offset of each token, and of the end.
fn starts(text: &str, tokens: &[TokenWithSpan]) -> Option<Vec<usize>> {
    let mut starts = Vec::with_capacity(tokens.len() + 1);
    let mut characters = text.char_indices();
    let mut offset = 0;
    let mut here = Location { line: 1, column: 1 };
    for token in tokens {
        while here < token.span.start {
            let (at, character) = characters.next()?;
            offset = at + character.len_utf8();
            here = match character {
                '\n' => Location {
                    line: here.line + 1,
                    column: 1,
                },
                _ => Location {
                    line: here.line,
                    column: here.column + 1,
                },
            };
        }
        starts.push(offset);
    }
    starts.push(text.len());
    Some(starts)
}

fn kind(token: &Token) -> Kind {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Kind::Word,
        Token::Word(_) => Kind::Name,
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::TripleSingleQuotedString(_)
        | Token::TripleDoubleQuotedString(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::TripleSingleQuotedByteStringLiteral(_)
        | Token::TripleDoubleQuotedByteStringLiteral(_)
        | Token::SingleQuotedRawStringLiteral(_)
        | Token::DoubleQuotedRawStringLiteral(_)
        | Token::TripleSingleQuotedRawStringLiteral(_)
        | Token::TripleDoubleQuotedRawStringLiteral(_)
        | Token::HexStringLiteral(_) => Kind::Literal,
        Token::Period => Kind::Dot,
        Token::Comma => Kind::Comma,
        Token::LParen | Token::LBracket => Kind::Open,
        Token::RParen | Token::RBracket => Kind::Close,
        Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::Gt
        | Token::LtEq
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::Ampersand
        | Token::Pipe
        | Token::Caret
        | Token::Tilde
        | Token::ShiftLeft
        | Token::ShiftRight
        | Token::RArrow => Kind::Operator,
        _ => Kind::Other,
    }
}

/// The tree of the brackets; `None` where they do not match.
pub(super) fn tree(leaves: Vec<Leaf<'_>>) -> Option<Vec<Node<'_>>> {
    let mut open: Vec<(Leaf<'_>, Vec<Node<'_>>)> = Vec::new();
    let mut nodes: Vec<Node<'_>> = Vec::new();
    for leaf in leaves {
        if leaf.kind == Kind::Open || leaf.is("CASE") {
            open.push((leaf, std::mem::take(&mut nodes)));
        } else if leaf.kind == Kind::Close || leaf.is("END") {
            let (start, outer) = open.pop()?;
            let inner = std::mem::replace(&mut nodes, outer);
            nodes.push(match (start.text.as_ref(), leaf.text.as_ref()) {
                ("(", ")") | ("[", "]") => Node::Bracket(start, inner, leaf),
                _ if start.is("CASE") && leaf.is("END") => Node::Case(start, inner, leaf),
                _ => return None,
            });
        } else {
            nodes.push(Node::Leaf(leaf));
        }
    }
    open.is_empty().then_some(nodes)
}
