//! Aggregates whose clauses or results differ from DuckDB's.

use sqlparser::ast::{Expr, NullTreatment, Value};

use super::call::Call;
use super::{CATALOG, Translator};
use crate::sql::types::Type;

impl Translator<'_> {
    pub(super) fn unary_aggregate(&mut self, call: &Call<'_>, name: &str) -> String {
        self.count_arguments(call, 1, 1);
        let argument = self.arguments(call).join(", ");
        let filter = self.not_null(call, &argument);
        self.aggregate(call, name, &argument, filter.as_deref())
    }

    fn not_null(&self, call: &Call<'_>, argument: &str) -> Option<String> {
        (call.nulls == Some(NullTreatment::IgnoreNulls)).then(|| format!("({argument}) IS NOT NULL"))
    }

    /// NaN is the least value in BigQuery when it is looked for, the greatest in DuckDB.
    pub(super) fn minimum(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 1, 1);
        let known = call.arguments.first().and_then(|argument| self.known_type(argument));
        let argument = self.arguments(call).join(", ");
        let can_be_nan = matches!(known, None | Some(Type::Float64));
        match (can_be_nan, call.over.is_some() || call.distinct) {
            (false, _) => self.aggregate(call, "min", &argument, None),
            (true, false) => {
                self.aggregate(call, "min", &argument, None);
                format!("{CATALOG}.min({argument})")
            }
            (true, true) => {
                let least = self.aggregate(call, "min", &argument, None);
                let nan = self.aggregate(
                    call,
                    "any_value",
                    &argument,
                    Some(&format!("{CATALOG}.is_nan({argument})")),
                );
                format!("coalesce({nan}, {least})")
            }
        }
    }

    pub(super) fn array_agg(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 1, 1);
        let argument = self.arguments(call).join(", ");
        let filter = self.not_null(call, &argument);
        let unlimited = Call {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            limit: None,
            ..*call
        };
        let list = self.aggregate(&unlimited, "list", &argument, filter.as_deref());
        match call.limit {
            Some(limit) => format!("({list})[1:{}]", self.operand(limit)),
            None if filter.is_some() => format!("({list})"),
            None => list,
        }
    }

    pub(super) fn string_agg(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 1, 2);
        let mut texts = self.arguments(call);
        texts.resize(2, "','".into());
        let unlimited = Call {
            name: call.name.clone(),
            arguments: call.arguments.clone(),
            nulls: None,
            limit: None,
            ..*call
        };
        match call.limit {
            None => self.aggregate(&unlimited, "string_agg", &texts.join(", "), None),
            Some(limit) => {
                let filter = format!("({}) IS NOT NULL", texts[0]);
                let list = self.aggregate(&unlimited, "list", &texts[0], Some(&filter));
                format!("array_to_string(({list})[1:{}], {})", self.operand(limit), texts[1])
            }
        }
    }

    pub(super) fn percentile(&mut self, call: &Call<'_>, name: &str) -> String {
        self.count_arguments(call, 2, 2);
        if call.nulls == Some(NullTreatment::RespectNulls) || call.over.is_none() {
            return self.unknown(call.span, "percentiles without OVER or with RESPECT NULLS");
        }
        let arguments = self.arguments(call).join(", ");
        self.aggregate(call, name, &arguments, None)
    }

    pub(super) fn approximate_quantiles(&mut self, call: &Call<'_>) -> String {
        self.count_arguments(call, 2, 2);
        let count = match call.arguments.get(1) {
            Some(Expr::Value(value)) => match &value.value {
                Value::Number(digits, _) => digits.parse::<u32>().ok().filter(|count| (1..=1000).contains(count)),
                _ => None,
            },
            _ => None,
        };
        let (Some(count), Some(argument)) = (count, call.arguments.first()) else {
            let message = "`APPROX_QUANTILES` takes a value and a literal number from 1 to 1000";
            return self.fault(call.span, message, None);
        };
        let argument = self.expression(argument);
        let shares: Vec<String> = (0..=count)
            .map(|place| format!("{}", f64::from(place) / f64::from(count)))
            .collect();
        self.aggregate(
            call,
            "quantile_disc",
            &format!("{argument}, [{}]", shares.join(", ")),
            None,
        )
    }
}
