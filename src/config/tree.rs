//! One config tree: which of its files matter, and their texts.
//!
//! A tree is a metric-hub checkout: its root is one layer, its `jetstream/` folder another on top. What the texts mean is the
//! affair of [`load`](super::load). Everything is read at once, so that a later change of a file has no effect on a run that
//! goes on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::{Code, Diagnostic, Result, Source};

/// The files of one config tree, read once.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// The folder or URL as it was given, without credentials.
    pub name: String,
    /// The commit, where it is known.
    pub commit: Option<String>,
    /// Whether files differ from the commit.
    pub is_dirty: bool,
    /// Whether the experiments that it configures are private.
    pub is_private: bool,
    /// Texts by path within the tree, with `/` between folders; only the files that [`place`] knows.
    pub files: BTreeMap<String, Arc<Source>>,
    /// Files of the same kind that can't be read, by path.
    pub unreadable: BTreeMap<String, Diagnostic>,
    /// Folders that can't be listed.
    pub faults: Vec<Diagnostic>,
}

/// What a file of a tree says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role<'a> {
    /// One experiment.
    Experiment,
    /// All experiments that choose it.
    Outcome {
        /// The app.
        platform: &'a str,
    },
    /// All experiments of an app.
    Defaults,
    /// An app's metrics and data sources, or the functions of templates.
    Definitions,
}

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whether it is in the upper layer, `jetstream/`.
    pub is_upper: bool,
    /// What it says something about.
    pub role: Role<'a>,
    /// Its name without `.toml`.
    pub slug: &'a str,
}

/// The folders of a layer that hold files themselves; `outcomes` has a folder for each platform.
const DEFAULTS: &str = "defaults";
const DEFINITIONS: &str = "definitions";
const OUTCOMES: &str = "outcomes";
/// The upper layer.
const UPPER: &str = "jetstream";

/// Where the file of this path within its tree belongs; `None` when no experiment needs it.
pub fn place(path: &str) -> Option<Place<'_>> {
    let slug = |name: &'_ str| name.len() - ".toml".len();
    let parts: Vec<&str> = path.split('/').collect();
    let (is_upper, parts) = match parts[..] {
        [UPPER, ref rest @ ..] => (true, rest),
        ref all => (false, all),
    };
    let (role, name) = match *parts {
        [name] => (Role::Experiment, name),
        [DEFAULTS, name] => (Role::Defaults, name),
        [DEFINITIONS, name] => (Role::Definitions, name),
        [OUTCOMES, platform, name] => (Role::Outcome { platform }, name),
        _ => return None,
    };
    let is_config = name.ends_with(".toml") && name != ".toml";
    is_config.then(|| Place {
        is_upper,
        role,
        slug: &name[..slug(name)],
    })
}

impl Tree {
    /// Reads a folder as it stands on disk. The commit stays unknown.
    ///
    /// # Errors
    /// The folder does not exist.
    pub fn read(folder: &Path) -> Result<Tree> {
        if !folder.is_dir() {
            let message = format!("the config folder {} does not exist", folder.display());
            return Err(Diagnostic::error(Code::Unreadable, message).into());
        }
        let mut tree = Tree {
            name: folder.display().to_string(),
            ..Tree::default()
        };
        for layer in ["", "jetstream/"] {
            tree.read_files(folder, layer);
            for inner in [DEFAULTS, DEFINITIONS] {
                tree.read_files(folder, &format!("{layer}{inner}/"));
            }
            let outcomes = format!("{layer}{OUTCOMES}/");
            for platform in tree.names(folder, &outcomes) {
                let platform = format!("{outcomes}{platform}/");
                if folder.join(&platform).is_dir() {
                    tree.read_files(folder, &platform);
                }
            }
        }
        Ok(tree)
    }

    /// Every file in the order of the paths: its text, or why it can't be read.
    pub fn texts(&self) -> Vec<(&str, std::result::Result<&Arc<Source>, &Diagnostic>)> {
        let texts = self.files.iter().map(|(path, source)| (path.as_str(), Ok(source)));
        let unreadable = self.unreadable.iter().map(|(path, fault)| (path.as_str(), Err(fault)));
        let mut all: Vec<_> = texts.chain(unreadable).collect();
        all.sort_by_key(|(path, _)| *path);
        all
    }

    /// Reads the files right in one folder of the tree; `inner` is empty or ends in `/`.
    fn read_files(&mut self, folder: &Path, inner: &str) {
        for name in self.names(folder, inner) {
            let path = format!("{inner}{name}");
            let file = folder.join(&path);
            if place(&path).is_none() || !file.is_file() {
                continue;
            }
            match source(&file) {
                Ok(source) => {
                    self.files.insert(path, source);
                }
                Err(fault) => {
                    self.unreadable.insert(path, fault);
                }
            }
        }
    }

    /// The names in one folder of the tree. A folder that is not there has none.
    fn names(&mut self, folder: &Path, inner: &str) -> Vec<String> {
        let folder = folder.join(inner);
        match std::fs::read_dir(&folder) {
            Ok(listed) => {
                let names = listed.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
                names.collect()
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                let message = format!("can't list {}: {error}", folder.display());
                self.faults.push(Diagnostic::error(Code::Unreadable, message));
                Vec::new()
            }
        }
    }
}

/// A file's text with the path as the user gave it.
pub fn source(path: &Path) -> std::result::Result<Arc<Source>, Diagnostic> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Arc::new(Source {
            path: shown(path),
            text,
        })),
        Err(error) => Err(Diagnostic::error(
            Code::Unreadable,
            format!("can't read {}: {error}", path.display()),
        )),
    }
}

/// A path as messages show it: `./a` is `a`.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let found = |path| place(path).map(|place| (place.is_upper, place.role, place.slug));
        let outcome = Role::Outcome { platform: "fenix" };
        assert_eq!(found("x.toml"), Some((false, Role::Experiment, "x")));
        assert_eq!(found("jetstream/x.y.toml"), Some((true, Role::Experiment, "x.y")));
        assert_eq!(
            found("jetstream/defaults/fenix.toml"),
            Some((true, Role::Defaults, "fenix"))
        );
        assert_eq!(
            found("definitions/functions.toml"),
            Some((false, Role::Definitions, "functions"))
        );
        assert_eq!(found("jetstream/outcomes/fenix/a.toml"), Some((true, outcome, "a")));
        for other in [
            ".toml",
            "x.json",
            "opmon/x.toml",
            "outcomes/x.toml",
            "outcomes/fenix/deep/x.toml",
            "jetstream/jetstream/x.toml",
            "a/definitions/fenix.toml",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
