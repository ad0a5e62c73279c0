//! The one table of diagnostic codes. A code is never reused.
//!
//! `E01xx` config files and experiments, `E02xx` analysis, `E03xx` SQL, `E04xx` warehouse, `E05xx` statistics and requests,
//! `E06xx` the command line and the file system. Warnings carry the same numbers as errors would; severity stands beside the code.

use std::fmt;

/// What a fault means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input is wrong: exit code 2 when nothing else could be done.
    Input,
    /// Work was done and some of it failed: exit code 1.
    Work,
    /// The warehouse or an API can't be reached: exit code 3.
    Unreachable,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $kind:ident;)*) => {
        /// A stable diagnostic code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as people and machines read it.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What it means for the exit code.
            pub fn kind(self) -> Kind {
                match self { $(Code::$name => Kind::$kind,)* }
            }
        }
    };
}

codes! {
    /// A file or folder can't be read.
    Unreadable = "E0101", Input;
    /// A file is not valid TOML or JSON.
    Syntax = "E0102", Input;
    /// An emitted or author-written SQL text does not parse.
    SqlSyntax = "E0301", Input;
    /// The embedded engine has no counterpart of a function, type or construct.
    Untranslatable = "E0302", Input;
    /// A statement fails in the warehouse.
    Statement = "E0401", Work;
    /// The warehouse can't be opened or reached.
    Unreachable = "E0402", Unreachable;
    /// A row of a data file does not fit the table.
    BadRow = "E0403", Input;
    /// A statement names a table or column that the warehouse lacks.
    Missing = "E0404", Input;
    /// A command-line argument or combination of them makes no sense.
    Usage = "E0601", Input;
    /// A file can't be written.
    Unwritable = "E0602", Work;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
