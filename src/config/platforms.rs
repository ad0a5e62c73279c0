//! The apps whose experiments can be analysed: `configs/platforms.toml`, which is part of the program.

use std::sync::Arc;

use indexmap::IndexMap;

use super::read::ENROLLMENTS_QUERIES;
use crate::analysis::EnrollmentsQuery;
use crate::diagnostics::{Diagnostic, Diagnostics, Result, Severity, Source, Span};
use crate::document::{Fields, parse_toml};

/// An app whose experiments can be analysed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The app id where an experiment has none.
    pub app_id: String,
    /// The built-in way to find enrolled units.
    pub enrollments_query: EnrollmentsQuery,
}

/// Platforms by app name.
pub type Platforms = IndexMap<String, Platform>;

/// The platforms that come with the program.
pub fn embedded() -> Platforms {
    let source = Arc::new(Source {
        path: "configs/platforms.toml".to_string(),
        text: include_str!("../../configs/platforms.toml").to_string(),
    });
    read(&source, &mut Vec::new()).expect("the embedded platforms.toml is read by a test")
}

/// Reads a list of platforms. Remarks that are no faults go to `warnings`.
pub fn read(source: &Arc<Source>, warnings: &mut Vec<Diagnostic>) -> Result<Platforms> {
    let table = parse_toml(source)?;
    let mut faults: Vec<Diagnostic> = Vec::new();
    let start = Span {
        source: source.clone(),
        range: 0..0,
    };
    let mut fields = Fields::new(&table, "the file", start, &mut faults);
    let mut platforms = Platforms::new();
    fields.required("platforms");
    for (name, table, span) in fields.tables("platforms") {
        let mut fields = Fields::new(table, format!("platform `{name}`"), span, fields.faults());
        let app_id = fields.required_text("app_id");
        fields.required("enrollments_query_type");
        let query = fields.choice("enrollments_query_type", &ENROLLMENTS_QUERIES);
        fields.finish();
        if let (Some(app_id), Some(enrollments_query)) = (app_id, query) {
            let app_id = app_id.value;
            platforms.insert(
                name.to_string(),
                Platform {
                    app_id,
                    enrollments_query,
                },
            );
        }
    }
    fields.finish();
    if faults.iter().any(|fault| fault.severity == Severity::Error) {
        return Err(Diagnostics(faults));
    }
    warnings.extend(faults);
    Ok(platforms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_platforms_are_valid() {
        let platforms = embedded();
        assert_eq!(platforms.len(), 7);
        assert_eq!(
            platforms["firefox_desktop"].enrollments_query,
            EnrollmentsQuery::Normandy
        );
        assert_eq!(platforms["klar_ios"].app_id, "org.mozilla.ios.Klar");
    }
}
