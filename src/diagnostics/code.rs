//! The one table of diagnostic codes. A code is never reused.
//!
//! `E01xx` config files and experiments, `E02xx` analysis, `E03xx` SQL, `E04xx` warehouse, `E05xx` statistics and requests,
//! `E06xx` the command line and the file system. Warnings carry the same numbers as errors would; severity stands beside the code.
//! Each code has a page for people, `pages/<code>.md`, which `isobar explain-code` prints.
//!
//! Withdrawn, for nothing ever raised them: E0403, E0404, E0503.

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

            /// What it means for a config's author, with an example: Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Code::$name => include_str!(concat!("pages/", $text, ".md")),)* }
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
    /// A key that nothing reads.
    UnknownKey = "E0103", Input;
    /// A value of the wrong type.
    WrongType = "E0104", Input;
    /// A value that is not among those allowed, or not of the form required.
    WrongValue = "E0105", Input;
    /// A required key is absent.
    MissingKey = "E0106", Input;
    /// Two experiments have the same slug.
    DuplicateExperiment = "E0107", Input;
    /// A definition that nothing uses.
    Unused = "E0108", Input;
    /// A config repository has no such commit, folder or file.
    Revision = "E0109", Input;
    /// No definition of a metric that is named.
    UnknownMetric = "E0201", Input;
    /// No definition of a data source that is named.
    UnknownDataSource = "E0202", Input;
    /// No definition of a segment that is named.
    UnknownSegment = "E0203", Input;
    /// No outcome of that name on the experiment's platform.
    UnknownOutcome = "E0204", Input;
    /// A metric that is asked for has no statistics.
    NoStatistics = "E0205", Input;
    /// A metric is asked for whose definition lacks its expression or its data source.
    IncompleteMetric = "E0206", Input;
    /// A metric or an experiment wants an analysis unit that something it uses does not have.
    AnalysisUnit = "E0207", Input;
    /// A template can't be rendered.
    Template = "E0208", Input;
    /// A brace that the format layer can't read.
    Brace = "E0209", Input;
    /// A parameter without a usable value.
    Parameter = "E0210", Input;
    /// A private experiment, or a `{dataset}`, without a dataset.
    NoDataset = "E0211", Input;
    /// Metrics depend on each other in a circle.
    Circle = "E0212", Input;
    /// The dates leave no day for a window.
    Dates = "E0213", Input;
    /// The experiment is not analysed on this date.
    Refused = "E0214", Work;
    /// A window ends before it starts.
    WindowOrder = "E0215", Input;
    /// A template that eats braces which its author meant literally.
    EatenBrace = "E0216", Input;
    /// A template inside a text of another template, where it is not rendered.
    NestedTemplate = "E0217", Input;
    /// A metric that its authors want gone.
    Deprecated = "E0218", Input;
    /// An exposure signal looks at days beyond those of the metrics.
    SignalWindow = "E0219", Input;
    /// An exposure signal looks at what the treatment may have changed.
    SignalAfterTreatment = "E0220", Input;
    /// A branch that the experiment does not have.
    UnknownBranch = "E0221", Input;
    /// A value that a template inserts changes the SQL around it.
    InsertedValue = "E0222", Input;
    /// A custom enrollment query without a column that every statement reads.
    EnrollmentColumns = "E0223", Input;
    /// An emitted or author-written SQL text does not parse.
    SqlSyntax = "E0301", Input;
    /// The embedded engine has no counterpart of a function, type or construct.
    Untranslatable = "E0302", Input;
    /// An expression that should aggregate rows does not, or one that should look at a row aggregates.
    Aggregate = "E0303", Input;
    /// A column outside of the aggregates of an expression.
    BareColumn = "E0304", Input;
    /// A condition that can be NULL.
    MaybeNull = "E0305", Input;
    /// A source reads all dates of a table.
    NoDateFilter = "E0306", Input;
    /// A source groups its rows, but not by their date.
    GroupedWithoutDate = "E0307", Input;
    /// A table or column is missing from the warehouse, or a statement does not fit it.
    Statement = "E0401", Input;
    /// The warehouse can't be opened or reached.
    Unreachable = "E0402", Unreachable;
    /// A statistic, a pre-treatment or one of their parameters is unknown, missing or of the wrong type.
    Statistic = "E0501", Input;
    /// A cell has no number, or not the one that was asked for, and a reason for it.
    NoEstimate = "E0502", Work;
    /// A row of a data file does not fit the declared types.
    Data = "E0504", Input;
    /// A statistic that can't be computed of values of the metric's type.
    StatisticType = "E0505", Input;
    /// A command-line argument or combination of them makes no sense.
    Usage = "E0601", Input;
    /// A file can't be written.
    Unwritable = "E0602", Work;
    /// A folder holds something that must not be overwritten.
    Occupied = "E0603", Input;
    /// The Experimenter API can't be reached or answers with a failure.
    Experimenter = "E0604", Unreachable;
    /// A config repository can't be fetched.
    Repository = "E0605", Unreachable;
}

impl Code {
    /// What is wrong, in a few words: the heading of the page.
    pub fn title(self) -> &'static str {
        let heading = self.page().lines().next().unwrap_or_default();
        heading.split_once(": ").map_or(heading, |(_, title)| title)
    }

    /// The code of that name, in upper or lower case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn codes_are_unique_and_in_order() {
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
        assert!(
            codes.iter().all(|code| code.len() == 5 && code.starts_with('E')),
            "{codes:?}"
        );
    }
}
