//! Diagnostics as text in the manner of the Rust compiler, and as JSON.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::{Diagnostic, Diagnostics, Severity, Span};

/// The diagnostics as people read them: message, file, line, the text with the fault marked, help.
pub fn to_text(diagnostics: &Diagnostics, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let parts: Vec<String> = diagnostics.0.iter().map(|d| one(d, &renderer)).collect();
    parts.join("\n\n")
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let message = in_context(diagnostic);
    let title = level.primary_title(message.as_str()).id(diagnostic.code.as_str());
    let mut group = match &diagnostic.span {
        Some(span) => title.element(
            Snippet::source(span.source.text.as_str())
                .path(span.source.path.as_str())
                .annotation(AnnotationKind::Primary.span(first_line(span))),
        ),
        None => Group::with_title(title),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The message behind the names of the work that it belongs to.
fn in_context(diagnostic: &Diagnostic) -> String {
    match diagnostic.context.is_empty() {
        true => diagnostic.message.clone(),
        false => format!("{}: {}", diagnostic.context.join(": "), diagnostic.message),
    }
}

/// The part of a span that is shown: of a long text only its first line, which says where to look.
fn first_line(span: &Span) -> Range<usize> {
    let text = span.source.text.as_str();
    let range = span.range.start.min(text.len())..span.range.end.min(text.len());
    match text.get(range.clone()).and_then(|text| text.find('\n')) {
        Some(length) if length > 0 => range.start..range.start + length,
        _ => range,
    }
}

/// The diagnostics as JSON objects with `code`, `severity`, `file`, `line`, `column`, `message`, `suggestion`.
pub fn to_json(diagnostics: &Diagnostics) -> Vec<Value> {
    diagnostics
        .0
        .iter()
        .map(|d| {
            let place = d
                .span
                .as_ref()
                .map(|span| (span.source.path.as_str(), span.line_column()));
            json!({
                "code": d.code.as_str(),
                "severity": match d.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Info => "info",
                },
                "file": place.map(|(file, _)| file),
                "line": place.map(|(_, (line, _))| line),
                "column": place.map(|(_, (_, column))| column),
                "context": d.context,
                "message": d.message,
                "suggestion": d.help,
            })
        })
        .collect()
}

/// The diagnostics as annotations of a GitHub workflow, one line each ("Workflow commands for GitHub Actions").
pub fn to_github(diagnostics: &Diagnostics) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    diagnostics
        .0
        .iter()
        .map(|d| {
            let level = match d.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "notice",
            };
            let place = d.span.as_ref().map_or_else(String::new, |span| {
                let (line, column) = span.line_column();
                format!("file={},line={line},col={column},", property(&span.source.path))
            });
            let help = d
                .help
                .as_ref()
                .map_or_else(String::new, |help| format!("\nhelp: {help}"));
            let message = data(&format!("{}{help}", in_context(d)));
            format!("::{level} {place}title={}::{message}\n", d.code)
        })
        .collect()
}

/// The text of a workflow command, which ends at a line break.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostics::{Code, Source};

    fn diagnostic() -> Diagnostic {
        let source = Arc::new(Source {
            path: "a/b.toml".to_string(),
            text: "[x]\n\u{fc} = 'one'\nquery = \"\"\"\ntwo\nthree\"\"\"\n".to_string(),
        });
        let start = source.text.find("'one'").expect("the text holds it");
        Diagnostic::error(Code::WrongType, "one is no number")
            .with_span(Span {
                source,
                range: start..start + 5,
            })
            .with_help("write 1")
            .within("metric m")
            .within("experiment e")
    }

    #[test]
    fn text_shows_file_line_excerpt_and_help() {
        let expected = "\
error[E0104]: experiment e: metric m: one is no number
 --> a/b.toml:2:5
  |
2 | \u{fc} = 'one'
  |     ^^^^^
  |
  = help: write 1";
        assert_eq!(to_text(&diagnostic().into(), false), expected);
        assert!(to_text(&diagnostic().into(), true).contains("\u{1b}["));
    }

    #[test]
    fn text_of_a_long_span_shows_its_first_line() {
        let mut diagnostic = diagnostic();
        if let Some(span) = &mut diagnostic.span {
            span.range = span.source.text.find("\"\"\"").unwrap_or_default()..span.source.text.len() - 1;
        }
        let text = to_text(&diagnostic.into(), false);
        assert!(text.contains("3 | query = \"\"\"") && !text.contains("three"), "{text}");
    }

    #[test]
    fn text_without_a_place_and_of_several() {
        let warning = Diagnostic::warning(Code::UnknownKey, "no place");
        let both = Diagnostics(vec![warning.clone(), warning]);
        assert_eq!(
            to_text(&both, false),
            "warning[E0103]: no place\n\nwarning[E0103]: no place"
        );
    }

    #[test]
    fn github_annotations() {
        let mut diagnostic = diagnostic();
        diagnostic.message.push_str(": 100 %,\nreally");
        assert_eq!(
            to_github(&diagnostic.into()),
            "::error file=a/b.toml,line=2,col=5,title=E0104::experiment e: metric m: one is no number: 100 %25,%0Areally%0Ahelp: write 1\n"
        );
        let warning = Diagnostic::warning(Code::UnknownKey, "no place");
        assert_eq!(to_github(&warning.into()), "::warning title=E0103::no place\n");
    }

    #[test]
    fn json_has_every_part() {
        let expected = json!({
            "code": "E0104",
            "severity": "error",
            "file": "a/b.toml",
            "line": 2,
            "column": 5,
            "context": ["experiment e", "metric m"],
            "message": "one is no number",
            "suggestion": "write 1",
        });
        assert_eq!(to_json(&diagnostic().into()), [expected]);
    }
}
