//! An HTTP server on this machine that answers as a test says.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Status, content type, more headers, body.
    Answer(u16, &'static str, &'static str, String),
    /// Closes the connection.
    Close,
    /// Says nothing until the client leaves.
    Silence,
}

/// JSON with status 200.
pub fn json(body: impl ToString) -> Reply {
    Reply::Answer(200, "application/json", "", body.to_string())
}

/// A status with a text.
pub fn status(status: u16, body: &str) -> Reply {
    Reply::Answer(status, "text/plain", "", body.to_string())
}

/// A server that lives as long as the test.
pub struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers each path with its replies in order, the last of them for ever; other paths do not exist.
    pub fn start(replies: &[(&str, Vec<Reply>)]) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut replies: HashMap<String, Vec<Reply>> = replies
            .iter()
            .map(|(path, replies)| (path.to_string(), replies.iter().rev().cloned().collect()))
            .collect();
        let seen = requests.clone();
        // The thread ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (path, agent) = request(&stream);
                seen.lock().expect("nobody panics").push(format!("{path} {agent}"));
                let reply = match replies.get_mut(&path) {
                    Some(replies) if replies.len() > 1 => replies.pop(),
                    Some(replies) => replies.last().cloned(),
                    None => None,
                };
                let gone = "{\"detail\": \"No NimbusExperiment matches the given query.\"}";
                let missing = || Reply::Answer(404, "application/json", "", gone.to_string());
                answer(stream, reply.unwrap_or_else(missing));
            }
        });
        Server { port, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Path and user agent of each request so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("nobody panics").clone()
    }
}

fn request(stream: &TcpStream) -> (String, String) {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let path = lines
        .first()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or_default();
    let agent = lines.iter().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("user-agent").then_some(value)
    });
    (path.to_string(), agent.unwrap_or_default().to_string())
}

fn answer(mut stream: TcpStream, reply: Reply) {
    match reply {
        Reply::Answer(status, kind, headers, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            // A client that has left needs no answer.
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body.as_bytes()));
        }
        Reply::Close => {}
        Reply::Silence => {
            std::thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        }
    }
}
