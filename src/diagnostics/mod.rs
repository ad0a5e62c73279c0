//! Faults and remarks as values: what is wrong, where it stands, and what would mend it.
//!
//! Every stage reports through [`Diagnostic`]; only `cli` prints them. This module imports nothing of ours.

mod code;
mod render;
mod secret;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use code::{Code, Kind};
pub use render::{to_github, to_json, to_text};
pub use secret::without_credentials;

/// A text that spans point into: a config file, an experiment file, a statement.
#[derive(Default, PartialEq, Eq)]
pub struct Source {
    /// The path or name as it is shown to people.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// The path alone: texts are long.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({})", self.path)
    }
}

/// A byte range of a [`Source`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text that the range counts in.
    pub source: Arc<Source>,
    /// Byte offsets, start inclusive, end exclusive.
    pub range: Range<usize>,
}

impl Span {
    /// The 1-based line and column (in characters) of the first byte.
    pub fn line_column(&self) -> (usize, usize) {
        let start = self.range.start.min(self.source.text.len());
        let before = self.source.text.get(..start).unwrap_or(&self.source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        (line, column)
    }
}

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Info,
    /// The work goes on, but somebody should look.
    Warning,
    /// The thing it speaks of can't be done.
    Error,
}

/// One fault or remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code, such as `E0201`.
    pub code: Code,
    /// Error, warning or info.
    pub severity: Severity,
    /// One sentence, lower case, without a full stop: what is wrong with the input.
    pub message: String,
    /// Where it stands, if it stands anywhere.
    pub span: Option<Span>,
    /// Names the work it belongs to (experiment, metric, statement), outermost first.
    pub context: Vec<String>,
    /// What would mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with nothing but its message; add the rest with the `with_` methods.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: None,
            context: Vec::new(),
            help: None,
        }
    }

    /// A warning with nothing but its message.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    /// A remark with nothing but its message.
    pub fn info(code: Code, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Info,
            ..Self::error(code, message)
        }
    }

    /// Says where the fault stands.
    pub fn with_span(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Says what would mend it.
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds an outer name: `experiment x`, `metric y`.
    pub fn within(mut self, context: impl Into<String>) -> Self {
        self.context.insert(0, context.into());
        self
    }
}

/// One or more faults: the error type of every stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Adds an outer name to each of them.
    pub fn within(self, context: &str) -> Self {
        Self(self.0.into_iter().map(|d| d.within(context)).collect())
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_text(self, false))
    }
}

impl std::error::Error for Diagnostics {}

/// The result type of the stages.
pub type Result<T> = std::result::Result<T, Diagnostics>;

/// The byte offset of a 1-based line and column (in characters).
pub fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line {
        0 => return None,
        1 => 0,
        _ => text.match_indices('\n').nth(line - 2)?.0 + 1,
    };
    let rest = &text[start..];
    Some(
        start
            + rest
                .char_indices()
                .nth(column.saturating_sub(1))
                .map_or(rest.len(), |(i, _)| i),
    )
}

/// The name in `candidates` that is nearest to `name`, if one is near enough to suggest.
///
/// Nearness is the Damerau-free Levenshtein distance in characters, at most a third of the longer name.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(d, candidate)| *d <= name.chars().count().max(candidate.chars().count()) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        assert_eq!(nearest("serches", ["clicks", "searches"]), Some("searches"));
        assert_eq!(nearest("x", ["clicks", "searches"]), None);
        assert_eq!(nearest("abc", []), None);
    }

    #[test]
    fn offsets_and_lines() {
        let text = "one\n\u{fc}two\n";
        assert_eq!(offset(text, 2, 2), Some(6));
        assert_eq!(offset(text, 9, 1), None);
        assert_eq!(offset(text, 0, 1), None);
        let source = Arc::new(Source {
            path: String::new(),
            text: text.to_string(),
        });
        assert_eq!(Span { source, range: 6..7 }.line_column(), (2, 2));
    }
}
