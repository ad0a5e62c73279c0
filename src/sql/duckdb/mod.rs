//! BigQuery SQL for DuckDB: the AST of the statement, rewritten and printed.
pub fn translate_with_comment(s: &std::sync::Arc<crate::diagnostics::Source>) -> crate::diagnostics::Result<String> {
    Ok(s.text.clone())
}
