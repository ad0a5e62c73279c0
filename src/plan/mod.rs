//! plan

pub mod summarize;
