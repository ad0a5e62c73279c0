//! Which column of a source holds the id of an experiment's units.
//!
//! Firefox desktop has two client ids: the legacy telemetry's and Glean's. They share no value, so that enrollments of one kind joined
//! to a source by the other find nothing, and every metric would be zero. What can't be joined is therefore a fault.

use super::{Analysis, AnalysisUnit, ClientIds, EnrollmentsQuery, Experiment, Fragment};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result};

/// The app with two client ids.
const DESKTOP: &str = "firefox_desktop";
/// Where every Glean ping has the client id, whatever a config says of it.
const GLEAN_PING: &str = "client_info.client_id";

/// A source's columns with ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdColumns {
    /// The client id.
    pub client: String,
    /// The profile group id.
    pub group: String,
    /// The Glean client id, where the source says which it is.
    pub glean_client: Option<String>,
    /// The legacy client id, where the source says which it is.
    pub legacy_client: Option<String>,
}

impl IdColumns {
    /// The column with the id of the experiment's units.
    pub fn of(&self, experiment: &Experiment) -> &str {
        let client = match experiment.client_ids {
            ClientIds::Own => None,
            ClientIds::Legacy => self.legacy_client.as_ref(),
            ClientIds::Glean => self.glean_client.as_ref(),
        };
        match experiment.analysis_unit {
            AnalysisUnit::ProfileGroupId => &self.group,
            AnalysisUnit::ClientId => client.unwrap_or(&self.client),
        }
    }

    /// Whether the source says which of its columns has the Glean id.
    fn has_glean(&self) -> bool {
        self.glean_client.is_some() || self.client == GLEAN_PING
    }
}

/// The kind of client ids that enrollments have.
pub(super) fn client_ids(app_name: &str, query: EnrollmentsQuery, is_custom: bool) -> ClientIds {
    match query {
        // Only the author knows which ids a custom query selects, and has named the columns to match.
        _ if app_name != DESKTOP || is_custom => ClientIds::Own,
        EnrollmentsQuery::Normandy | EnrollmentsQuery::BackgroundUpdate => ClientIds::Legacy,
        EnrollmentsQuery::GleanEvent => ClientIds::Glean,
        EnrollmentsQuery::FenixFallback | EnrollmentsQuery::Cirrus => ClientIds::Own,
    }
}

/// One fault for each source that does not say where it has the Glean ids of the enrollments.
pub(super) fn faults(analysis: &Analysis) -> Vec<Diagnostic> {
    let experiment = &analysis.experiment;
    if experiment.client_ids != ClientIds::Glean || experiment.analysis_unit != AnalysisUnit::ClientId {
        return Vec::new();
    }
    let sources = analysis.data_sources.values();
    let sources = sources.map(|source| ("data source", &source.name, &source.from, &source.ids));
    let segments = experiment.segments.iter().map(|segment| &segment.data_source);
    let segments = segments.map(|source| ("segment data source", &source.name, &source.from, &source.ids));
    let mut faults: Vec<Diagnostic> = Vec::new();
    for (what, name, from, ids) in sources.chain(segments) {
        if ids.has_glean() {
            continue;
        }
        let fault = without_glean(what, name, from, &ids.client);
        // Segments share sources.
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults
}

fn without_glean(what: &str, name: &str, from: &Fragment, own: &str) -> Diagnostic {
    let message = format!(
        "the enrollments have Glean client ids, but {what} `{name}` does not say which of its columns has them; \
         joined by `{own}`, it may have no row of any unit"
    );
    Diagnostic::error(Code::AnalysisUnit, message)
        .with_span(from.span.clone())
        .with_help("set `glean_client_id_column` of the source, or use metrics of sources that have Glean ids")
}

impl Analysis {
    /// The same analysis with Glean's client ids in place of the legacy telemetry's: enrollments and exposures come from
    /// Glean events, and sources are joined by their Glean ids. Apps other than desktop have no legacy ids, so that nothing
    /// changes for them.
    ///
    /// # Errors
    /// All sources without Glean ids, or enrollments that exist with legacy ids alone.
    pub fn with_glean_ids(mut self) -> Result<Self> {
        let experiment = &mut self.experiment;
        if experiment.app_name != DESKTOP {
            return Ok(self);
        }
        if experiment.enrollments_query == EnrollmentsQuery::BackgroundUpdate {
            let message = "enrollments of type `background-update` have legacy client ids alone";
            let mut fault = Diagnostic::error(Code::AnalysisUnit, message);
            fault.span = experiment.enrollments_query_at.clone();
            return Err(fault.with_help("leave out --use-glean-ids for this experiment").into());
        }
        if experiment.enrollments_query == EnrollmentsQuery::Normandy {
            experiment.enrollments_query = EnrollmentsQuery::GleanEvent;
        }
        experiment.client_ids = ClientIds::Glean;
        let faults = faults(&self);
        match faults.is_empty() {
            true => Ok(self),
            false => Err(Diagnostics(faults)),
        }
    }
}

impl Experiment {
    /// Why the built-in query for enrollments can't find the experiment's units, if it can't.
    pub fn unit_fault(&self) -> Option<Diagnostic> {
        let has_groups = match self.enrollments_query {
            EnrollmentsQuery::Normandy => true,
            EnrollmentsQuery::GleanEvent => self.app_name == DESKTOP,
            EnrollmentsQuery::FenixFallback | EnrollmentsQuery::Cirrus | EnrollmentsQuery::BackgroundUpdate => false,
        };
        let is_custom = self.enrollment_query.is_some() && self.exposure_signal.is_some();
        if has_groups || is_custom || self.analysis_unit == AnalysisUnit::ClientId {
            return None;
        }
        let message = format!(
            "enrollments of type `{}` have no profile groups{}, but the unit of the experiment is `profile_group_id`",
            self.enrollments_query.as_str(),
            match self.enrollments_query {
                EnrollmentsQuery::GleanEvent => format!(" in {}", self.app_name),
                _ => String::new(),
            }
        );
        let span = self.enrollments_query_at.as_ref().unwrap_or(&self.analysis_unit_at);
        let fault = Diagnostic::error(Code::AnalysisUnit, message).with_span(span.clone());
        Some(
            fault.with_help(
                "set `analysis_unit = \"client_id\"` or another `enrollments_query_type` under `[experiment]`",
            ),
        )
    }
}
