//! Findings in single texts of a file: braces, deprecated metrics, sources that read too much.

use crate::analysis::{Analysis, Fragment};
use crate::config::spec::Spec;
use crate::config::{ConfigFile, Configs};
use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::document::Text;
use crate::sql::fragment::{Role, parse};

use super::source::{self, Finding};
use super::{finding, template};

/// The findings in the templates of a file.
pub fn findings(file: &ConfigFile<'_>, configs: &Configs) -> Vec<Diagnostic> {
    let Some(spec) = file.spec() else {
        return Vec::new();
    };
    let metrics = spec
        .metrics
        .values()
        .filter_map(|metric| metric.select_expression.as_ref());
    let sources = spec
        .data_sources
        .values()
        .filter_map(|source| source.from_expression.as_ref());
    // Other sources are left to the format layer, which takes a doubled brace for a literal one.
    let sources = sources.filter(|text| configs.templates().mentions(&text.value, "experiment"));
    let segment_sources = spec.segment_data_sources.values().map(|source| &source.from_expression);
    let formatted = metrics.chain(sources).chain(segment_sources);
    let segments = spec.segments.values().map(|segment| &segment.select_expression);
    let plain = segments.chain(&spec.experiment.enrollment_query);
    formatted
        .flat_map(|text| braces(text, true))
        .chain(plain.flat_map(|text| braces(text, false)))
        .collect()
}

/// The findings in one template. Where the format layer comes after it, a literal brace is doubled once more.
fn braces(text: &Text, is_formatted: bool) -> Vec<Diagnostic> {
    let found = template::findings(&text.value).into_iter().map(|found| match found {
        template::Finding::Constant(range) => {
            let shown = &text.value[range.clone()];
            let inside = shown.trim_matches(['{', '}']).trim();
            let message = format!("`{shown}` is a template that prints `{inside}`, so the braces are lost");
            let literal = match is_formatted {
                true => format!("{{{{{inside}}}}}"),
                false => format!("{{{inside}}}"),
            };
            let help = format!("where braces were meant, as in a regular expression, write `{{{{ '{literal}' }}}}`");
            finding(Severity::Error, Code::EatenBrace, message, &text.part(range), &help)
        }
        template::Finding::Nested(range) => {
            let shown = &text.value[range.clone()];
            let message = format!("`{shown}` stands inside a text of another template and is passed on as it is");
            let inside = shown.trim_matches(['{', '}']).trim();
            let help = format!("join the texts instead: `\"...\" ~ {inside} ~ \"...\"`");
            finding(Severity::Error, Code::NestedTemplate, message, &text.part(range), &help)
        }
    });
    found.collect()
}

/// The findings in a source's query. For segments and exposure signals one date of a group may be all that is wanted.
pub fn source(name: &str, from: &Fragment, date_column: &str, is_of_metrics: bool) -> Vec<Diagnostic> {
    let Ok(fragment) = parse(Role::Source, &from.sql) else {
        return Vec::new();
    };
    let found = source::findings(&fragment.tree, date_column).into_iter();
    let found = found.filter(|found| is_of_metrics || *found != Finding::DateOfGroup);
    let found = found.map(|found| match found {
        Finding::NoDateColumn => {
            let message = format!("data source `{name}` groups its rows and gives no column `{date_column}`, by which windows are cut");
            let help = format!("select and group by `{date_column}`, or name the date with `submission_date_column`");
            finding(Severity::Error, Code::GroupedWithoutDate, message, &from.span, &help)
        }
        Finding::DateOfGroup => {
            let message = format!(
                "data source `{name}` groups its rows without their date: `{date_column}` is one date of many, so that a window holds all of a group or nothing"
            );
            let help = format!("group by `{date_column}` as well, unless that is meant");
            finding(Severity::Warning, Code::GroupedWithoutDate, message, &from.span, &help)
        }
        Finding::AllDates(table) => {
            let message = format!("data source `{name}` reads every date of `{table}`: the dates of a window do not reach it");
            let help = "add a condition on its date, or group by the date";
            finding(Severity::Warning, Code::NoDateFilter, message, &from.span, help)
        }
    });
    found.collect()
}

/// Listed metrics that their authors want gone.
pub fn deprecated(analysis: &Analysis, spec: &Spec) -> Vec<Diagnostic> {
    let listed = spec.periods.values().flatten();
    let found = listed.filter_map(|name| {
        let metric = analysis.metrics.get(&name.value).filter(|metric| metric.deprecated)?;
        let message = format!("metric `{}` is deprecated", name.value);
        let help = match metric.description.as_deref().map(str::trim) {
            Some(text) if text.to_ascii_lowercase().contains("deprecated") => text.replace('\n', " "),
            _ => "its authors want it gone; its owner knows what to use instead".to_string(),
        };
        Some(finding(Severity::Warning, Code::Deprecated, message, &name.span, &help))
    });
    found.collect()
}
