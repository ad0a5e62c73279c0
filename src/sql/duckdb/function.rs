//! BigQuery's functions: each is rewritten, or the call is a located fault.

use sqlparser::ast::{Function, HavingBound, HavingBoundKind, NullTreatment};

use super::call::Call;
use super::catalogue::{AGGREGATES, MACROS, SAME, SPECIAL};
use super::{CATALOG, Translator, quote_string};
use crate::diagnostics::nearest;
use crate::sql::types::Type;

impl Translator<'_> {
    pub(super) fn function(&mut self, function: &Function) -> String {
        if let Some(text) = self.array_subquery(function) {
            return text;
        }
        let Some(mut call) = self.call(function) else {
            return "NULL".into();
        };
        if let Some((name, count)) = self.functions.find(&call.name) {
            self.is_scalar(&call);
            if call.arguments.len() != count {
                let message = format!("`{name}` takes {count} arguments, not {}", call.arguments.len());
                return self.fault(call.span, message, None);
            }
            let arguments = self.arguments(&call).join(", ");
            self.called.insert(name.clone());
            return format!("{CATALOG}.{}({arguments})", super::quote_name(&name));
        }
        call.name = call.name.to_ascii_uppercase();
        if let Some(name) = call.name.strip_prefix("SAFE.") {
            call.name = name.to_string();
            return format!("TRY({})", self.builtin(&call));
        }
        self.builtin(&call)
    }

    fn builtin(&mut self, call: &Call<'_>) -> String {
        let name = call.name.as_str();
        let row = |table: &'static [(&str, &str, usize, usize)]| table.iter().find(|row| row.0 == name);
        if let Some((_, counterpart, least, most)) = row(SAME) {
            self.is_scalar(call);
            self.count_arguments(call, *least, *most);
            return format!("{counterpart}({})", self.arguments(call).join(", "));
        }
        if let Some((_, least, most)) = MACROS.iter().find(|row| row.0 == name) {
            self.is_scalar(call);
            self.count_arguments(call, *least, *most);
            return format!("{CATALOG}.{}({})", name.to_lowercase(), self.arguments(call).join(", "));
        }
        if let Some((_, counterpart, least, most)) = row(AGGREGATES) {
            self.count_arguments(call, *least, *most);
            let mut arguments = self.arguments(call).join(", ");
            arguments.push_str(match &call.nulls {
                Some(NullTreatment::IgnoreNulls) => " IGNORE NULLS",
                Some(NullTreatment::RespectNulls) | None => "",
            });
            return self.aggregate(call, counterpart, &arguments, None);
        }
        if SPECIAL.contains(&name) {
            return self.special(call);
        }
        let known = (SAME.iter().map(|row| row.0))
            .chain(MACROS.iter().map(|row| row.0))
            .chain(AGGREGATES.iter().map(|row| row.0))
            .chain(SPECIAL.iter().copied())
            .chain(self.functions.names());
        // Names of functions are alike in capitals and small letters.
        let known: Vec<(String, &str)> = known.map(|name| (name.to_lowercase(), name)).collect();
        let near = nearest(&call.name.to_lowercase(), known.iter().map(|(lower, _)| lower.as_str()));
        let near = near.and_then(|near| known.iter().find(|(lower, _)| lower == near));
        let help = near.map(|(_, name)| format!("a function with a similar name is `{name}`"));
        self.fault(
            call.span,
            format!("the embedded engine does not know the function `{}`", call.name),
            help,
        )
    }

    pub(super) fn count_arguments(&mut self, call: &Call<'_>, least: usize, most: usize) {
        let count = call.arguments.len();
        if count < least || count > most || call.star {
            let wanted = match (least, most) {
                (least, most) if least == most => format!("{least}"),
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) => format!("{least} to {most}"),
            };
            self.fault(
                call.span,
                format!("`{}` takes {wanted} arguments, not {count}", call.name),
                None,
            );
        }
    }

    /// Functions with a rewrite of their own.
    fn special(&mut self, call: &Call<'_>) -> String {
        let scalar = |this: &mut Self, least: usize, most: usize| {
            this.is_scalar(call);
            this.count_arguments(call, least, most);
            let mut texts = this.arguments(call);
            // A call with too few arguments is a fault already.
            texts.resize(texts.len().max(least), "NULL".into());
            texts
        };
        match call.name.as_str() {
            "COUNT" if call.star => self.aggregate(call, "count", "*", None),
            "COUNT" => self.unary_aggregate(call, "count"),
            "COUNTIF" => {
                self.count_arguments(call, 1, 1);
                let condition = self.arguments(call).join(", ");
                self.aggregate(call, "count", "*", Some(&condition))
            }
            "APPROX_COUNT_DISTINCT" => {
                self.count_arguments(call, 1, 1);
                let argument = self.arguments(call).join(", ");
                self.aggregate(call, "count", &format!("DISTINCT {argument}"), None)
            }
            "APPROX_QUANTILES" => self.approximate_quantiles(call),
            "MIN" => self.minimum(call),
            "ANY_VALUE" => match call.having {
                Some(HavingBound(kind, by)) => {
                    self.count_arguments(call, 1, 1);
                    let (argument, by) = (self.arguments(call).join(", "), self.expression(by));
                    let name = match kind {
                        HavingBoundKind::Max => "arg_max_null",
                        HavingBoundKind::Min => "arg_min_null",
                    };
                    let over = call.over.map(|over| self.over(over)).unwrap_or_default();
                    format!("{name}({argument}, {by}){over}")
                }
                None => self.unary_aggregate(call, "any_value"),
            },
            "MAX_BY" | "MIN_BY" => {
                self.count_arguments(call, 2, 2);
                let arguments = self.arguments(call).join(", ");
                let name = if call.name == "MAX_BY" {
                    "arg_max_null"
                } else {
                    "arg_min_null"
                };
                self.aggregate(call, name, &arguments, None)
            }
            "ARRAY_AGG" => self.array_agg(call),
            "ARRAY_CONCAT_AGG" => format!("flatten({})", self.unary_aggregate(call, "list")),
            "STRING_AGG" => self.string_agg(call),
            "PERCENTILE_CONT" => self.percentile(call, "quantile_cont"),
            "PERCENTILE_DISC" => self.percentile(call, "quantile_disc"),
            "IF" => {
                let texts = scalar(self, 3, 3);
                format!("CASE WHEN {} THEN {} ELSE {} END", texts[0], texts[1], texts[2])
            }
            "GREATEST" | "LEAST" => {
                let texts = scalar(self, 1, usize::MAX);
                let name = call.name.to_lowercase();
                let folded = texts
                    .into_iter()
                    .reduce(|left, right| format!("{CATALOG}.{name}({left}, {right})"));
                folded.unwrap_or_default()
            }
            "CONCAT" => {
                let texts: Vec<String> = {
                    scalar(self, 1, usize::MAX);
                    call.arguments.iter().map(|argument| self.text(argument)).collect()
                };
                // With a NULL that has no type, DuckDB's `||` has none either.
                match texts.iter().any(|text| text == "NULL") {
                    true => "CAST(NULL AS VARCHAR)".into(),
                    false => format!("({})", texts.join(" || ")),
                }
            }
            "SUBSTR" | "SUBSTRING" => {
                self.is_scalar(call);
                match call.arguments.as_slice() {
                    [text, from] => self.substring(text, from, None),
                    [text, from, length] => self.substring(text, from, Some(length)),
                    _ => self.fault(call.span, format!("`{}` takes 2 to 3 arguments", call.name), None),
                }
            }
            "TRIM" | "LTRIM" | "RTRIM" => {
                self.is_scalar(call);
                let name = call.name.to_lowercase();
                match call.arguments.as_slice() {
                    [text] => self.trim(&name, text, None),
                    [text, characters] => self.trim(&name, text, Some(characters)),
                    _ => self.fault(call.span, format!("`{}` takes 1 to 2 arguments", call.name), None),
                }
            }
            "LPAD" | "RPAD" => {
                let mut texts = scalar(self, 2, 3);
                texts.resize(3, "' '".into());
                format!(
                    "{}({}, {}, {})",
                    call.name.to_lowercase(),
                    texts[0],
                    integer(&texts[1]),
                    texts[2]
                )
            }
            "SPLIT" => {
                let mut texts = scalar(self, 1, 2);
                texts.resize(2, "','".into());
                format!("string_split({}, {})", texts[0], texts[1])
            }
            "REGEXP_EXTRACT" => {
                let texts = scalar(self, 2, 2);
                let group = self.groups(call);
                format!("regexp_extract_all({}, {}, {group})[1]", texts[0], texts[1])
            }
            "REGEXP_EXTRACT_ALL" => {
                let texts = scalar(self, 2, 2);
                let group = self.groups(call);
                format!("regexp_extract_all({}, {}, {group})", texts[0], texts[1])
            }
            "REGEXP_REPLACE" => {
                let texts = scalar(self, 3, 3);
                format!("regexp_replace({}, {}, {}, 'g')", texts[0], texts[1], texts[2])
            }
            "FORMAT" => self.format(call),
            "TO_HEX" => {
                let texts = scalar(self, 1, 1);
                format!("lower(hex({}))", texts[0])
            }
            "MD5" | "SHA256" => {
                let texts = scalar(self, 1, 1);
                format!("unhex({}({}))", call.name.to_lowercase(), texts[0])
            }
            // DuckDB counts the bits of the narrowest type that holds a literal.
            "BIT_COUNT" => format!("bit_count(CAST({} AS BIGINT))", scalar(self, 1, 1)[0]),
            "SIGN" => {
                let texts = scalar(self, 1, 1);
                match call.arguments.first().and_then(|argument| self.known_type(argument)) {
                    Some(Type::Float64) => format!("CAST(sign({}) AS DOUBLE)", texts[0]),
                    _ => format!("sign({})", texts[0]),
                }
            }
            "ROUND" | "TRUNC" => {
                let texts = scalar(self, 1, if call.name == "ROUND" { 2 } else { 1 });
                // Of an integer, too, the result is a FLOAT64.
                let number = match call.arguments.first().and_then(|argument| self.known_type(argument)) {
                    Some(Type::Float64) => texts[0].clone(),
                    _ => format!("CAST({} AS DOUBLE)", texts[0]),
                };
                match texts.get(1) {
                    Some(digits) => format!("{CATALOG}.round({number}, {digits})"),
                    None => format!("{}({number})", call.name.to_lowercase()),
                }
            }
            "LOG" => {
                let texts = scalar(self, 1, 2);
                match texts.as_slice() {
                    [x, base] => format!("(ln({x}) / ln({base}))"),
                    _ => format!("ln({})", texts[0]),
                }
            }
            "SAFE_ADD" | "SAFE_SUBTRACT" | "SAFE_MULTIPLY" => {
                let texts = scalar(self, 2, 2);
                let op = match call.name.as_str() {
                    "SAFE_ADD" => '+',
                    "SAFE_SUBTRACT" => '-',
                    _ => '*',
                };
                format!("TRY(({}) {op} ({}))", texts[0], texts[1])
            }
            "SAFE_NEGATE" => format!("TRY(-({}))", scalar(self, 1, 1)[0]),
            "ERROR" => format!("error({})", scalar(self, 1, 1)[0]),
            "ARRAY_CONCAT" => format!("({})", scalar(self, 1, usize::MAX).join(" || ")),
            "ARRAY_FIRST" => format!("{CATALOG}.element({}, 0)", scalar(self, 1, 1)[0]),
            "ARRAY_LAST" => {
                let texts = scalar(self, 1, 1);
                format!("{CATALOG}.element({0}, len({0}) - 1)", texts[0])
            }
            "ARRAY_TO_STRING" => {
                let texts = scalar(self, 2, 3);
                match texts.as_slice() {
                    [array, separator, null] => {
                        format!(
                            "array_to_string(list_transform({array}, lambda item: coalesce(item, {null})), {separator})"
                        )
                    }
                    _ => format!("array_to_string({}, {})", texts[0], texts[1]),
                }
            }
            "GENERATE_ARRAY" => {
                let texts = scalar(self, 2, 3);
                if call
                    .arguments
                    .iter()
                    .any(|argument| self.known_type(argument) == Some(Type::Float64))
                {
                    return self.unknown(call.span, "GENERATE_ARRAY of FLOAT64");
                }
                format!("generate_series({})", texts.join(", "))
            }
            "GENERATE_DATE_ARRAY" => {
                let mut texts = scalar(self, 2, 3);
                texts.resize(3, "INTERVAL 1 DAY".into());
                format!(
                    "list_transform(generate_series(CAST({} AS TIMESTAMP), CAST({} AS TIMESTAMP), {}), lambda day: CAST(day AS DATE))",
                    texts[0], texts[1], texts[2]
                )
            }
            "JSON_VALUE" | "JSON_EXTRACT_SCALAR" => self.json(call, "json_value"),
            "JSON_QUERY" | "JSON_EXTRACT" => self.json(call, "json_query"),
            "JSON_QUERY_ARRAY" | "JSON_EXTRACT_ARRAY" => self.json(call, "json_query_array"),
            "JSON_VALUE_ARRAY" | "JSON_EXTRACT_STRING_ARRAY" => self.json(call, "json_value_array"),
            "PARSE_JSON" => format!("CAST({} AS JSON)", scalar(self, 1, 1)[0]),
            "BOOL" => format!("{CATALOG}.bool({})", scalar(self, 1, 1)[0]),
            "STRING" => {
                let texts = scalar(self, 1, 1);
                format!("{CATALOG}.string({})", texts[0])
            }
            "DATE" => match scalar(self, 1, 3).as_slice() {
                [year, month, day] => format!("make_date({year}, {month}, {day})"),
                [moment] => match self
                    .literal_string(call.arguments[0])
                    .and_then(|text| quote_string(&text))
                {
                    Some(literal) => format!("DATE {literal}"),
                    None => format!("CAST({moment} AS DATE)"),
                },
                texts => self.in_utc(call, texts, "DATE"),
            },
            "DATETIME" | "TIMESTAMP" => match scalar(self, 1, 6).as_slice() {
                [moment] => format!("CAST({moment} AS TIMESTAMP)"),
                texts @ [_, _, _, _, _, _] if call.name == "DATETIME" => {
                    format!(
                        "make_timestamp({}, CAST({} AS DOUBLE))",
                        texts[..5].join(", "),
                        texts[5]
                    )
                }
                texts => self.in_utc(call, texts, "TIMESTAMP"),
            },
            "DATE_ADD" => self.add(call, '+', Type::Date),
            "DATE_SUB" => self.add(call, '-', Type::Date),
            "DATETIME_ADD" => self.add(call, '+', Type::Datetime),
            "DATETIME_SUB" => self.add(call, '-', Type::Datetime),
            "TIMESTAMP_ADD" => self.add(call, '+', Type::Timestamp),
            "TIMESTAMP_SUB" => self.add(call, '-', Type::Timestamp),
            "DATE_DIFF" => self.difference(call, Type::Date),
            "DATETIME_DIFF" => self.difference(call, Type::Datetime),
            "TIMESTAMP_DIFF" => self.difference(call, Type::Timestamp),
            "DATE_TRUNC" => self.truncate(call, Type::Date),
            "DATETIME_TRUNC" => self.truncate(call, Type::Datetime),
            "TIMESTAMP_TRUNC" => self.truncate(call, Type::Timestamp),
            "LAST_DAY" => format!("last_day({})", scalar(self, 1, 1)[0]),
            "UNIX_DATE" => format!("date_diff('day', DATE '1970-01-01', {})", scalar(self, 1, 1)[0]),
            "DATE_FROM_UNIX_DATE" => format!("(DATE '1970-01-01' + {})", integer(&scalar(self, 1, 1)[0])),
            "TIMESTAMP_SECONDS" => format!("make_timestamp(({}) * 1000000)", scalar(self, 1, 1)[0]),
            "TIMESTAMP_MILLIS" => format!("make_timestamp(({}) * 1000)", scalar(self, 1, 1)[0]),
            "TIMESTAMP_MICROS" => format!("make_timestamp({})", scalar(self, 1, 1)[0]),
            "CURRENT_DATE" => {
                self.utc_only(call);
                "current_date".into()
            }
            "CURRENT_DATETIME" | "CURRENT_TIMESTAMP" => {
                self.utc_only(call);
                "CAST(now() AS TIMESTAMP)".into()
            }
            "PARSE_DATE" | "PARSE_DATETIME" | "PARSE_TIMESTAMP" => {
                self.is_scalar(call);
                let [format, text] = call.arguments.as_slice() else {
                    return self.fault(call.span, format!("`{}` takes a format and a text", call.name), None);
                };
                let text = self.expression(text);
                match self.time_format(call, format, true) {
                    Some(format) if call.name == "PARSE_DATE" => format!("CAST(strptime({text}, {format}) AS DATE)"),
                    Some(format) => format!("CAST(strptime({text}, {format}) AS TIMESTAMP)"),
                    None => "NULL".into(),
                }
            }
            "FORMAT_DATE" | "FORMAT_DATETIME" | "FORMAT_TIMESTAMP" => {
                self.is_scalar(call);
                let [format, moment] = call.arguments.as_slice() else {
                    return self.fault(
                        call.span,
                        format!("`{}` takes a format and a date or time", call.name),
                        None,
                    );
                };
                let moment = self.expression(moment);
                match self.time_format(call, format, false) {
                    Some(format) => format!("strftime({moment}, {format})"),
                    None => "NULL".into(),
                }
            }
            // `ARRAY(SELECT ...)` was dealt with before.
            _ => self.fault(call.span, format!("`{}` is not called like this", call.name), None),
        }
    }

    /// `DATE(timestamp, zone)` and its kin: UTC is the only zone.
    fn in_utc(&mut self, call: &Call<'_>, texts: &[String], kind: &str) -> String {
        match call
            .arguments
            .get(1)
            .and_then(|zone| self.literal_string(zone))
            .as_deref()
        {
            Some("UTC" | "Etc/UTC" | "+00:00" | "+0") if texts.len() == 2 => format!("CAST({} AS {kind})", texts[0]),
            _ => self.unknown(call.span, "time zones other than UTC"),
        }
    }

    fn utc_only(&mut self, call: &Call<'_>) {
        self.is_scalar(call);
        let zone = call.arguments.first().map(|zone| self.literal_string(zone));
        if !matches!(
            zone.as_ref().map(|zone| zone.as_deref()),
            None | Some(Some("UTC" | "Etc/UTC" | "+00:00" | "+0"))
        ) {
            self.unknown(call.span, "time zones other than UTC");
        }
    }
}

/// DuckDB takes 32-bit integers for counts of characters and days.
fn integer(text: &str) -> String {
    format!("CAST({text} AS INTEGER)")
}
