//! Arguments that several commands share: exactly what was typed, no I/O.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use crate::analysis::{Experiment, Period};
use crate::repository::AsOf;
use crate::stats::Compat;
use crate::tables::Destination;

/// Which configs and experiments.
#[derive(Debug, Args)]
pub struct Inputs {
    #[command(flatten)]
    pub trees: TreeArgs,
    #[command(flatten)]
    pub experiments: ExperimentArgs,
    /// Firefox desktop alone: find units by Glean events and join sources by their Glean client ids, in place of the legacy
    /// telemetry's
    #[arg(long, visible_alias = "glean-only")]
    pub use_glean_ids: bool,
}

/// Which configs.
#[derive(Debug, Default, Args)]
pub struct TreeArgs {
    /// Metric-hub tree: a folder, or the URL of a git repository (URL#BRANCH for a branch, a tag or a commit); repeatable,
    /// later ones on top
    #[arg(long, value_name = "DIR|URL")]
    pub configs: Vec<PathBuf>,
    /// The same on top of all --configs; the experiments that it configures are private and need a `dataset_id`; repeatable
    #[arg(long, value_name = "DIR|URL")]
    pub private_configs: Vec<PathBuf>,
    /// Read all configs from git as they were then: YYYY-MM-DD (its end, UTC) or a timestamp such as 2025-01-06T12:00:00Z
    #[arg(long, value_name = "TIMESTAMP")]
    pub configs_as_of: Option<AsOf>,
    /// Platforms beside the built-in ones, or in their place: TOML with `[platforms.NAME]`, `app_id` and
    /// `enrollments_query_type`
    #[arg(long, value_name = "FILE")]
    pub platforms: Option<PathBuf>,
    /// Seconds that one fetch of a repository may take, or one answer of the API [default: 600 and 300]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub network_timeout: Option<u64>,
}

/// Which experiments.
#[derive(Debug, Default, Args)]
pub struct ExperimentArgs {
    /// Nimbus experiments (v8 JSON): a file with one or a list, or a folder of such files; repeatable. Without it they come
    /// from the Experimenter API
    #[arg(long, value_name = "FILE|DIR", conflicts_with_all = ["experimenter_url", "drafts"])]
    pub experiments: Vec<PathBuf>,
    /// The Experimenter API [default: https://experimenter.services.mozilla.com]
    #[arg(long, value_name = "URL")]
    pub experimenter_url: Option<String>,
    /// Experiments of the API that were not launched, too
    #[arg(long)]
    pub drafts: bool,
    /// Only this experiment; repeatable
    #[arg(long, value_name = "SLUG")]
    pub experiment_slug: Vec<String>,
}

impl TreeArgs {
    /// How long one fetch of a repository may take. The first one of a large repository takes minutes.
    pub fn fetch_limit(&self) -> Duration {
        Duration::from_secs(self.network_timeout.unwrap_or(600))
    }

    /// How long one answer of the API may take. The list of all experiments takes minutes.
    pub fn answer_limit(&self) -> Duration {
        Duration::from_secs(self.network_timeout.unwrap_or(300))
    }
}

const PROJECT: &str = "moz-fx-data-experiments";
const DATASET: &str = "mozanalysis";

/// Where results go.
#[derive(Debug, Args)]
pub struct ResultsPlace {
    /// Project of the result tables
    #[arg(long, value_name = "PROJECT", default_value = PROJECT)]
    pub project_id: String,
    /// Dataset of the result tables; a config's own `dataset_id` goes first
    #[arg(long, value_name = "DATASET", default_value = DATASET)]
    pub dataset_id: String,
}

impl Default for ResultsPlace {
    fn default() -> Self {
        Self {
            project_id: PROJECT.to_string(),
            dataset_id: DATASET.to_string(),
        }
    }
}

impl ResultsPlace {
    /// Where an experiment's tables go.
    pub fn destination(&self, experiment: &Experiment) -> Destination {
        Destination {
            project: self.project_id.clone(),
            dataset: experiment.dataset_id.clone().unwrap_or_else(|| self.dataset_id.clone()),
            slug: experiment.slug.clone(),
        }
    }
}

/// A program whose quirks can be reproduced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompatChoice {
    /// Mozilla's Jetstream
    Jetstream,
}

impl CompatChoice {
    /// What the statistics are told.
    pub fn compat(choice: Option<Self>) -> Compat {
        match choice {
            Some(CompatChoice::Jetstream) => Compat::Jetstream,
            None => Compat::None,
        }
    }
}

/// The form of what goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// A day, or every day of the experiment's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateChoice {
    /// The last day whose data is complete.
    On(Date),
    /// Every day in order.
    All,
}

impl DateChoice {
    /// The day; `None` for all of them.
    pub fn date(self) -> Option<Date> {
        match self {
            DateChoice::On(date) => Some(date),
            DateChoice::All => None,
        }
    }
}

impl std::str::FromStr for DateChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(DateChoice::All),
            _ => text
                .parse()
                .map(DateChoice::On)
                .map_err(|_| "expected YYYY-MM-DD or `all`".to_string()),
        }
    }
}

/// The periods that were asked for, each once and in the order of resolution; all of them when none was named.
pub fn periods(named: &[Period]) -> Vec<Period> {
    Period::ALL
        .into_iter()
        .filter(|period| named.is_empty() || named.contains(period))
        .collect()
}

/// An analysis period's word.
pub fn period(word: &str) -> Result<Period, String> {
    Period::parse(word).ok_or_else(|| {
        let words = Period::ALL.map(Period::as_str);
        format!("expected one of {}", words.join(", "))
    })
}
