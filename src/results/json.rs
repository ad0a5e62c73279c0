//! The statistics of a period as JSON, as Experimenter reads them: one object per row, absent keys for NULL, INT64 and NUMERIC
//! as text.

use serde_json::{Map, Value, json};

use super::tables::parameter;
use crate::stats::{Comparison, Row};

/// The array of `statistics_<slug>_<period>.json`.
pub fn statistics(rows: &[Row]) -> Value {
    Value::Array(rows.iter().map(object).collect())
}

fn object(row: &Row) -> Value {
    let fields = [
        ("metric", json!(row.metric)),
        ("statistic", json!(row.statistic)),
        ("parameter", json!(parameter(row))),
        ("branch", json!(row.branch)),
        ("comparison", json!(row.comparison.map(Comparison::as_str))),
        ("comparison_to_branch", json!(row.comparison_to_branch)),
        ("ci_width", json!(row.ci_width)),
        ("point", json!(row.point)),
        ("lower", json!(row.lower)),
        ("upper", json!(row.upper)),
        ("segment", json!(row.segment)),
        ("analysis_basis", json!(row.analysis_basis)),
        ("window_index", json!(row.window_index.map(|index| index.to_string()))),
    ];
    let present = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(
        present
            .map(|(name, value)| (name.to_string(), value))
            .collect::<Map<String, Value>>(),
    )
}
