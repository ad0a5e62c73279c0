//! Reading the parameters of statistics and pre-treatments: types, defaults, unknown and missing names, all faults at once.

use indexmap::IndexMap;
use serde_json::Value;

use super::grid::parameter;
use crate::diagnostics::nearest;

/// A fault in a statistic's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The word of the config that is at fault, to be found in its text.
    pub word: String,
    /// What is wrong.
    pub message: String,
    /// What would mend it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault at a word.
    pub fn new(word: &str, message: impl Into<String>) -> Self {
        Self {
            word: word.to_string(),
            message: message.into(),
            help: None,
        }
    }

    /// An unknown name of some kind of thing, with the nearest known one as help.
    pub fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let help = match nearest(name, known.clone()) {
            Some(near) => format!("a {what} with a similar name exists: {near}"),
            None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Self {
            word: name.to_string(),
            message: format!("unknown {what} {name:?}"),
            help: Some(help),
        }
    }
}

/// What a parameter takes. Faults name it in words; schemas spell it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A number from 0 to 1, both included.
    Share,
    /// A number between 0 and 1, both excluded.
    Confidence,
    /// A list of different numbers between 0 and 1, both excluded; at least one.
    Orders,
    /// The base of a logarithm.
    LogarithmBase,
    /// A whole number from 1 to [`LARGEST_COUNT`].
    Count,
    /// True or false.
    Flag,
    /// A text.
    Text,
    /// A way to choose a kernel's bandwidth, or a number above 0.
    Bandwidth,
    /// The name of a kernel.
    Kernel,
    /// How p-values are corrected for many comparisons.
    Correction,
    /// A table with a period before enrollment and perhaps a metric.
    Covariate,
}

/// A parameter of a statistic or pre-treatment, as its reader asks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The name in configs.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The value where none is given; null where that means something of its own.
    pub default: Value,
    /// Whether it must be given.
    pub is_required: bool,
}

/// A grid of this size would already be larger than any result table.
pub const LARGEST_COUNT: usize = 10_000_000;

/// The parameters of one thing while they are read; each getter notes its faults, [`finish`](Self::finish) reports them.
#[derive(Debug)]
pub struct Parameters<'a> {
    of: String,
    given: &'a IndexMap<String, Value>,
    asked: Vec<Parameter>,
    faults: Vec<Fault>,
}

impl<'a> Parameters<'a> {
    /// The parameters of `of`, as messages name it.
    pub fn new(of: String, given: &'a IndexMap<String, Value>) -> Self {
        Self {
            of,
            given,
            asked: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// A parameter as written; `None` when absent.
    pub fn value(&mut self, name: &'static str, kind: Kind, default: impl Into<Value>) -> Option<&'a Value> {
        self.asked.push(Parameter {
            name,
            kind,
            default: default.into(),
            is_required: false,
        });
        self.given.get(name)
    }

    /// A parameter that must be there; its absence is a fault.
    fn required(&mut self, name: &'static str, kind: Kind) -> Option<&'a Value> {
        self.asked.push(Parameter {
            name,
            kind,
            default: Value::Null,
            is_required: true,
        });
        let value = self.given.get(name);
        if value.is_none() {
            let message = format!("{} needs the parameter {name}", self.of);
            self.faults.push(Fault::new(&self.of.clone(), message));
        }
        value
    }

    /// Everything that was asked for, in order.
    pub fn asked(self) -> Vec<Parameter> {
        self.asked
    }

    /// Notes a fault of a parameter's value.
    pub fn refuse(&mut self, name: &str, expected: &str) {
        let given = self.given.get(name).map(Value::to_string).unwrap_or_default();
        self.faults.push(Fault::new(
            name,
            format!("{name} of {} must be {expected}, but is {given}", self.of),
        ));
    }

    /// Notes a fault in other words.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// A finite number.
    pub fn number(&mut self, name: &'static str, default: f64) -> f64 {
        self.number_of(name, Kind::Number, default)
    }

    fn number_of(&mut self, name: &'static str, kind: Kind, default: f64) -> f64 {
        match self.value(name, kind, default) {
            None => default,
            Some(value) => value.as_f64().unwrap_or_else(|| {
                self.refuse(name, "a number");
                default
            }),
        }
    }

    /// A finite number without a default.
    pub fn required_number(&mut self, name: &'static str) -> Option<f64> {
        let number = self.required(name, Kind::Number)?.as_f64();
        if number.is_none() {
            self.refuse(name, "a number");
        }
        number
    }

    /// A number from 0 to 1, both included.
    pub fn share(&mut self, name: &'static str, default: f64) -> f64 {
        let share = self.number_of(name, Kind::Share, default);
        if !(0.0..=1.0).contains(&share) {
            self.refuse(name, "a number from 0 to 1");
        }
        share
    }

    /// A number between 0 and 1, both excluded.
    pub fn confidence(&mut self, name: &'static str, default: f64) -> f64 {
        let confidence = self.number_of(name, Kind::Confidence, default);
        if !(confidence > 0.0 && confidence < 1.0) {
            self.refuse(name, "a number between 0 and 1");
        }
        confidence
    }

    /// A list of different numbers between 0 and 1, both excluded.
    pub fn orders(&mut self, name: &'static str, default: &[f64]) -> Vec<f64> {
        const EXPECTED: &str = "a list of different numbers between 0 and 1, both excluded";
        let Some(value) = self.value(name, Kind::Orders, default.to_vec()) else {
            return default.to_vec();
        };
        let numbers: Option<Vec<f64>> = value
            .as_array()
            .and_then(|list| list.iter().map(Value::as_f64).collect());
        let is_order = |number: &f64| *number > 0.0 && *number < 1.0;
        match numbers {
            // In result rows an order is a text of six decimals, by which rows are told apart.
            Some(numbers)
                if !numbers.is_empty()
                    && numbers.iter().all(is_order)
                    && numbers.iter().enumerate().all(|(index, number)| {
                        !numbers[..index]
                            .iter()
                            .any(|known| parameter(*known) == parameter(*number))
                    }) =>
            {
                numbers
            }
            _ => {
                self.refuse(name, EXPECTED);
                default.to_vec()
            }
        }
    }

    /// A share that must be written with a decimal point: the reference refuses the integer 0.
    pub fn float_share(&mut self, name: &'static str, default: f64) -> f64 {
        if let Some(value) = self.given.get(name)
            && value.is_i64()
        {
            self.value(name, Kind::Share, default);
            self.faults.push(Fault {
                word: name.to_string(),
                message: format!("{name} of {} must be a float, but is the integer {value}", self.of),
                help: Some(format!("write {value}.0")),
            });
            return default;
        }
        self.share(name, default)
    }

    /// The base of a logarithm; null and 0 ask for the natural one.
    pub fn logarithm_base(&mut self, name: &'static str, default: f64) -> Option<f64> {
        if self.given.get(name).is_some_and(Value::is_null) {
            self.value(name, Kind::LogarithmBase, default);
            return None;
        }
        let base = self.number_of(name, Kind::LogarithmBase, default);
        if base < 0.0 || base == 1.0 {
            self.refuse(name, "positive and other than 1");
        }
        (base != 0.0).then_some(base)
    }

    /// A whole number above 0.
    pub fn count(&mut self, name: &'static str, default: usize) -> usize {
        match self.value(name, Kind::Count, default) {
            None => default,
            Some(value) => match value.as_u64().and_then(|count| usize::try_from(count).ok()) {
                Some(count) if (1..=LARGEST_COUNT).contains(&count) => count,
                _ => {
                    self.refuse(name, &format!("a whole number from 1 to {LARGEST_COUNT}"));
                    default
                }
            },
        }
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        match self.value(name, Kind::Flag, default) {
            None => default,
            Some(value) => value.as_bool().unwrap_or_else(|| {
                self.refuse(name, "true or false");
                default
            }),
        }
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Option<&'a str> {
        let value = self.value(name, Kind::Text, Value::Null)?;
        self.as_text(name, value)
    }

    /// A text without a default.
    pub fn required_text(&mut self, name: &'static str) -> Option<String> {
        let value = self.required(name, Kind::Text)?;
        if value.is_null() {
            self.refuse(name, "a text");
        }
        self.as_text(name, value).map(str::to_string)
    }

    fn as_text(&mut self, name: &str, value: &'a Value) -> Option<&'a str> {
        match value {
            Value::String(text) => Some(text),
            Value::Null => None,
            _ => {
                self.refuse(name, "a text");
                None
            }
        }
    }

    /// Reports the faults, unknown parameters among them.
    ///
    /// # Errors
    /// All faults that were noted.
    pub fn finish(mut self) -> Result<(), Vec<Fault>> {
        let known: Vec<&str> = self.asked.iter().map(|parameter| parameter.name).collect();
        for name in self.given.keys().filter(|name| !known.contains(&name.as_str())) {
            let mut fault = Fault::unknown(&format!("parameter of {}", self.of), name, known.iter().copied());
            if known.is_empty() {
                fault.help = Some(format!("{} has no parameters", self.of));
            }
            self.faults.push(fault);
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults)
        }
    }
}
