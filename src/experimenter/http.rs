//! One GET with timeouts, a few tries, and a check of what comes back.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ureq::http::header::{CONTENT_TYPE, RETRY_AFTER};
use ureq::http::{HeaderName, Response, StatusCode};
use ureq::{Agent, Body, Error, Timeout};

use crate::diagnostics::{Code, Diagnostic, Result, Source, without_credentials};

/// What an address answers.
pub enum Answer {
    /// JSON; the source's path is the address.
    Found(Arc<Source>),
    /// Status 404.
    NotFound,
}

/// Asks.
pub struct Client {
    agent: Agent,
}

/// How long to wait before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// The longest pause that a server may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// No server that is up takes longer to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes; the list of all experiments has some tens of millions.
const LARGEST: u64 = 1 << 30;
/// Characters of an answer that a message repeats.
const SHOWN: usize = 200;

/// A try that failed.
struct Failure {
    message: String,
    /// Whether the next try may succeed, and the pause that the server asks for.
    again: Option<Option<Duration>>,
}

impl Client {
    /// A client that waits at most `limit` for one whole answer.
    pub fn new(limit: Duration) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT.min(limit)))
            .timeout_per_call(Some(limit))
            .user_agent(concat!("isobar/", env!("CARGO_PKG_VERSION")))
            .accept("application/json");
        Client {
            agent: config.build().into(),
        }
    }

    /// Asks up to three times, as long as it may help: when there is no connection, at status 429 and at 5xx.
    ///
    /// # Errors
    /// [`Code::Experimenter`], with the address, the status and the first line of the answer.
    pub fn get(&self, url: &str) -> Result<Answer> {
        let mut pauses = PAUSES.iter();
        loop {
            let failure = match self.once(url) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match (failure.again, pauses.next()) {
                (Some(asked), Some(pause)) => thread::sleep(asked.unwrap_or(*pause).min(LONGEST_PAUSE)),
                _ => return Err(Diagnostic::error(Code::Experimenter, failure.message).into()),
            }
        }
    }

    fn once(&self, url: &str) -> std::result::Result<Answer, Failure> {
        let shown = without_credentials(url);
        let broken = |error: Error| Failure {
            message: format!("can't reach {shown}: {}", without_credentials(&error.to_string())),
            again: may_pass(&error).then_some(None),
        };
        let mut response = self.agent.get(url).call().map_err(broken)?;
        let status = response.status();
        let body = response.body_mut().with_config().limit(LARGEST).read_to_vec();
        if status == StatusCode::NOT_FOUND {
            return Ok(Answer::NotFound);
        }
        let body = String::from_utf8(body.map_err(broken)?);
        let text = body.as_deref().unwrap_or("(no text)");
        let fails = |what: &str, again| Failure {
            message: format!("{shown} {what}: {}", first_line(text)),
            again,
        };
        if status != StatusCode::OK {
            let may_pass = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
            let again = may_pass.then(|| pause(&response));
            return Err(fails(&format!("fails with status {status}"), again));
        }
        // Not every server names the type of what it sends; a page of HTML is most often one that asks to log in.
        let kind = header(&response, &CONTENT_TYPE).unwrap_or("no content type");
        let is_named = kind.split(';').next().map(str::trim) == Some("application/json");
        if !is_named && !text.trim_start().starts_with(['{', '[']) {
            return Err(fails(&format!("answers with {kind} instead of JSON"), None));
        }
        match body {
            Ok(text) => Ok(Answer::Found(Arc::new(Source { path: shown, text }))),
            Err(_) => Err(fails("answers with bytes that are no UTF-8", None)),
        }
    }
}

/// Whether a fault of the connection may be gone the next time. An answer that takes too long would do so again.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Timeout(timeout) => matches!(timeout, Timeout::Connect | Timeout::Resolve),
        Error::Io(_) | Error::HostNotFound | Error::ConnectionFailed | Error::Protocol(_) | Error::BodyStalled => true,
        _ => false,
    }
}

/// The pause that a server asks for, in seconds; it may also name a time, which is not looked at.
fn pause(response: &Response<Body>) -> Option<Duration> {
    let seconds = header(response, &RETRY_AFTER)?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn header<'a>(response: &'a Response<Body>, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The first line of an answer that says something.
pub fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.map_or_else(
        || "(an empty answer)".to_string(),
        |line| line.chars().filter(|c| !c.is_control()).take(SHOWN).collect(),
    )
}
