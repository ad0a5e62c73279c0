//! Which commit of a history stands for a point in time.

use super::git::{self, Failure, Input};
use super::objects::{self, Place};
use super::{AsOf, broken};
use crate::config::tree::Tree;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result};

/// The tree as it was at a point in time: at the newest commit that is not younger. Without such a commit the oldest
/// counts; of a state that does not load, the next newer one that does.
///
/// Only first parents count: what was written on a side branch was not in force before it was merged.
///
/// # Errors
/// [`Code::Repository`]: git fails. [`Code::Revision`]: no state from then on loads, or the history is cut off.
pub fn read(
    place: &Place<'_>,
    head: &str,
    as_of: &AsOf,
    check: &dyn Fn(&Tree) -> Result<()>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Tree> {
    let git = |arguments: &[&str]| {
        let output = git::run(place.folder, arguments, Input::Nothing, place.limit);
        output.map(git::text).map_err(|failure| broken(place.name, &failure))
    };
    let history = git(&["rev-list", "--first-parent", "--timestamp", head])?;
    // The newest first.
    let commits: Vec<(i64, &str)> = history
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(second, commit)| Some((second.parse().ok()?, commit)))
        .collect();
    let wanted = as_of.timestamp.as_second();
    let found = commits.iter().position(|(second, _)| *second <= wanted);
    if found.is_none() {
        if git(&["rev-parse", "--is-shallow-repository"])? == "true" {
            let message = format!("the history of {} is cut off after {}", place.name, as_of.text);
            let fault = Diagnostic::error(Code::Revision, message);
            return Err(fault.with_help("fetch all of it: `git fetch --unshallow`").into());
        }
        let message = format!(
            "{} has no commit as old as {}: its oldest is read",
            place.name, as_of.text
        );
        warnings.push(Diagnostic::warning(Code::Revision, message));
    }
    let start = found.unwrap_or(commits.len().saturating_sub(1));
    let mut faults = Vec::new();
    for (age, (_, commit)) in commits.iter().take(start + 1).rev().enumerate() {
        let state = objects::read(place, commit);
        match state.map(|tree| check(&tree).map(|()| tree)) {
            Ok(Ok(tree)) => {
                if age > 0 {
                    warnings.push(skipped(place, as_of, commits[start].1, commit));
                }
                return Ok(tree);
            }
            // Those of the state that was asked for say more than those of later ones.
            Ok(Err(more)) if age == 0 => faults = more.0,
            Err(Failure::Failed(words)) if age == 0 => faults.push(broken(place.name, &Failure::Failed(words))),
            Ok(Err(_)) | Err(Failure::Failed(_)) => {}
            Err(failure) => return Err(broken(place.name, &failure).into()),
        }
    }
    let message = format!("no state of {} from {} on can be loaded", place.name, as_of.text);
    faults.insert(0, Diagnostic::error(Code::Revision, message));
    Err(Diagnostics(faults))
}

fn skipped(place: &Place<'_>, as_of: &AsOf, wanted: &str, taken: &str) -> Diagnostic {
    let message = format!(
        "{} as of {} (commit {}) can't be loaded: commit {} is read, the next one that can",
        place.name,
        as_of.text,
        objects::short(wanted),
        objects::short(taken)
    );
    Diagnostic::warning(Code::Revision, message)
}
