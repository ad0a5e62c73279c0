//! Isobar compiles experiment configs and exposure-signal definitions into BigQuery SQL, runs it on BigQuery or on an
//! embedded DuckDB, computes the statistics in Rust from small summaries, and writes result tables.
//!
//! ```text
//! files -> Spec -> Analysis -> Plan -> Script -> Rows -> Summaries -> Estimates -> ResultTable
//!          config  analysis    plan    sql     warehouse  results      stats        results
//! ```

pub mod diagnostics;

pub mod document;

pub mod config;
pub mod experiment;
pub mod experimenter;
pub mod repository;

pub mod analysis;
pub mod schedule;

pub mod plan;
pub mod sql;
pub mod tables;

pub mod warehouse;

pub mod results;
pub mod stats;
pub mod summary;

pub mod demo;
pub mod extract;

pub mod check;
pub mod cli;
pub mod compare;
pub mod pipeline;
pub mod run;
