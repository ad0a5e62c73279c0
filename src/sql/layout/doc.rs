//! A document of texts and places where a line may break, and its printer: a group that fits on its line stays there, another breaks.
//!
//! The algorithm is that of Oppen and Wadler ("A prettier printer", 1998). Knows nothing of SQL but that a comment may end its line.

use super::token::Comment;

/// The width of a line, in characters. What can't be broken may be longer.
pub(super) const WIDTH: usize = 100;
/// The spaces of one level of indentation.
pub(super) const STEP: usize = 2;

/// A piece of a document.
#[derive(Debug)]
pub(super) enum Doc<'a> {
    /// A token.
    Text(&'a str),
    /// A token in upper case.
    Upper(&'a str),
    /// A comment.
    Comment(&'a Comment<'a>),
    /// A space that never breaks.
    Space,
    /// A space, or a line break where the group around it breaks.
    Line,
    /// Nothing, or a line break where the group around it breaks.
    Soft,
    /// A line break.
    Hard,
    /// Pieces behind each other.
    Concat(Vec<Doc<'a>>),
    /// Pieces whose lines are indented one step more.
    Indent(Vec<Doc<'a>>),
    /// Pieces that stand on one line if they fit there.
    Group(Vec<Doc<'a>>),
    /// Pieces that share lines as far as they fit, with a space or a line break between them.
    Fill(Vec<Doc<'a>>),
    /// Operands, all but the first with their operator in front. Breaks before the operators if every operand then fits on its
    /// line, and within the operands otherwise.
    Chain(Vec<Doc<'a>>),
}

/// Where a document is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The indentation of its lines, in spaces.
    pub indent: usize,
    /// How many characters stand before it on its first line, beside the indentation.
    pub before: usize,
    /// How many characters follow it on its last line.
    pub after: usize,
}

/// Prints a document.
pub(super) fn print(doc: &Doc<'_>, place: Place) -> String {
    let mut printer = Printer {
        out: String::new(),
        column: place.indent + place.before,
        is_line_start: place.before == 0,
        wants_space: false,
        wants_line: false,
        after: place.after,
    };
    printer.print(doc, place.indent);
    if printer.wants_line {
        printer.new_line(place.indent);
    }
    printer.out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Broken,
}

struct Printer {
    out: String,
    column: usize,
    is_line_start: bool,
    wants_space: bool,
    /// A comment ended the line: what follows stands on the next one.
    wants_line: bool,
    after: usize,
}

type Entry<'d, 'a> = (usize, Mode, &'d Doc<'a>);

impl Printer {
    fn print(&mut self, doc: &Doc<'_>, indent: usize) {
        let mut stack: Vec<Entry<'_, '_>> = vec![(indent, Mode::Broken, doc)];
        while let Some((indent, mode, doc)) = stack.pop() {
            match doc {
                Doc::Text(text) => self.text(text, indent),
                Doc::Upper(text) => self.text(&text.to_ascii_uppercase(), indent),
                Doc::Comment(comment) => self.comment(comment, indent),
                Doc::Space => self.wants_space = true,
                Doc::Line if mode == Mode::Flat => self.wants_space = true,
                Doc::Soft if mode == Mode::Flat => {}
                Doc::Line | Doc::Soft | Doc::Hard => self.new_line(indent),
                Doc::Concat(parts) => push(&mut stack, parts, indent, mode),
                Doc::Indent(parts) => push(&mut stack, parts, indent + STEP, mode),
                Doc::Group(parts) => {
                    let inner = match mode == Mode::Flat || self.fits(doc, &stack) {
                        true => Mode::Flat,
                        false => Mode::Broken,
                    };
                    push(&mut stack, parts, indent, inner);
                }
                Doc::Fill(parts) => self.fill(parts, indent, mode),
                Doc::Chain(parts) => self.chain(doc, parts, indent, mode, &mut stack),
            }
        }
    }

    /// Whether a document fits on the rest of the line, with what follows it up to the next place that may break.
    fn fits(&self, doc: &Doc<'_>, rest: &[Entry<'_, '_>]) -> bool {
        let Some(width) = flat_width(doc) else {
            return false;
        };
        let start = self.column + usize::from(self.wants_space);
        let mut end = start + width;
        for (_, mode, doc) in rest.iter().rev() {
            if end > WIDTH {
                return false;
            }
            if !until_break(doc, *mode, &mut end) {
                return end <= WIDTH;
            }
        }
        end + self.after <= WIDTH
    }

    fn fill(&mut self, parts: &[Doc<'_>], indent: usize, mode: Mode) {
        for (number, part) in parts.iter().enumerate() {
            let width = flat_width(part).unwrap_or(0);
            if number > 0 && mode == Mode::Broken && self.column + 1 + width > WIDTH {
                self.new_line(indent);
            } else if number > 0 {
                self.wants_space = true;
            }
            self.print(part, indent);
        }
    }

    fn chain<'d, 'a>(
        &mut self,
        doc: &'d Doc<'a>,
        parts: &'d [Doc<'a>],
        indent: usize,
        mode: Mode,
        stack: &mut Vec<Entry<'d, 'a>>,
    ) {
        let is_flat = mode == Mode::Flat || self.fits(doc, stack);
        let each_fits = |part| flat_width(part).is_some_and(|width| indent + STEP + width <= WIDTH);
        let (mode, between) = match (is_flat, parts.iter().all(each_fits)) {
            (true, _) => (Mode::Flat, &Doc::Space),
            (false, true) => (Mode::Broken, &Doc::Hard),
            (false, false) => (Mode::Broken, &Doc::Space),
        };
        let deeper = if matches!(between, Doc::Hard) { STEP } else { 0 };
        for (number, part) in parts.iter().enumerate().rev() {
            match number {
                0 => stack.push((indent, mode, part)),
                _ => {
                    stack.push((indent + deeper, mode, part));
                    stack.push((indent + deeper, mode, between));
                }
            }
        }
    }

    fn text(&mut self, text: &str, indent: usize) {
        if self.wants_line {
            self.new_line(indent);
        }
        self.space();
        self.write(text);
    }

    fn comment(&mut self, comment: &Comment<'_>, indent: usize) {
        if self.wants_line || (comment.own_line && !self.is_line_start) {
            self.new_line(indent);
        }
        self.wants_space = true;
        self.space();
        self.write(comment.text);
        self.wants_line = comment.ends_line;
        self.wants_space = true;
    }

    fn space(&mut self) {
        if self.wants_space && !self.is_line_start {
            self.write(" ");
        }
        self.wants_space = false;
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
        self.is_line_start = false;
    }

    fn new_line(&mut self, indent: usize) {
        self.wants_space = false;
        self.wants_line = false;
        // The place may begin a line of its own.
        if self.is_line_start {
            return;
        }
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
        self.is_line_start = true;
    }
}

fn push<'d, 'a>(stack: &mut Vec<Entry<'d, 'a>>, parts: &'d [Doc<'a>], indent: usize, mode: Mode) {
    stack.extend(parts.iter().rev().map(|part| (indent, mode, part)));
}

/// The width of a token on the line on which it begins.
fn first_line(text: &str) -> usize {
    text.lines().next().unwrap_or("").chars().count()
}

/// The width on one line; `None` where a line must break.
fn flat_width(doc: &Doc<'_>) -> Option<usize> {
    let sum = |parts: &[Doc<'_>]| parts.iter().try_fold(0, |sum, part| Some(sum + flat_width(part)?));
    match doc {
        Doc::Text(text) | Doc::Upper(text) => Some(first_line(text)),
        Doc::Comment(comment) => match comment.ends_line || comment.own_line || comment.text.contains('\n') {
            true => None,
            false => Some(comment.text.chars().count() + 2),
        },
        Doc::Space | Doc::Line => Some(1),
        Doc::Soft => Some(0),
        Doc::Hard => None,
        Doc::Concat(parts) | Doc::Indent(parts) | Doc::Group(parts) => sum(parts),
        Doc::Fill(parts) | Doc::Chain(parts) => Some(sum(parts)? + parts.len().saturating_sub(1)),
    }
}

/// Adds the width up to the first place that may break; returns false where there is one.
fn until_break(doc: &Doc<'_>, mode: Mode, width: &mut usize) -> bool {
    match doc {
        Doc::Text(text) | Doc::Upper(text) => {
            *width += first_line(text);
            true
        }
        // A comment may exceed the width.
        Doc::Comment(_) | Doc::Hard => false,
        Doc::Line | Doc::Soft if mode == Mode::Broken => false,
        Doc::Space | Doc::Line => {
            *width += 1;
            true
        }
        Doc::Soft => true,
        Doc::Concat(parts) | Doc::Indent(parts) => parts.iter().all(|part| until_break(part, mode, width)),
        Doc::Group(parts) => parts.iter().all(|part| until_break(part, Mode::Broken, width)),
        Doc::Fill(parts) | Doc::Chain(parts) => match parts.first() {
            Some(first) => until_break(first, Mode::Broken, width) && parts.len() == 1,
            None => true,
        },
    }
}
