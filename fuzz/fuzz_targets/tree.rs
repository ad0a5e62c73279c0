//! A config tree and one experiment: what both targets look at.

use std::sync::{Arc, LazyLock};

use isobar::analysis::{json, refusal};
use isobar::check::{self, Request};
use isobar::config::tree::Tree;
use isobar::config::{self, platforms};
use isobar::diagnostics::{Diagnostics, Source};
use isobar::experiment::{self, NimbusExperiment};
use isobar::pipeline::{self, Selection};
use isobar::schedule;
use isobar::tables::Destination;

/// The experiment `x` of nine weeks on desktop.
static EXPERIMENT: LazyLock<NimbusExperiment> = LazyLock::new(|| {
    let json = serde_json::json!({
        "slug": "x",
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
    });
    let source = Arc::new(Source {
        path: "experiment.json".to_string(),
        text: json.to_string(),
    });
    let mut read = experiment::parse(&source).expect("the experiment is JSON");
    read.remove(0).expect("the experiment has all its keys")
});

/// Loads the files, resolves the experiment and compiles what is due on its last day; then checks the files.
pub fn analyse(files: &[(&str, &str)]) {
    let source = |(path, text): &(&str, &str)| {
        let source = Source {
            path: path.to_string(),
            text: text.to_string(),
        };
        (path.to_string(), Arc::new(source))
    };
    let tree = Tree {
        files: files.iter().map(source).collect(),
        ..Tree::default()
    };
    resolve(tree.clone());
    let report = check::check(&Request {
        trees: vec![tree],
        platforms: platforms::embedded(),
        experiments: vec![EXPERIMENT.clone()],
        paths: None,
    });
    say(&report.findings);
}

fn resolve(tree: Tree) {
    let configs = match config::load_trees(vec![tree], platforms::embedded()) {
        Ok(configs) => configs,
        Err(faults) => return say(&faults),
    };
    say(&configs.shared_warnings());
    say(&configs.warnings(&EXPERIMENT));
    let analysis = match configs.resolve(&EXPERIMENT) {
        Ok(analysis) => analysis,
        Err(faults) => return say(&faults),
    };
    let _ = json::to_json(&analysis);
    let Some(date) = schedule::last_date(&analysis.experiment) else {
        return;
    };
    if refusal(&analysis.experiment, date).is_some() {
        return;
    }
    let selection = Selection {
        date: Some(date),
        ..Selection::default()
    };
    let destination = Destination {
        project: "p".to_string(),
        dataset: "d".to_string(),
        slug: "x".to_string(),
    };
    match pipeline::compile(&analysis, &selection, &destination) {
        Ok(work) => say(&work.remarks),
        Err(faults) => say(&faults),
    }
}

/// Renders diagnostics: their places must lie in the texts.
fn say(faults: &Diagnostics) {
    let _ = faults.to_string();
    let _ = isobar::diagnostics::to_json(faults);
}
