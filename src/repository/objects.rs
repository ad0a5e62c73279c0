//! Reads a commit of a config tree straight from the object database, without a checkout.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::git::{self, Failure, Input};
use crate::config::tree::{Tree, place};
use crate::diagnostics::{Code, Diagnostic, Source};

/// Where a tree lies in a repository.
pub struct Place<'a> {
    /// A folder of the repository, or the bare repository itself.
    pub folder: &'a Path,
    /// The tree's folder within the repository, without `/` at its end; empty for the root.
    pub prefix: &'a str,
    /// What the user typed, for messages.
    pub name: &'a str,
    /// How long a call of git may last.
    pub limit: Duration,
}

/// Hexadecimal digits of a commit in the paths of messages.
const SHORT: usize = 12;

/// The first digits of a commit.
pub fn short(commit: &str) -> &str {
    &commit[..SHORT.min(commit.len())]
}

/// One line of git's listing.
struct Entry<'a> {
    mode: &'a str,
    object: &'a str,
    path: &'a str,
}

/// The tree as a commit has it.
///
/// # Errors
/// The commit has no such folder, or git fails.
pub fn read(place: &Place<'_>, commit: &str) -> Result<Tree, Failure> {
    let mut tree = Tree {
        name: place.name.to_string(),
        commit: Some(commit.to_string()),
        ..Tree::default()
    };
    let root = format!("{commit}:{}", place.prefix);
    let listing = git::run(
        place.folder,
        &["ls-tree", "-r", "-z", "--full-tree", &root],
        Input::Nothing,
        place.limit,
    )?;
    let listing = String::from_utf8_lossy(&listing);
    let shown = |path: &str| format!("{}@{}:{path}", place.name, short(commit));
    let mut texts: Vec<(&str, &str)> = Vec::new();
    for entry in listing.split('\0').filter_map(entry) {
        match entry.mode {
            "120000" | "160000" => refuse(&mut tree, &entry, &shown(entry.path)),
            _ if self::place(entry.path).is_some() => texts.push((entry.path, entry.object)),
            _ => {}
        }
    }
    let objects = contents(place, texts.iter().map(|(_, object)| *object))?;
    for (path, object) in texts {
        let text = objects.get(object).map(|bytes| String::from_utf8(bytes.clone()));
        let fault = match text {
            Some(Ok(text)) => {
                let source = Source {
                    path: shown(path),
                    text,
                };
                tree.files.insert(path.to_string(), Arc::new(source));
                continue;
            }
            Some(Err(_)) => "stream did not contain valid UTF-8",
            None => "the object is missing",
        };
        let fault = Diagnostic::error(Code::Unreadable, format!("can't read {}: {fault}", shown(path)));
        tree.unreadable.insert(path.to_string(), fault);
    }
    Ok(tree)
}

/// `mode type object TAB path`.
fn entry(line: &str) -> Option<Entry<'_>> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split(' ');
    let mode = words.next()?;
    let object = words.nth(1)?;
    Some(Entry { mode, object, path })
}

/// A link or a submodule in the place of a config file, or of a folder of them, would be missed silently.
fn refuse(tree: &mut Tree, entry: &Entry<'_>, shown: &str) {
    let what = match entry.mode {
        "120000" => "a symbolic link",
        _ => "a submodule",
    };
    let message = format!("can't read {shown}: it is {what}, which is not followed in a git repository");
    let fault = Diagnostic::error(Code::Unreadable, message);
    let holds_files = ["x.toml", "platform/x.toml"]
        .iter()
        .any(|inner| place(&format!("{}/{inner}", entry.path)).is_some());
    if place(entry.path).is_some() {
        tree.unreadable.insert(entry.path.to_string(), fault);
    } else if holds_files {
        tree.faults.push(fault);
    }
}

/// The contents of objects, all from one process.
fn contents<'a>(
    place: &Place<'_>,
    objects: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut request = objects.collect::<Vec<_>>().join("\n");
    request.push('\n');
    if request.len() == 1 {
        return Ok(BTreeMap::new());
    }
    let request = Input::Bytes(request.into_bytes());
    let output = git::run(place.folder, &["cat-file", "--batch"], request, place.limit)?;
    let mut contents = BTreeMap::new();
    let mut rest = output.as_slice();
    // `object type size`, a line break, the contents, a line break; or `object missing`.
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let head = String::from_utf8_lossy(&rest[..end]);
        rest = &rest[end + 1..];
        let words: Vec<&str> = head.split(' ').collect();
        let &[object, _, size] = words.as_slice() else {
            continue;
        };
        let size = size.parse().unwrap_or(0).min(rest.len());
        contents.insert(object.to_string(), rest[..size].to_vec());
        rest = &rest[(size + 1).min(rest.len())..];
    }
    Ok(contents)
}
