//! Which state of the configs an output was made from, for programs and for people.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::files;
use crate::config::Provenance;
use crate::diagnostics::Result;

/// Digits of a commit that people are shown.
const SHORT: usize = 12;

/// Adds `configs` to an object, in the order of the trees, where a commit is known: `path`, `commit`, `dirty`.
pub fn add_to(value: &mut Value, provenance: &[Provenance]) {
    if let (Value::Object(object), true) = (value, is_known(provenance)) {
        object.insert("configs".to_string(), to_json(provenance));
    }
}

/// A comment line before SQL, where a commit is known.
pub fn comment(provenance: &[Provenance]) -> Option<String> {
    let trees = provenance.iter().map(|tree| {
        // A line break in the name of a folder would end the comment.
        let name = tree.name.replace(char::is_control, " ");
        match (&tree.commit, tree.is_dirty) {
            (None, _) => name,
            (Some(commit), false) => format!("{name} at {}", &commit[..SHORT.min(commit.len())]),
            (Some(commit), true) => format!(
                "{name} at {} with uncommitted changes",
                &commit[..SHORT.min(commit.len())]
            ),
        }
    });
    is_known(provenance).then(|| format!("-- Configs: {}\n", trees.collect::<Vec<_>>().join(", ")))
}

/// Writes `configs.json` into a folder of statements; trees without a known commit have their path alone.
///
/// # Errors
/// The file can't be written.
pub fn write(folder: &Path, provenance: &[Provenance]) -> Result<()> {
    let text = format!("{:#}\n", json!({"configs": to_json(provenance)}));
    files::replace(folder, std::iter::once(("configs.json".to_string(), text.as_str())))
}

fn is_known(provenance: &[Provenance]) -> bool {
    provenance.iter().any(|tree| tree.commit.is_some())
}

fn to_json(provenance: &[Provenance]) -> Value {
    let trees = provenance.iter().map(|tree| {
        let mut object = Map::new();
        object.insert("path".to_string(), tree.name.as_str().into());
        if let Some(commit) = &tree.commit {
            object.insert("commit".to_string(), commit.as_str().into());
            object.insert("dirty".to_string(), tree.is_dirty.into());
        }
        Value::Object(object)
    });
    trees.collect()
}
