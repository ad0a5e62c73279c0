//! results

pub mod decode;
