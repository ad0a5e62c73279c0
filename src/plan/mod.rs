//! What has to be computed for an experiment, as a small closed tree in experiment words: which relations, at which grain,
//! over which dates. Knows the analysis and the statistics' demand; knows no dialect and holds no statement's text.

pub mod cohort;
pub mod column_kind;
pub mod node;
mod ratios;
pub mod summarize;
pub mod unit_window;
mod values;
