//! Experiments from the Experimenter API (v8): which addresses to ask, and what their answers mean.
//!
//! Only this module uses the network. The answers are read as files are, by [`experiment`].

mod http;

use std::sync::Arc;
use std::time::Duration;

use self::http::{Answer, Client};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Result, Source, without_credentials};
use crate::experiment::{self, NimbusExperiment};

/// The public API.
pub const DEFAULT_URL: &str = "https://experimenter.services.mozilla.com";

/// As many experiments are asked for one by one; for more, the whole list is shorter work.
const FEW: usize = 10;

/// An Experimenter API.
pub struct Api {
    /// The address without `/api/v8` and without `/` at its end.
    base: String,
    client: Client,
}

/// Experiments, and what is wrong with those that can't be read.
pub type Loaded = (Vec<NimbusExperiment>, Vec<Diagnostics>);

impl Api {
    /// An API by its address, with or without `/api/v8` or `/api/v8/experiments`; no answer may take longer than `limit`.
    ///
    /// # Errors
    /// [`Code::Usage`]: the address is none of HTTP.
    pub fn new(url: &str, limit: Duration) -> Result<Api> {
        let base = url.trim_end_matches('/');
        let base = base.strip_suffix("/experiments").unwrap_or(base);
        let base = base.strip_suffix("/api/v8").unwrap_or(base).trim_end_matches('/');
        let host = ["http://", "https://"]
            .iter()
            .find_map(|scheme| base.strip_prefix(scheme));
        if host.is_none_or(str::is_empty) || base.contains(['?', '#', ' ']) {
            let message = format!("`{}` is no address of an API", without_credentials(url));
            let fault = Diagnostic::error(Code::Usage, message);
            return Err(fault.with_help(format!("an address looks like {DEFAULT_URL}")).into());
        }
        Ok(Api {
            base: base.to_string(),
            client: Client::new(limit),
        })
    }

    /// The experiments of these slugs, or all of them; with `drafts` those too that were not launched.
    ///
    /// # Errors
    /// [`Code::Experimenter`]: the API can't be reached, or its answer is none. [`Code::Usage`]: there is no experiment of a
    /// slug.
    pub fn load(&self, slugs: &[String], drafts: bool) -> Result<Loaded> {
        match slugs.is_empty() || slugs.len() > FEW {
            true => self.list(drafts),
            false => self.each(slugs, drafts),
        }
    }

    fn each(&self, slugs: &[String], drafts: bool) -> Result<Loaded> {
        let mut read = Vec::new();
        let mut unknown = Vec::new();
        for (at, slug) in slugs.iter().enumerate() {
            if slugs[..at].contains(slug) {
                continue;
            }
            let url = self.url("experiments", Some(slug));
            let answer = match self.client.get(&url)? {
                Answer::NotFound if drafts => self.client.get(&self.url("draft-experiments", Some(slug)))?,
                answer => answer,
            };
            match answer {
                Answer::Found(source) => read.extend(self.one(slug, &source)?),
                Answer::NotFound => unknown.push(missing(slug, &without_credentials(&url), drafts)),
            }
        }
        match unknown.is_empty() {
            true => Ok(experiment::distinct(read)),
            false => Err(Diagnostics(unknown)),
        }
    }

    fn one(&self, slug: &str, source: &Arc<Source>) -> Result<Vec<Result<NimbusExperiment>>> {
        let read = parse(source, '{', "one experiment")?;
        let other = read
            .iter()
            .find_map(|read| Some(read.as_ref().ok()?.slug.as_str()).filter(|read| *read != slug));
        match other {
            None => Ok(read),
            Some(other) => {
                let message = format!("{} answers with another experiment, `{other}`", source.path);
                Err(Diagnostic::error(Code::Experimenter, message).into())
            }
        }
    }

    fn list(&self, drafts: bool) -> Result<Loaded> {
        let mut read = self.all("experiments")?;
        if drafts {
            // An experiment that was launched in the meantime is a draft no more.
            let is_new = |draft: &Result<NimbusExperiment>, read: &[Result<NimbusExperiment>]| {
                let slugs = || read.iter().flatten().map(|experiment| &experiment.slug);
                draft
                    .as_ref()
                    .map_or(true, |draft| slugs().all(|slug| *slug != draft.slug))
            };
            let added = self.all("draft-experiments")?;
            let added: Vec<_> = added.into_iter().filter(|draft| is_new(draft, &read)).collect();
            read.extend(added);
        }
        Ok(experiment::distinct(read))
    }

    fn all(&self, kind: &str) -> Result<Vec<Result<NimbusExperiment>>> {
        let url = self.url(kind, None);
        match self.client.get(&url)? {
            Answer::Found(source) => parse(&source, '[', "a list of experiments"),
            Answer::NotFound => {
                let message = format!("{} does not exist (status 404)", without_credentials(&url));
                let fault = Diagnostic::error(Code::Experimenter, message);
                Err(fault.with_help(format!("an address looks like {DEFAULT_URL}")).into())
            }
        }
    }

    fn url(&self, kind: &str, slug: Option<&str>) -> String {
        let slug = slug.map_or_else(String::new, |slug| format!("{}/", escaped(slug)));
        format!("{}/api/v8/{kind}/{slug}", self.base)
    }
}

/// The experiments of an answer whose JSON starts with `opening`.
fn parse(source: &Arc<Source>, opening: char, expected: &str) -> Result<Vec<Result<NimbusExperiment>>> {
    let is_expected = source.text.trim_start().starts_with(opening);
    experiment::parse(source).ok().filter(|_| is_expected).ok_or_else(|| {
        let (path, line) = (&source.path, http::first_line(&source.text));
        let message = format!("{path} answers with something else than {expected}: {line}");
        Diagnostic::error(Code::Experimenter, message).into()
    })
}

fn missing(slug: &str, url: &str, drafts: bool) -> Diagnostic {
    let message = format!("there is no experiment `{slug}`: {url} does not exist (status 404)");
    let fault = Diagnostic::error(Code::Usage, message);
    match drafts {
        true => fault,
        false => fault.with_help("`--drafts` looks among the experiments that were not launched, too"),
    }
}

/// A slug as a part of an address. Slugs consist of letters, digits and `-`; whatever else was typed is escaped.
fn escaped(slug: &str) -> String {
    slug.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for typed in [
            "https://host",
            "https://host/",
            "https://host/api/v8",
            "https://host/api/v8/",
            "https://host/api/v8/experiments",
            "https://host/api/v8/experiments/",
        ] {
            let api = Api::new(typed, Duration::from_secs(1)).unwrap_or_else(|faults| panic!("{faults}"));
            assert_eq!(
                api.url("experiments", Some("a b")),
                "https://host/api/v8/experiments/a%20b/"
            );
        }
        for typed in ["host", "ftp://host", "https://", "https://host?x=1", ""] {
            assert!(Api::new(typed, Duration::from_secs(1)).is_err(), "{typed}");
        }
    }
}
