//! A copy of a remote repository in the cache, brought up to date on each use.
//!
//! One process at a time works on a mirror. What an interrupted one leaves behind does no harm: a new mirror gets its name
//! when it is complete, and references change only after the objects are there.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::git::{self, Failure, Input};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, nearest, without_credentials};

/// A mirror that nobody else changes while this lives.
pub struct Mirror {
    folder: PathBuf,
    /// What the user typed, for messages.
    name: String,
    limit: Duration,
    _lock: File,
}

/// No server that is up is silent for longer.
const STALLED: Duration = Duration::from_secs(60);
/// Where the remote's default branch is kept.
const HEAD: &str = "refs/isobar/head";

impl Mirror {
    /// Fetches the remote's branches and tags into its mirror in `cache`, which is made when it is missing.
    ///
    /// # Errors
    /// [`Code::Repository`]: the remote can't be read, or the cache can't be written.
    pub fn fetch(url: &str, wants_default: bool, cache: &Path, limit: Duration) -> Result<Mirror> {
        let name = without_credentials(url);
        let fault = |what: &str| Diagnostic::error(Code::Repository, format!("can't fetch {name}: {what}"));
        // Git knows a relative path only from the folder in which it was typed.
        let url = match is_remote(url) {
            true => url.to_string(),
            false => fs::canonicalize(url)
                .map_err(|error| fault(&error.to_string()))?
                .display()
                .to_string(),
        };
        let (folder, lock) = place(&without_credentials(&url), cache);
        let lock = fs::create_dir_all(cache)
            .and_then(|()| File::create(&lock))
            .and_then(|file| locked(file, limit))
            .map_err(|error| fault(&format!("the cache {} can't be used: {error}", cache.display())))?;
        let made = make(&folder, limit).and_then(|()| update(&url, wants_default, &folder, &lock, limit));
        made.map_err(|failure| {
            let help = match failure {
                Failure::Failed(_) if url.contains("/tree/") => {
                    "name the repository itself, and a branch behind `#`".to_string()
                }
                _ => format!(
                    "the copy in {} can be deleted; it is fetched anew then",
                    folder.display()
                ),
            };
            Diagnostics::from(fault(&failure.to_string()).with_help(help))
        })?;
        Ok(Mirror {
            folder,
            name,
            limit,
            _lock: lock,
        })
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The commit of a branch, a tag or a hash; without one, of the default branch.
    ///
    /// # Errors
    /// [`Code::Revision`]: there is nothing of that name.
    pub fn commit(&self, reference: Option<&str>) -> Result<String> {
        let names = match reference {
            None => vec![HEAD.to_string()],
            Some(name) => {
                let mut names = vec![format!("refs/heads/{name}"), format!("refs/tags/{name}")];
                names
                    .extend((name.len() >= 7 && name.chars().all(|c| c.is_ascii_hexdigit())).then(|| name.to_string()));
                names
            }
        };
        let found = names.iter().find_map(|name| {
            let name = format!("{name}^{{commit}}");
            self.git(&["rev-parse", "--verify", "--quiet", &name]).ok()
        });
        found.ok_or_else(|| self.unknown(reference.unwrap_or("HEAD")).into())
    }

    fn unknown(&self, reference: &str) -> Diagnostic {
        let message = format!("{} has no branch, tag or commit `{reference}`", self.name);
        let fault = Diagnostic::error(Code::Revision, message);
        let known = self
            .git(&[
                "for-each-ref",
                "--format=%(refname:lstrip=2)",
                "refs/heads",
                "refs/tags",
            ])
            .unwrap_or_default();
        match nearest(reference, known.lines()) {
            Some(name) => fault.with_help(format!("did you mean `{name}`?")),
            None => fault,
        }
    }

    fn git(&self, arguments: &[&str]) -> std::result::Result<String, Failure> {
        git::run(&self.folder, arguments, Input::Nothing, self.limit).map(git::text)
    }
}

/// Whether a text is a URL or names a host, `git@host:path`.
pub fn is_remote(text: &str) -> bool {
    let host = text.split('/').next().unwrap_or_default();
    text.contains("://") || host.split_once('@').is_some_and(|(_, host)| host.contains(':'))
}

/// The folder of a URL's mirror, and the file whose lock says who works on it.
fn place(url: &str, cache: &Path) -> (PathBuf, PathBuf) {
    let last = url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let name: String = last
        .trim_end_matches(".git")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    let hash: String = Sha256::digest(url.as_bytes())
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (
        cache.join(format!("{name}-{hash}.git")),
        cache.join(format!("{name}-{hash}.lock")),
    )
}

/// Waits until no other process has the lock.
fn locked(file: File, limit: Duration) -> std::io::Result<File> {
    let deadline = Instant::now() + limit;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Err(std::io::Error::other("another process works on it")),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Makes an empty repository, unless there is one.
fn make(folder: &Path, limit: Duration) -> std::result::Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    let partial = folder.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Failure::NotStarted)?;
    }
    fs::create_dir(&partial).map_err(Failure::NotStarted)?;
    git::run(
        &partial,
        &["init", "--quiet", "--bare", "--template="],
        Input::Nothing,
        limit,
    )?;
    fs::rename(&partial, folder).map_err(Failure::NotStarted)
}

/// Brings all references up to date. The URL is not stored: it may hold credentials.
fn update(
    url: &str,
    wants_default: bool,
    folder: &Path,
    lock: &File,
    limit: Duration,
) -> std::result::Result<(), Failure> {
    // Nobody else works here, so these are of a git that was killed; another git would refuse to go on.
    remove_locks(folder, false);
    let head = format!("+HEAD:{HEAD}");
    let patience = format!("http.lowSpeedTime={}", STALLED.min(limit).as_secs().max(1));
    let mut arguments = vec![
        // Tidying up in the background would outlive the lock.
        "-c",
        "gc.autoDetach=false",
        "-c",
        "maintenance.autoDetach=false",
        // A git that is stopped leaves its HTTP helper behind, which has to give up by itself.
        "-c",
        "http.lowSpeedLimit=1",
        "-c",
        &patience,
        "fetch",
        "--quiet",
        "--prune",
        "--no-tags",
        "--no-write-fetch-head",
        "--end-of-options",
        url,
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
    ];
    if wants_default {
        arguments.push(&head);
    }
    let lock = lock.try_clone().map_err(Failure::NotStarted)?;
    git::run(folder, &arguments, Input::Lock(lock), limit).map(drop)
}

/// Removes files that end in `.lock`, right in the folder and everywhere below `refs`.
fn remove_locks(folder: &Path, everywhere: bool) {
    for path in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
    {
        if path.is_dir() && (everywhere || path.ends_with("refs")) {
            remove_locks(&path, true);
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "lock") {
            // If it can't be removed git says why it can't go on.
            let _ = fs::remove_file(path);
        }
    }
}
