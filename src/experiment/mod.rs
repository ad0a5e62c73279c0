//! Experiments as Nimbus describes them: the v8 JSON of the Experimenter API, from files.
//!
//! Nothing is derived here; [`analysis`](crate::analysis) overlays the config and computes what follows.

mod read;

use std::sync::Arc;

use jiff::civil::Date;

use crate::diagnostics::{Source, Span};
use crate::document::Text;

pub use read::{distinct, load, parse};

/// One experiment of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct NimbusExperiment {
    /// The slug.
    pub slug: String,
    /// `firefox_desktop`, `fenix`, ...; absent means desktop.
    pub app_name: Option<String>,
    /// `firefox-desktop`, `org.mozilla.firefox`, ...; absent or empty where the API has none for the channel.
    pub app_id: Option<String>,
    /// The branches in order.
    pub branches: Vec<Branch>,
    /// The first day of enrollment.
    pub start_date: Option<Date>,
    /// The day on which the experiment ends.
    pub end_date: Option<Date>,
    /// The day on which enrollment ended.
    pub enrollment_end_date: Option<Date>,
    /// Days.
    pub proposed_enrollment: i64,
    /// The control branch.
    pub reference_branch: Option<String>,
    /// How units are put into buckets.
    pub bucket_config: BucketConfig,
    /// Outcome slugs.
    pub outcomes: Vec<Text>,
    /// Segment slugs.
    pub segments: Vec<Text>,
    /// Whether enrollment is paused; nothing is decided by it.
    pub is_enrollment_paused: Option<bool>,
    /// Rollouts are not analysed.
    pub is_rollout: bool,
    /// Where the experiment stands, for messages.
    pub span: Span,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The slug.
    pub slug: String,
    /// Its share among the ratios of all branches.
    pub ratio: i64,
}

/// How units are put into buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketConfig {
    /// `normandy_id`, `nimbus_id`, `group_id` or `user_id`.
    pub randomization_unit: Text,
    /// The name of the population.
    pub namespace: String,
    /// The first bucket.
    pub start: i64,
    /// How many buckets.
    pub count: i64,
    /// Of how many.
    pub total: i64,
}

impl NimbusExperiment {
    /// The app's name; desktop where the API names none.
    pub fn app_name(&self) -> &str {
        self.app_name.as_deref().unwrap_or("firefox_desktop")
    }

    /// The file that describes it.
    pub fn source(&self) -> &Arc<Source> {
        &self.span.source
    }
}
