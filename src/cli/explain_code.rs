//! `isobar explain-code`: the page of a diagnostic code.

use clap::Args;
use serde_json::json;

use super::args::Format;
use super::{Outcome, print};
use crate::diagnostics::{Code, Diagnostic, Result, nearest};

/// Explain a diagnostic code, with an example
#[derive(Debug, Args)]
pub struct Arguments {
    /// The code, such as E0201
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    code: Option<String>,
    /// Every code with its title instead
    #[arg(long)]
    list: bool,
    /// JSON has one object per code and line
    #[arg(long, default_value = "text")]
    format: Format,
}

/// Prints the page of one code, or the titles of all.
///
/// # Errors
/// A code that does not exist.
pub fn run(args: &Arguments) -> Result<Outcome> {
    let codes = match &args.code {
        Some(text) => vec![find(text)?],
        None => Code::ALL.to_vec(),
    };
    let pages = codes.into_iter().map(|code| match args.format {
        Format::Json => {
            let page = json!({"code": code.as_str(), "title": code.title(), "page": code.page()});
            format!("{page}\n")
        }
        Format::Text if args.list => format!("{code}  {}\n", code.title()),
        Format::Text => code.page().to_string(),
    });
    print(&pages.collect::<String>())?;
    Ok(Outcome::Complete)
}

fn find(text: &str) -> Result<Code> {
    Code::parse(text).ok_or_else(|| {
        let fault = Diagnostic::error(Code::Usage, format!("there is no code `{text}`"));
        let codes = Code::ALL.iter().map(|code| code.as_str());
        let help = match nearest(&text.to_ascii_uppercase(), codes) {
            Some(code) => format!("did you mean `{code}`?"),
            None => "`isobar explain-code --list` prints all codes".to_string(),
        };
        fault.with_help(help).into()
    })
}
