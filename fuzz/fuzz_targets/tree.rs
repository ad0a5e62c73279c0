//! A config tree on disk and one experiment: what both targets look at.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use isobar::analysis::{json, refusal};
use isobar::config;
use isobar::diagnostics::{Diagnostics, Source};
use isobar::experiment::{self, NimbusExperiment};
use isobar::pipeline::{self, Selection};
use isobar::schedule;
use isobar::stats::Compat;
use isobar::tables::Destination;
use tempfile::TempDir;

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

/// A folder that is written over and over.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder can be made"));

/// Writes the files, loads them, resolves the experiment and compiles what is due on its last day.
pub fn analyse(files: &[(&str, &str)]) {
    for (path, text) in files {
        write(&FOLDER.path().join(path), text);
    }
    let configs = match config::load(&[FOLDER.path().to_path_buf()]) {
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
        periods: isobar::analysis::Period::ALL.to_vec(),
        compat: Compat::None,
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

fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a file has a folder");
    std::fs::create_dir_all(folder).expect("a folder can be made in a temporary folder");
    std::fs::write(path, text).expect("a file can be written in a temporary folder");
}
