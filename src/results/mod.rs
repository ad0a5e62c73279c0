//! From a warehouse's rows to summaries, and from estimates to result tables and JSON. Knows no SQL text.

mod bins;
pub mod decode;
pub mod json;
pub mod tables;
