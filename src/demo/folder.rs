//! The demo's folder: where it may be written, its config tree, experiments and truth. A demo is written beside its place and moved there when
//! it is complete.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::design::{DESKTOP, Experiment, FENIX, date_of};
use super::truth::Truth;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result};

/// The file that says that a folder is a demo and may be replaced.
const MARKER: &str = "isobar-demo.txt";

const MARKER_TEXT: &str = "This folder was written by `isobar demo`, which replaces all of it when it runs again.\n\n\
database/      telemetry for the embedded engine, one DuckDB file per project, and later the results\n\
configs/       a small config tree in the shape of metric-hub\n\
experiments/   two experiments as Experimenter describes them\n\
truth.json     the true effect for every cell of the results that has one\n";

/// The config tree, as it lies in the source under `configs/demo`.
pub const CONFIGS: [(&str, &str); 9] = [
    (
        "definitions/functions.toml",
        include_str!("../../configs/demo/definitions/functions.toml"),
    ),
    (
        "definitions/firefox_desktop.toml",
        include_str!("../../configs/demo/definitions/firefox_desktop.toml"),
    ),
    (
        "definitions/fenix.toml",
        include_str!("../../configs/demo/definitions/fenix.toml"),
    ),
    (
        "jetstream/definitions/firefox_desktop.toml",
        include_str!("../../configs/demo/jetstream/definitions/firefox_desktop.toml"),
    ),
    (
        "jetstream/defaults/firefox_desktop.toml",
        include_str!("../../configs/demo/jetstream/defaults/firefox_desktop.toml"),
    ),
    (
        "jetstream/defaults/fenix.toml",
        include_str!("../../configs/demo/jetstream/defaults/fenix.toml"),
    ),
    (
        "jetstream/outcomes/firefox_desktop/ad_engagement.toml",
        include_str!("../../configs/demo/jetstream/outcomes/firefox_desktop/ad_engagement.toml"),
    ),
    (
        "jetstream/demo-search-panel.toml",
        include_str!("../../configs/demo/jetstream/demo-search-panel.toml"),
    ),
    (
        "jetstream/demo-start-page.toml",
        include_str!("../../configs/demo/jetstream/demo-start-page.toml"),
    ),
];

/// A demo that is being written; removed again unless it is finished.
pub struct Partial {
    path: PathBuf,
    finished: bool,
}

/// Checks that the folder may be written, and opens a fresh one beside it.
pub fn begin(directory: &Path) -> Result<Partial> {
    if !may_be_replaced(directory).map_err(|error| unwritable(directory, &error))? {
        let message = format!("`{}` holds something that is not a demo", directory.display());
        return Err(Diagnostic::error(Code::Occupied, message)
            .with_help("another folder for `--dir`; only a demo is replaced")
            .into());
    }
    let Some(name) = directory.file_name() else {
        let message = format!("`{}` does not name a folder that could be written", directory.display());
        return Err(Diagnostic::error(Code::Usage, message).into());
    };
    let mut name = name.to_owned();
    name.push(".partial");
    let path = directory.with_file_name(name);
    if !may_be_replaced(&path).map_err(|error| unwritable(&path, &error))? {
        let message = format!("`{}` is in the way of the demo", path.display());
        return Err(Diagnostic::error(Code::Occupied, message).into());
    }
    remove(&path).map_err(|error| unwritable(&path, &error))?;
    create(&path)?;
    let partial = Partial { path, finished: false };
    write(&partial.path.join(MARKER), MARKER_TEXT)?;
    Ok(partial)
}

impl Partial {
    /// The folder to write to for now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the demo to its place.
    pub fn finish(mut self, directory: &Path) -> Result<()> {
        remove(directory).map_err(|error| unwritable(directory, &error))?;
        fs::rename(&self.path, directory).map_err(|error| unwritable(directory, &error))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.finished {
            // What stays behind is marked as a demo, so the next run removes it.
            let _ = remove(&self.path);
        }
    }
}

/// Creates a folder and those above it.
pub fn create(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| unwritable(path, &error))
}

/// Writes the config tree to `configs`.
pub fn write_configs(directory: &Path) -> Result<()> {
    for (name, text) in CONFIGS {
        write(&directory.join("configs").join(name), text)?;
    }
    Ok(())
}

/// Writes the experiments to `experiments`, a file each.
pub fn write_experiments(directory: &Path) -> Result<()> {
    for (experiment, namespace, start) in [
        (DESKTOP, "desktop-search-panel-1", 0),
        (FENIX, "fenix-start-page-1", 4000),
    ] {
        let path = directory.join("experiments").join(format!("{}.json", experiment.slug));
        write(&path, &format!("{:#}\n", nimbus(&experiment, namespace, start)))?;
    }
    Ok(())
}

/// Writes the truths to `truth.json`: a list with one object a line.
pub fn write_truths(directory: &Path, truths: &[Truth]) -> Result<()> {
    let lines: Vec<String> = truths.iter().map(|truth| json!(truth).to_string()).collect();
    write(&directory.join("truth.json"), &format!("[\n{}\n]\n", lines.join(",\n")))
}

/// The experiment as Experimenter's API gives it.
fn nimbus(experiment: &Experiment, namespace: &str, start: u64) -> Value {
    let (app_id, unit) = match experiment.app_name {
        "fenix" => ("org.mozilla.firefox", "nimbus_id"),
        _ => ("firefox-desktop", "normandy_id"),
    };
    let branches: Vec<Value> = experiment
        .branches
        .iter()
        .map(|branch| json!({"slug": branch, "ratio": 1}))
        .collect();
    // Analyses add one day to what the API calls the end of enrollment.
    let enrollment_end = experiment.last_enrollment - 1;
    json!({
        "slug": experiment.slug,
        "appName": experiment.app_name,
        "appId": app_id,
        "branches": branches,
        "startDate": date_of(experiment.start).to_string(),
        "endDate": date_of(experiment.end).to_string(),
        "proposedEnrollment": enrollment_end - experiment.start + 1,
        "enrollmentEndDate": date_of(enrollment_end).to_string(),
        "isEnrollmentPaused": true,
        "isRollout": false,
        "referenceBranch": experiment.branches[0],
        "bucketConfig": {
            "randomizationUnit": unit,
            "namespace": namespace,
            "start": start,
            "count": 3000,
            "total": 10000,
        },
        "outcomes": [],
        "segments": [],
    })
}

/// Whether nothing of anybody else's is there: no folder, an empty one, or a demo.
fn may_be_replaced(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(path.join(MARKER).is_file() || entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        // A file in its place, or in the place of a folder above it; creating the folder will say so of the latter.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(!path.exists()),
        Err(error) => Err(error),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
        other => other,
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        create(folder)?;
    }
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostics {
    Diagnostic::error(Code::Unwritable, format!("can't write `{}`: {error}", path.display())).into()
}
