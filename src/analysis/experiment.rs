//! The experiment block: what the API says, overlaid by the config.

use std::collections::BTreeMap;

use jiff::civil::Date;
use minijinja::Value;

use super::{AnalysisUnit, EnrollmentsQuery, Experiment, ExposureSignal, Fragment, Segment, ids};
use crate::config::platforms::Platform;
use crate::config::spec::Spec;
use crate::config::{self, Configs};
use crate::diagnostics::{Code, Diagnostic, Span, nearest};
use crate::experiment::NimbusExperiment;

/// Randomisation units of Experimenter with what a row of the tables then stands for.
const RANDOMIZATION_UNITS: [(&str, AnalysisUnit); 4] = [
    ("normandy_id", AnalysisUnit::ClientId),
    ("nimbus_id", AnalysisUnit::ClientId),
    ("user_id", AnalysisUnit::ClientId),
    ("group_id", AnalysisUnit::ProfileGroupId),
];

/// The part of the block that needs no template and no definition.
pub(super) struct Block {
    pub slug: String,
    pub app_name: String,
    pub app_id: String,
    pub dataset: String,
    pub start_date: Option<Date>,
    pub end_date: Option<Date>,
    pub proposed_enrollment: i64,
    pub enrollment_period: i64,
    pub reference_branch: Option<String>,
    pub analysis_unit: AnalysisUnit,
    pub analysis_unit_at: Span,
    pub enrollments_query: EnrollmentsQuery,
    pub enrollments_query_at: Option<Span>,
    pub platform_is_supported: bool,
    pub outcomes: Vec<String>,
}

impl Block {
    /// Overlays the API by the config.
    pub fn new(configs: &Configs, spec: &Spec, nimbus: &NimbusExperiment, faults: &mut Vec<Diagnostic>) -> Self {
        let config = &spec.experiment;
        let start_date = config.start_date.as_ref().map(|(date, _)| *date).or(nimbus.start_date);
        let end_date = config.end_date.as_ref().map(|(date, _)| *date).or(nimbus.end_date);
        let proposed_enrollment = config.enrollment_period.unwrap_or(nimbus.proposed_enrollment);
        let seen = nimbus.enrollment_end_date.zip(start_date);
        // The day on which enrollment ended is a day of enrollment itself.
        let observed = seen.map(|(end, start)| i64::from((end - start).get_days()) + 1);
        let platform = configs.platform(nimbus.app_name());
        let app_id = app_id(nimbus, platform);
        if let Some((true, span)) = &config.is_private
            && config.dataset_id.is_none()
        {
            let message = "the experiment is private, but the config sets no `dataset_id`";
            let fault = Diagnostic::error(Code::NoDataset, message).with_span(span.clone());
            faults.push(fault.with_help("name the dataset that holds its results: `dataset_id = \"...\"`"));
        }
        Self {
            slug: nimbus.slug.clone(),
            app_name: nimbus.app_name().to_string(),
            dataset: dataset(&app_id),
            app_id,
            start_date,
            end_date,
            proposed_enrollment,
            enrollment_period: config.enrollment_period.or(observed).unwrap_or(proposed_enrollment),
            reference_branch: match &config.reference_branch {
                Some(branch) => Some(branch.value.clone()),
                None => nimbus.reference_branch.clone(),
            },
            analysis_unit: match &config.analysis_unit {
                Some((unit, _)) => *unit,
                None => analysis_unit(nimbus, faults),
            },
            analysis_unit_at: match &config.analysis_unit {
                Some((_, span)) => span.clone(),
                None => nimbus.bucket_config.randomization_unit.span.clone(),
            },
            enrollments_query: match &config.enrollments_query_type {
                Some((query, _)) => *query,
                None => platform.map_or(EnrollmentsQuery::GleanEvent, |platform| platform.enrollments_query),
            },
            enrollments_query_at: config.enrollments_query_type.as_ref().map(|(_, span)| span.clone()),
            platform_is_supported: platform.is_some(),
            outcomes: config::outcomes(spec, nimbus)
                .into_iter()
                .map(|(slug, _)| slug)
                .collect(),
        }
    }

    /// The last date of enrollment: `start_date + enrollment_period`.
    pub fn last_enrollment_date(&self) -> Option<Date> {
        let period = jiff::Span::new().try_days(self.enrollment_period).ok()?;
        self.start_date?.checked_add(period).ok()
    }

    /// The variable `experiment` of templates. What is not known is not defined, so that a template that uses it fails.
    pub fn context(&self, nimbus: &NimbusExperiment) -> Value {
        let day = |date: Option<Date>| date.map(|date| Value::from(date.to_string()));
        // As Python prints a point in time.
        let midnight = |date: Option<Date>| date.map(|date| Value::from(format!("{date} 00:00:00+00:00")));
        let text = |text: &str| Some(Value::from(text));
        let fields = [
            ("normandy_slug", text(&self.slug)),
            ("slug", text(&self.slug)),
            ("type", text("v6")),
            ("app_name", text(&self.app_name)),
            ("app_id", text(&self.app_id)),
            ("start_date", midnight(self.start_date)),
            ("end_date", midnight(self.end_date)),
            ("enrollment_end_date", midnight(nimbus.enrollment_end_date)),
            ("start_date_str", day(self.start_date)),
            ("end_date_str", day(self.end_date)),
            ("last_enrollment_date_str", day(self.last_enrollment_date())),
            ("proposed_enrollment", Some(self.proposed_enrollment.into())),
            ("enrollment_period", Some(self.enrollment_period.into())),
            ("reference_branch", self.reference_branch.as_deref().map(Value::from)),
            ("analysis_unit", text(self.analysis_unit.as_str())),
            ("is_rollout", Some(nimbus.is_rollout.into())),
            ("is_enrollment_paused", nimbus.is_enrollment_paused.map(Value::from)),
            ("outcomes", Some(self.outcomes.iter().map(String::as_str).collect())),
            ("bucket_start", Some(nimbus.bucket_config.start.into())),
            ("bucket_count", Some(nimbus.bucket_config.count.into())),
        ];
        let known: BTreeMap<&str, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        Value::from(BTreeMap::from([("experiment", Value::from(known))]))
    }

    /// The whole block.
    pub fn finish(
        self,
        nimbus: &NimbusExperiment,
        spec: &Spec,
        segments: Vec<Segment>,
        exposure_signal: Option<ExposureSignal>,
        enrollment_query: Option<Fragment>,
    ) -> Experiment {
        let config = &spec.experiment;
        Experiment {
            client_ids: ids::client_ids(&self.app_name, self.enrollments_query, enrollment_query.is_some()),
            has_external_config_overrides: self.reference_branch != nimbus.reference_branch
                || self.start_date != nimbus.start_date
                || self.end_date != nimbus.end_date
                || self.proposed_enrollment != nimbus.proposed_enrollment,
            slug: self.slug,
            app_name: self.app_name,
            app_id: self.app_id,
            dataset: self.dataset,
            is_complete: self.end_date.is_some(),
            start_date: self.start_date,
            end_date: self.end_date,
            proposed_enrollment: self.proposed_enrollment,
            enrollment_end_date: nimbus.enrollment_end_date,
            enrollment_period: self.enrollment_period,
            enrollment_period_is_configured: config.enrollment_period.is_some(),
            reference_branch: self.reference_branch,
            branches: nimbus.branches.iter().map(|branch| branch.slug.clone()).collect(),
            is_rollout: nimbus.is_rollout,
            is_private: config.is_private.as_ref().is_some_and(|(private, _)| *private),
            dataset_id: config.dataset_id.as_ref().map(|text| text.value.clone()),
            skip: config.skip.unwrap_or(false),
            sample_size: config.sample_size.filter(|percent| *percent != 0),
            randomization_unit: nimbus.bucket_config.randomization_unit.value.clone(),
            analysis_unit: self.analysis_unit,
            analysis_unit_at: self.analysis_unit_at,
            enrollments_query: self.enrollments_query,
            enrollments_query_at: self.enrollments_query_at,
            platform_is_supported: self.platform_is_supported,
            enrollment_query,
            outcomes: self.outcomes,
            segments,
            exposure_signal,
        }
    }
}

fn analysis_unit(nimbus: &NimbusExperiment, faults: &mut Vec<Diagnostic>) -> AnalysisUnit {
    let named = &nimbus.bucket_config.randomization_unit;
    if let Some((_, unit)) = RANDOMIZATION_UNITS.iter().find(|(name, _)| *name == named.value) {
        return *unit;
    }
    let names = RANDOMIZATION_UNITS.map(|(name, _)| name);
    let message = format!("the randomization unit `{}` is not known", named.value);
    let help = match nearest(&named.value, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("one of {}, or set `analysis_unit` in the config", names.join(", ")),
    };
    let fault = Diagnostic::error(Code::AnalysisUnit, message).with_span(named.span.clone());
    faults.push(fault.with_help(help));
    AnalysisUnit::ClientId
}

/// The experiment's app id, else that of its app, else none. Experimenter sends an empty one where several channels share an
/// experiment.
fn app_id(nimbus: &NimbusExperiment, platform: Option<&Platform>) -> String {
    let own = nimbus.app_id.as_deref().filter(|id| !id.is_empty());
    let id = own.or(platform.map(|platform| platform.app_id.as_str()));
    id.unwrap_or_default().to_string()
}

/// The BigQuery dataset of an app id: letters and digits in lower case, `_` for all else.
pub(super) fn dataset(app_id: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    app_id.chars().map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::dataset;

    #[test]
    fn datasets_of_apps() {
        assert_eq!(dataset("org.mozilla.ios.Firefox"), "org_mozilla_ios_firefox");
        assert_eq!(dataset("firefox-desktop"), "firefox_desktop");
    }
}
