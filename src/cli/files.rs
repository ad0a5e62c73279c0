//! Files that commands write: each appears whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::diagnostics::{Code, Diagnostic, Result};
use crate::sql::script::Script;

/// Writes files into a folder, which is made if it is missing. Each replaces a file of its name in one step.
///
/// # Errors
/// A folder or file that can't be written.
pub fn replace<'a>(folder: &Path, files: impl Iterator<Item = (String, &'a str)>) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    for (name, text) in files {
        let path = folder.join(&name);
        let partial = folder.join(format!(".{name}.partial"));
        let written = fs::File::create(&partial)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&partial, &path));
        if let Err(error) = written {
            // The partial file is of no use; that it can't be removed either changes nothing.
            let _ = fs::remove_file(&partial);
            return Err(unwritable(&path, &error).into());
        }
    }
    Ok(())
}

/// Writes a script's statements into a folder, `<name>.sql` each.
pub fn write_script(folder: &Path, script: &Script) -> Result<()> {
    let statements = script.statements.iter();
    replace(
        folder,
        statements.map(|statement| (format!("{}.sql", statement.name), statement.sql.as_str())),
    )
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::Unwritable, format!("can't write {}: {error}", path.display()))
}
