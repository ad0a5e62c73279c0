//! What the equality suites share: fixtures, the statements that they test, and the comparison of rows.

// Each suite is a program of its own and uses its part of this.
#![allow(dead_code)]

pub mod differences;
pub mod fixtures;
pub mod functions;
pub mod kinds;
pub mod mozilla;
pub mod statements;
