//! Dates and times: intervals, differences, truncation, parts, and the elements of format strings.

use sqlparser::ast::{DateTimeField, Expr, Interval, Spanned, UnaryOperator, Value};

use super::call::Call;
use super::{CATALOG, Translator, quote_string};
use crate::sql::types::Type;

/// A date or time part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    /// Weeks that begin this many days after a Monday.
    Week(u8),
    IsoWeek,
    Month,
    Quarter,
    Year,
    IsoYear,
    DayOfWeek,
    DayOfYear,
    Date,
    Time,
}

impl Part {
    fn parse(word: &str, weekday: Option<&str>) -> Option<Self> {
        Some(match (word.to_ascii_uppercase().as_str(), weekday) {
            ("WEEK", Some(weekday)) => {
                const DAYS: [&str; 7] = [
                    "MONDAY",
                    "TUESDAY",
                    "WEDNESDAY",
                    "THURSDAY",
                    "FRIDAY",
                    "SATURDAY",
                    "SUNDAY",
                ];
                let place = DAYS.iter().position(|day| weekday.eq_ignore_ascii_case(day))?;
                Part::Week(u8::try_from(place).ok()?)
            }
            (_, Some(_)) => return None,
            ("MICROSECOND", None) => Part::Microsecond,
            ("MILLISECOND", None) => Part::Millisecond,
            ("SECOND", None) => Part::Second,
            ("MINUTE", None) => Part::Minute,
            ("HOUR", None) => Part::Hour,
            ("DAY", None) => Part::Day,
            ("WEEK", None) => Part::Week(6),
            ("ISOWEEK", None) => Part::IsoWeek,
            ("MONTH", None) => Part::Month,
            ("QUARTER", None) => Part::Quarter,
            ("YEAR", None) => Part::Year,
            ("ISOYEAR", None) => Part::IsoYear,
            ("DAYOFWEEK", None) => Part::DayOfWeek,
            ("DAYOFYEAR", None) => Part::DayOfYear,
            ("DATE", None) => Part::Date,
            ("TIME", None) => Part::Time,
            _ => return None,
        })
    }

    fn of_field(field: &DateTimeField) -> Option<Self> {
        match field {
            DateTimeField::Week(Some(weekday)) => Part::parse("WEEK", Some(&weekday.value)),
            DateTimeField::Custom(name) => Part::parse(&name.value, None),
            other => Part::parse(&other.to_string(), None),
        }
    }

    /// DuckDB's word, for the parts that mean the same there.
    fn word(self) -> Option<&'static str> {
        Some(match self {
            Part::Microsecond => "microsecond",
            Part::Millisecond => "millisecond",
            Part::Second => "second",
            Part::Minute => "minute",
            Part::Hour => "hour",
            Part::Day => "day",
            Part::IsoWeek | Part::Week(0) => "week",
            Part::Month => "month",
            Part::Quarter => "quarter",
            Part::Year => "year",
            Part::IsoYear | Part::Week(_) | Part::DayOfWeek | Part::DayOfYear | Part::Date | Part::Time => return None,
        })
    }

    /// The length in microseconds, for the parts that have one.
    fn microseconds(self) -> Option<i64> {
        Some(match self {
            Part::Microsecond => 1,
            Part::Millisecond => 1_000,
            Part::Second => 1_000_000,
            Part::Minute => 60_000_000,
            Part::Hour => 3_600_000_000,
            Part::Day => 86_400_000_000,
            _ => return None,
        })
    }
}

impl Translator<'_> {
    /// The date part that stands as an argument: `DAY`, `WEEK(MONDAY)`.
    fn part(&mut self, expr: &Expr) -> Option<Part> {
        let part = match expr {
            Expr::Identifier(name) => Part::parse(&name.value, None),
            Expr::Function(function) => match crate::sql::fragment::plain_arguments(function).as_slice() {
                [Expr::Identifier(weekday)] => Part::parse(&function.name.to_string(), Some(&weekday.value)),
                _ => None,
            },
            _ => None,
        };
        if part.is_none() {
            self.fault(expr.span(), format!("`{expr}` is not a date part"), None);
        }
        part
    }

    pub(super) fn interval(&mut self, interval: &Interval) -> String {
        let Interval {
            value,
            leading_field,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return self.unknown(interval.value.span(), "this interval");
        };
        let word = leading_field.as_ref().and_then(Part::of_field);
        let Some(word) = word.and_then(|part| match part {
            Part::Week(6) => Some("week"),
            part => part.word(),
        }) else {
            return self.unknown(interval.value.span(), "this interval");
        };
        let word = word.to_ascii_uppercase();
        match value.as_ref() {
            Expr::Value(number) if matches!(number.value, Value::Number(..)) => {
                format!("INTERVAL {} {word}", self.value(number))
            }
            Expr::Value(text) => match self
                .literal_string(value)
                .and_then(|text| text.trim().parse::<i64>().ok())
            {
                Some(number) => format!("INTERVAL ({number}) {word}"),
                None => self.unknown(text.span, "this interval"),
            },
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                ..
            } => format!("INTERVAL ({}) {word}", self.expression(value)),
            value => format!("INTERVAL ({}) {word}", self.expression(value)),
        }
    }

    /// An argument that BigQuery reads as a date or time: a literal string becomes a literal of that type.
    fn moment(&mut self, expr: &Expr, kind: &Type) -> String {
        match (self.literal_string(expr).and_then(|text| quote_string(&text)), kind) {
            (Some(literal), Type::Date) => format!("DATE {literal}"),
            (Some(literal), _) => format!("TIMESTAMP {literal}"),
            (None, _) => self.operand(expr),
        }
    }

    fn moment_type(&self, expr: &Expr) -> Option<Type> {
        match self.known_type(expr) {
            Some(Type::String) => Some(Type::Date),
            known => known,
        }
    }

    /// `DATE_ADD`, `DATETIME_SUB`, ...: the result has the type of the argument.
    pub(super) fn add(&mut self, call: &Call<'_>, sign: char, kind: Type) -> String {
        self.is_scalar(call);
        let [moment, Expr::Interval(interval)] = call.arguments.as_slice() else {
            let message = format!("`{}` takes a date or time and an interval", call.name);
            return self.fault(
                call.span,
                message,
                Some("an interval looks like `INTERVAL 7 DAY`".into()),
            );
        };
        let interval = self.interval(interval);
        let known = self.moment_type(moment);
        match (kind, known) {
            (Type::Date, Some(Type::Date)) => {
                let moment = self.moment(moment, &Type::Date);
                format!("CAST({moment} {sign} {interval} AS DATE)")
            }
            (Type::Date, None) => {
                let name = if sign == '+' { "date_add" } else { "date_sub" };
                format!("{CATALOG}.{name}({}, {interval})", self.expression(moment))
            }
            (kind, _) => {
                let moment = self.moment(moment, &kind);
                format!("({moment} {sign} {interval})")
            }
        }
    }

    /// `DATE_DIFF` and `DATETIME_DIFF` count boundaries, `TIMESTAMP_DIFF` whole units.
    pub(super) fn difference(&mut self, call: &Call<'_>, kind: Type) -> String {
        self.is_scalar(call);
        let [later, earlier, part] = call.arguments.as_slice() else {
            let message = format!("`{}` takes two dates or times and a part", call.name);
            return self.fault(call.span, message, None);
        };
        let Some(part) = self.part(part) else {
            return "NULL".into();
        };
        let stamps = [*later, *earlier]
            .iter()
            .any(|moment| self.known_type(moment) == Some(Type::Timestamp));
        if kind == Type::Timestamp || (kind == Type::Date && stamps) {
            let Some(length) = part.microseconds() else {
                return self.fault(call.span, format!("`{}` does not take this part", call.name), None);
            };
            let (later, earlier) = (
                self.moment(later, &Type::Timestamp),
                self.moment(earlier, &Type::Timestamp),
            );
            return format!("((epoch_us({later}) - epoch_us({earlier})) // {length})");
        }
        let (later, earlier) = (self.moment(later, &kind), self.moment(earlier, &kind));
        // DuckDB counts weeks of seven days, not their boundaries.
        let weeks = |days: u8| {
            let monday = |moment: &str| match days {
                0 => format!("date_trunc('week', {moment})"),
                days => format!("date_trunc('week', {moment} - INTERVAL {days} DAY)"),
            };
            format!("(date_diff('day', {}, {}) // 7)", monday(&earlier), monday(&later))
        };
        match (part, part.word()) {
            (Part::IsoWeek, _) => weeks(0),
            (Part::Week(days), _) => weeks(days),
            (Part::IsoYear, _) => format!("(isoyear({later}) - isoyear({earlier}))"),
            (_, Some(word)) => format!("date_diff('{word}', {earlier}, {later})"),
            (_, None) => self.fault(call.span, format!("`{}` does not take this part", call.name), None),
        }
    }

    /// `DATE_TRUNC` and its kin: the result has the type of the argument.
    pub(super) fn truncate(&mut self, call: &Call<'_>, kind: Type) -> String {
        self.is_scalar(call);
        let [moment, part] = call.arguments.as_slice() else {
            return self.fault(
                call.span,
                format!("`{}` takes a date or time and a part", call.name),
                None,
            );
        };
        let Some(part) = self.part(part) else {
            return "NULL".into();
        };
        let known = self.moment_type(moment);
        let kind = if kind == Type::Date { known } else { Some(kind) };
        let text = match &kind {
            Some(kind) => self.moment(moment, kind),
            None => self.expression(moment),
        };
        match (part, part.word(), kind) {
            (_, Some(word), Some(Type::Date)) => format!("CAST(date_trunc('{word}', {text}) AS DATE)"),
            (_, Some(word), Some(_)) => format!("date_trunc('{word}', {text})"),
            (_, Some(word), None) => format!("{CATALOG}.date_trunc('{word}', {text})"),
            (Part::Week(days), None, Some(Type::Date)) => {
                format!("CAST(date_trunc('week', {text} - INTERVAL {days} DAY) + INTERVAL {days} DAY AS DATE)")
            }
            (Part::Week(days), None, Some(_)) => {
                format!("(date_trunc('week', {text} - INTERVAL {days} DAY) + INTERVAL {days} DAY)")
            }
            (Part::Week(days), None, None) => format!("{CATALOG}.week_trunc({days}, {text})"),
            (_, None, _) => self.fault(call.span, format!("`{}` does not take this part", call.name), None),
        }
    }

    pub(super) fn extract(&mut self, whole: &Expr, field: &DateTimeField, inner: &Expr) -> String {
        let Some(part) = Part::of_field(field) else {
            return self.unknown(whole.span(), &format!("the part `{field}`"));
        };
        let text = match self.known_type(inner) {
            Some(Type::String) => self.moment(inner, &Type::Timestamp),
            _ => self.expression(inner),
        };
        match part {
            Part::Microsecond => format!("(extract(microsecond FROM {text}) % 1000000)"),
            Part::Millisecond => format!("(extract(millisecond FROM {text}) % 1000)"),
            Part::DayOfWeek => format!("(dayofweek({text}) + 1)"),
            Part::DayOfYear => format!("dayofyear({text})"),
            Part::IsoWeek => format!("week({text})"),
            Part::IsoYear => format!("isoyear({text})"),
            Part::Date => format!("CAST({text} AS DATE)"),
            Part::Time => format!("CAST({text} AS TIME)"),
            // Weeks of the year are counted from the first such weekday; days before it are in week 0.
            Part::Week(days) => {
                let first = (days + 1) % 7;
                format!("((dayofyear({text}) + 6 - (dayofweek({text}) - {first} + 7) % 7) // 7)")
            }
            Part::Second | Part::Minute | Part::Hour | Part::Day | Part::Month | Part::Quarter | Part::Year => {
                format!("extract({} FROM {text})", part.word().unwrap_or("day"))
            }
        }
    }

    /// A BigQuery format string with DuckDB's elements. `parse` leaves out what only printing can do.
    pub(super) fn time_format(&mut self, call: &Call<'_>, format: &Expr, parse: bool) -> Option<String> {
        let Some(text) = self.literal_string(format) else {
            self.fault(
                format.span(),
                format!("the format of `{}` is not a literal string", call.name),
                None,
            );
            return None;
        };
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(place) = rest.find('%') {
            out.push_str(&rest[..place]);
            rest = &rest[place + 1..];
            const LONG: [(&str, &str); 5] = [
                ("E*S", "%S.%f"),
                ("E6S", "%S.%f"),
                ("E3S", "%S.%g"),
                ("Ez", "%z"),
                ("E4Y", "%Y"),
            ];
            if let Some((element, counterpart)) = LONG.iter().find(|(element, _)| rest.starts_with(element)) {
                // Whole seconds carry no fraction for `%E*S`, which DuckDB has no element for.
                if *element == "E*S" || (*element == "Ez" && !parse) {
                    self.fault(
                        format.span(),
                        format!("the embedded engine does not know the element `%{element}`"),
                        None,
                    );
                    return None;
                }
                out.push_str(counterpart);
                rest = &rest[element.len()..];
                continue;
            }
            let element = rest.chars().next().unwrap_or('%');
            match element {
                'F' => out.push_str("%Y-%m-%d"),
                'T' => out.push_str("%H:%M:%S"),
                'R' => out.push_str("%H:%M"),
                'D' | 'x' => out.push_str("%m/%d/%y"),
                'h' => out.push_str("%b"),
                'Y' | 'm' | 'd' | 'H' | 'M' | 'S' | 'y' | 'b' | 'B' | 'a' | 'A' | 'j' | 'p' | 'I' | 'U' | 'W' | 'u'
                | 'w' | 'G' | 'V' | '%' => {
                    out.push('%');
                    out.push(element);
                }
                'z' if parse => out.push_str("%z"),
                other => {
                    self.fault(
                        format.span(),
                        format!("the embedded engine does not know the element `%{other}`"),
                        None,
                    );
                    return None;
                }
            }
            rest = &rest[element.len_utf8().min(rest.len())..];
        }
        out.push_str(rest);
        quote_string(&out)
    }
}
