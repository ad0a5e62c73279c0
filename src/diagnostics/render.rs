//! Diagnostics as text in the manner of the Rust compiler, and as JSON.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::{Diagnostic, Diagnostics, Severity};

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
    let message = match diagnostic.context.is_empty() {
        true => diagnostic.message.clone(),
        false => format!("{}: {}", diagnostic.context.join(": "), diagnostic.message),
    };
    let title = level.primary_title(message.as_str()).id(diagnostic.code.as_str());
    let mut group = match &diagnostic.span {
        Some(span) => title.element(
            Snippet::source(span.source.text.as_str())
                .path(span.source.path.as_str())
                .annotation(AnnotationKind::Primary.span(span.range.clone())),
        ),
        None => Group::with_title(title),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
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
