//! A config tree and an experiment in a temporary folder.

use std::path::Path;
use std::sync::Arc;

use isobar::analysis::Analysis;
use isobar::config::{self, Configs};
use isobar::diagnostics::{Diagnostics, Result, Source};
use isobar::experiment::{self, NimbusExperiment};
use tempfile::TempDir;

/// Config files in a temporary folder.
pub struct Tree {
    folder: TempDir,
}

/// The definitions of a small app. Tests add to them.
pub const DEFINITIONS: &str = r#"
[metrics.clicks]
select_expression = '{{agg_sum("clicks")}}'
data_source = "events"

[metrics.searches]
select_expression = "COALESCE(SUM(searches), 0)"
data_source = "events"
statistics = { bootstrap_mean = {} }
bigger_is_better = false

[data_sources.events]
from_expression = "`p.telemetry.events`"

[segments.new_users]
select_expression = "LOGICAL_OR(is_new)"
data_source = "profiles"

[segments.data_sources.profiles]
from_expression = "`p.telemetry.profiles`"
"#;

/// A function, as configs have them.
pub const FUNCTIONS: &str = "[functions.agg_sum]\ndefinition = \"COALESCE(SUM({select_expr}), 0)\"\n";

impl Tree {
    /// A tree with [`DEFINITIONS`], [`FUNCTIONS`] and these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        tree.write("definitions/firefox_desktop.toml", DEFINITIONS);
        tree.write("definitions/functions.toml", FUNCTIONS);
        tree.write("jetstream/defaults/firefox_desktop.toml", "");
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        let folder = path.parent().expect("a file has a folder");
        std::fs::create_dir_all(folder).expect("a folder can be made in a temporary folder");
        std::fs::write(path, text).expect("a file can be written in a temporary folder");
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn load(&self) -> Result<Configs> {
        config::load(&[self.path().to_path_buf()])
    }

    /// What the experiment `slug` resolves to.
    pub fn resolve(&self, slug: &str) -> Result<Analysis> {
        self.load()?.resolve(&nimbus(slug))
    }

    /// Faults as people read them, without the name of the temporary folder.
    pub fn text(&self, faults: &Diagnostics) -> String {
        let folder = format!("{}/", self.path().display());
        faults.to_string().replace(&folder, "")
    }

    /// What is said when the experiment `slug` is resolved, which must fail.
    pub fn faults(&self, slug: &str) -> String {
        match self.resolve(slug) {
            Ok(_) => panic!("{slug} resolves"),
            Err(faults) => self.text(&faults),
        }
    }
}

/// The JSON of a desktop experiment that ran for nine weeks.
pub fn json(slug: &str) -> serde_json::Value {
    serde_json::json!({
        "slug": slug,
        "appName": "firefox_desktop",
        "appId": "firefox-desktop",
        "branches": [{"slug": "control", "ratio": 1}, {"slug": "treatment", "ratio": 1}],
        "startDate": "2025-01-06",
        "endDate": "2025-03-10",
        "enrollmentEndDate": "2025-01-13",
        "proposedEnrollment": 7,
        "referenceBranch": "control",
        "bucketConfig": {"randomizationUnit": "normandy_id", "namespace": "n", "start": 0, "count": 100, "total": 10000},
        "outcomes": [],
        "segments": []
    })
}

/// The experiment of [`json`].
pub fn nimbus(slug: &str) -> NimbusExperiment {
    parse(&json(slug))
}

pub fn parse(json: &serde_json::Value) -> NimbusExperiment {
    let source = Arc::new(Source {
        path: "experiment.json".to_string(),
        text: format!("{json:#}"),
    });
    let mut read = experiment::parse(&source).unwrap_or_else(|faults| panic!("{faults}"));
    read.remove(0).unwrap_or_else(|faults| panic!("{faults}"))
}
