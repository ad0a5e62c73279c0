//! Runs the `git` program, which brings its users' credentials, ssh, proxies and partial clones with it.
//!
//! Knows nothing of configs. No prompt, no translated messages, and no call lasts longer than its limit.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::diagnostics::without_credentials;

/// What git reads from its standard input.
pub enum Input {
    /// Nothing.
    Nothing,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, but the file stays open, and with it a lock on it, as long as git or a program of git's runs.
    Lock(File),
}

/// Why a call of git gave nothing.
#[derive(Debug)]
pub enum Failure {
    /// The program can't be started.
    NotStarted(std::io::Error),
    /// It ran longer than it may.
    TimedOut(Duration),
    /// It failed; its last words.
    Failed(String),
}

/// The words of git that messages repeat.
const LAST_LINES: usize = 4;
/// How often a running git is looked after.
const STEP: Duration = Duration::from_millis(5);
/// Variables that git sets for its hooks: with them it would look at another repository.
const FOREIGN: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// Runs git in a folder and gives its standard output.
pub fn run(folder: &Path, arguments: &[&str], input: Input, limit: Duration) -> Result<Vec<u8>, Failure> {
    let deadline = Instant::now() + limit;
    let mut command = Command::new("git");
    // Optional locks would write into a repository that is only read.
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false"]);
    command.args(arguments).current_dir(folder);
    command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    FOREIGN.iter().for_each(|name| {
        command.env_remove(name);
    });
    let (stdin, bytes) = match input {
        Input::Nothing => (Stdio::null(), None),
        Input::Bytes(bytes) => (Stdio::piped(), Some(bytes)),
        Input::Lock(file) => (Stdio::from(file), None),
    };
    let spawned = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(Failure::NotStarted)?;
    if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), bytes) {
        // A git that stops reading has failed, and says so itself.
        thread::spawn(move || drop(pipe.write_all(&bytes)));
    }
    let output = child.stdout.take().map(read);
    let words = child.stderr.take().map(read);
    let output = output.and_then(|output| output.recv_timeout(deadline - Instant::now().min(deadline)).ok());
    let (Some(output), Some(succeeded)) = (output, wait(&mut child, deadline)) else {
        // That it may have ended by now changes nothing.
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::TimedOut(limit));
    };
    if succeeded {
        return Ok(output);
    }
    // A daemon that git started (the credential cache) may keep this stream open for hours.
    let words = words.and_then(|words| words.recv_timeout(Duration::from_secs(1)).ok());
    Err(Failure::Failed(last_lines(&words.unwrap_or_default())))
}

/// The output as text, without the line break at its end.
pub fn text(output: Vec<u8>) -> String {
    String::from_utf8_lossy(&output).trim_end_matches('\n').to_string()
}

/// Reads a stream to its end beside everything else.
fn read(mut stream: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before a fault is all there is; nobody waits for it after the deadline.
        let _ = stream.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// Whether the program succeeded; `None` at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < deadline => thread::sleep(STEP),
            Ok(None) | Err(_) => return None,
        }
    }
}

fn last_lines(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    without_credentials(&lines[lines.len().saturating_sub(LAST_LINES)..].join("; "))
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::NotStarted(error) => write!(f, "can't run git: {error}"),
            Failure::TimedOut(limit) => write!(f, "git was stopped after {} s", limit.as_secs_f64()),
            Failure::Failed(words) if words.is_empty() => f.write_str("git fails without a word"),
            Failure::Failed(words) => write!(f, "git says: {words}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_that_takes_too_long_is_stopped() {
        let limit = Duration::from_millis(300);
        let start = Instant::now();
        let ended = run(
            Path::new("."),
            &["-c", "alias.wait=!sleep 2", "wait"],
            Input::Nothing,
            limit,
        );
        assert!(matches!(ended, Err(Failure::TimedOut(_))), "{ended:?}");
        assert!(start.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn more_than_a_pipe_holds_goes_in_and_out() {
        let bytes = b"0123456789\n".repeat(50_000);
        let ended = run(
            Path::new("."),
            &["-c", "alias.echo=!cat", "echo"],
            Input::Bytes(bytes.clone()),
            Duration::from_secs(60),
        );
        assert_eq!(ended.ok().map(|output| output.len()), Some(bytes.len()));
    }

    #[test]
    fn its_last_words_are_kept() {
        let script = "alias.fail=!printf 'one\\ntwo\\n\\nthree https://u:p@host/x\\nfour\\nfive\\n' >&2; false";
        let ended = run(
            Path::new("."),
            &["-c", script, "fail"],
            Input::Nothing,
            Duration::from_secs(60),
        );
        let words = ended.map_err(|failure| failure.to_string());
        let expected = "git says: two; three https://host/x; four; five";
        assert_eq!(words, Err(expected.to_string()));
    }
}
