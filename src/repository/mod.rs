//! Config trees from where they live: a folder as it stands, a folder's git history, or a remote repository.
//!
//! Only this module runs the `git` program. It knows which files configs need ([`config::tree`](crate::config::tree)), not what
//! they say.

mod git;
mod history;
mod mirror;
mod objects;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::git::{Failure, Input};
use self::mirror::Mirror;
use crate::config::tree::{Tree, place};
use crate::diagnostics::{Code, Diagnostic, Result, without_credentials};

/// Where a tree is, as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder.
    Folder(PathBuf),
    /// A repository that is fetched.
    Remote {
        /// With credentials, if it has any.
        url: String,
        /// A branch, a tag or a commit; without it, the default branch.
        reference: Option<String>,
    },
}

/// A point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsOf {
    /// As it was typed.
    pub text: String,
    /// The last second that counts.
    pub timestamp: Timestamp,
}

/// How trees are read.
#[derive(Debug)]
pub struct Options {
    /// The point in time whose state is read; without it, the present one.
    pub as_of: Option<AsOf>,
    /// The branch, tag or commit that is read in place of what is there; goes before a point in time.
    pub revision: Option<String>,
    /// The folder for mirrors of remote repositories, if there is a place for it.
    pub cache: Option<PathBuf>,
    /// How long one call of git may last.
    pub limit: Duration,
}

impl From<&str> for Location {
    fn from(text: &str) -> Self {
        let (url, reference) = match text.rsplit_once('#') {
            Some((url, reference)) if !reference.is_empty() => (url, Some(reference.to_string())),
            _ => (text, None),
        };
        match mirror::is_remote(url) || url.ends_with(".git") {
            true => Location::Remote {
                url: url.to_string(),
                reference,
            },
            false => Location::Folder(PathBuf::from(text)),
        }
    }
}

impl std::str::FromStr for AsOf {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let end_of_day = || {
            let next = text.parse::<Date>().ok()?.tomorrow().ok()?;
            let midnight = next.to_zoned(TimeZone::UTC).ok()?.timestamp();
            midnight.checked_sub(jiff::SignedDuration::from_secs(1)).ok()
        };
        let is_date = text.len() == "YYYY-MM-DD".len();
        let timestamp = if is_date { end_of_day() } else { text.parse().ok() };
        Ok(AsOf {
            timestamp: timestamp.ok_or("expected YYYY-MM-DD or a timestamp such as 2025-01-06T12:00:00Z")?,
            text: text.to_string(),
        })
    }
}

/// Reads a tree. `check` finds what keeps a past state from being used; then the next newer one is taken.
/// Remarks go to `warnings`.
///
/// # Errors
/// [`Code::Unreadable`]: no such folder. [`Code::Repository`]: git, the remote or the cache can't be used.
/// [`Code::Revision`]: the repository has no such branch or time.
pub fn read(
    location: &Location,
    options: &Options,
    check: &dyn Fn(&Tree) -> Result<()>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Tree> {
    match location {
        Location::Folder(folder) => match (&options.revision, &options.as_of) {
            (Some(revision), _) => at(folder, revision, options.limit),
            (None, None) => present(folder, options.limit),
            (None, Some(as_of)) => past(folder, as_of, options.limit, check, warnings),
        },
        Location::Remote { url, reference } => {
            let name = without_credentials(url);
            let reference = options.revision.as_ref().or(reference.as_ref());
            let name = match reference {
                Some(reference) => format!("{name}#{reference}"),
                None => name,
            };
            let Some(cache) = &options.cache else {
                let message = format!("can't fetch {name}: there is no folder for its copy");
                let fault = Diagnostic::error(Code::Repository, message);
                return Err(fault.with_help("set XDG_CACHE_HOME or HOME").into());
            };
            let mirror = Mirror::fetch(url, reference.is_none(), cache, options.limit)?;
            let commit = mirror.commit(reference.map(String::as_str))?;
            let place = objects::Place {
                folder: mirror.folder(),
                prefix: "",
                name: &name,
                limit: options.limit,
            };
            match options.as_of.as_ref().filter(|_| options.revision.is_none()) {
                None => objects::read(&place, &commit).map_err(|failure| broken(&name, &failure).into()),
                Some(as_of) => history::read(&place, &commit, as_of, check, warnings),
            }
        }
    }
}

/// A folder as it stands, with its commit where there is one.
fn present(folder: &Path, limit: Duration) -> Result<Tree> {
    let mut tree = Tree::read(folder)?;
    // Configs need no git: without it the commit is not known, which is no fault.
    // A folder that the commit lacks (one that git ignores) has no commit either.
    if let Ok((commit, prefix)) = commit(folder, "HEAD", limit)
        && git::run(
            folder,
            &["cat-file", "-e", &format!("{commit}:{}", prefix.trim_end_matches('/'))],
            Input::Nothing,
            limit,
        )
        .is_ok()
        && let Ok(is_dirty) = is_dirty(folder, &prefix, limit)
    {
        tree.commit = Some(commit);
        tree.is_dirty = is_dirty;
    }
    Ok(tree)
}

fn past(
    folder: &Path,
    as_of: &AsOf,
    limit: Duration,
    check: &dyn Fn(&Tree) -> Result<()>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Tree> {
    let name = folder.display().to_string();
    if !folder.is_dir() {
        let message = format!("the config folder {name} does not exist");
        return Err(Diagnostic::error(Code::Unreadable, message).into());
    }
    let (commit, prefix) = commit(folder, "HEAD", limit).map_err(|failure| {
        let message = format!(
            "the config folder {name} can't be read as of {}: it is not in a git repository with commits",
            as_of.text
        );
        let code = match failure {
            Failure::Failed(_) => Code::Revision,
            Failure::NotStarted(_) | Failure::TimedOut(_) => Code::Repository,
        };
        Diagnostic::error(code, message).with_help(failure.to_string())
    })?;
    let place = objects::Place {
        folder,
        prefix: prefix.trim_end_matches('/'),
        name: &name,
        limit,
    };
    history::read(&place, &commit, as_of, check, warnings)
}

/// A folder as a branch, a tag or a commit of its repository has it.
fn at(folder: &Path, revision: &str, limit: Duration) -> Result<Tree> {
    let name = folder.display().to_string();
    if !folder.is_dir() {
        let message = format!("the config folder {name} does not exist");
        return Err(Diagnostic::error(Code::Unreadable, message).into());
    }
    let unknown = |failure: Failure| {
        let code = match failure {
            Failure::Failed(_) => Code::Revision,
            Failure::NotStarted(_) | Failure::TimedOut(_) => Code::Repository,
        };
        let fault = Diagnostic::error(code, format!("the config folder {name} can't be read at `{revision}`"));
        fault.with_help(failure.to_string())
    };
    // What begins with `-` would be an option of git.
    let (commit, prefix) = match revision.starts_with('-') {
        true => Err(Failure::Failed("there is no such revision".to_string())),
        false => commit(folder, revision, limit),
    }
    .map_err(unknown)?;
    let place = objects::Place {
        folder,
        prefix: prefix.trim_end_matches('/'),
        name: &name,
        limit,
    };
    objects::read(&place, &commit).map_err(|failure| unknown(failure).into())
}

/// The commit of a revision, and the folder's path within the repository, empty or with `/` at its end.
fn commit(folder: &Path, revision: &str, limit: Duration) -> std::result::Result<(String, String), Failure> {
    let revision = format!("{revision}^{{commit}}");
    let arguments = ["rev-parse", "--show-prefix", &revision];
    let output = git::text(git::run(folder, &arguments, Input::Nothing, limit)?);
    let (prefix, commit) = output.split_once('\n').unwrap_or_default();
    Ok((commit.to_string(), prefix.to_string()))
}

/// Whether a file that configs need differs from the commit, or is not part of it.
fn is_dirty(folder: &Path, prefix: &str, limit: Duration) -> std::result::Result<bool, Failure> {
    let arguments = [
        "status",
        "--porcelain",
        "-z",
        "--no-renames",
        "--untracked-files=all",
        // An ignored file is read like any other.
        "--ignored=matching",
        "--",
        ".",
    ];
    let output = git::text(git::run(folder, &arguments, Input::Nothing, limit)?);
    // Two letters and a blank stand before the path from the root of the repository.
    let paths = output
        .split('\0')
        .filter_map(|line| line.get(3..)?.strip_prefix(prefix));
    Ok(paths.into_iter().any(|path| match path.ends_with('/') {
        // A folder that is ignored as a whole.
        true => place(&format!("{path}x.toml")).is_some() && has_files(&folder.join(path)),
        false => place(path).is_some(),
    }))
}

fn has_files(folder: &Path) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| entry.path().extension().is_some_and(|extension| extension == "toml"))
}

fn broken(name: &str, failure: &Failure) -> Diagnostic {
    Diagnostic::error(Code::Repository, format!("can't read {name}: {failure}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        let remote = |url: &str, reference: Option<&str>| Location::Remote {
            url: url.to_string(),
            reference: reference.map(str::to_string),
        };
        for (text, expected) in [
            ("https://host/a/b", remote("https://host/a/b", None)),
            ("https://host/a#v1/x", remote("https://host/a", Some("v1/x"))),
            ("git@host:a/b#main", remote("git@host:a/b", Some("main"))),
            ("../configs.git", remote("../configs.git", None)),
            ("configs", Location::Folder("configs".into())),
            ("a#b", Location::Folder("a#b".into())),
            ("a/x@y:z", Location::Folder("a/x@y:z".into())),
        ] {
            assert_eq!(Location::from(text), expected, "{text}");
        }
    }

    #[test]
    fn a_date_means_its_end() {
        let seconds = |text: &str| text.parse::<AsOf>().map(|as_of| as_of.timestamp.as_second());
        assert_eq!(seconds("1970-01-01"), Ok(86_399));
        assert_eq!(seconds("1970-01-01T00:00:10Z"), Ok(10));
        assert_eq!(seconds("1970-01-01T01:00:10+01:00"), Ok(10));
        for text in ["1970-1-1", "yesterday", "1970-01-01T00:00:10", "1970-13-01"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
