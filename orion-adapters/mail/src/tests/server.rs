//! A small mail server that follows RFC 5321 to the letter, and goes wrong where it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// Where it goes wrong. Places are command verbs; `.` is the end of the message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    None,
    Answer(&'static str, &'static str),
    HangUpAt(&'static str),
    HangUpBetween,
    SilentAt(&'static str),
}

/// A message that the server has taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub(super) login: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) data: String,
}

#[derive(Debug, Default)]
struct State {
    taken: Vec<Taken>,
    heard: Vec<String>,
    connections: usize,
}

pub(super) struct Server {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(super) async fn start(trouble: Trouble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                tokio::spawn(serve(stream, trouble, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.state.lock().unwrap().heard.clone()
    }

    pub(super) fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

/// One line with its end taken off. A client must end every line with CR LF.
async fn line(stream: &mut BufStream<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    assert!(line.ends_with("\r\n"), "a bare line feed: {line:?}");
    Some(line.trim_end_matches("\r\n").to_owned())
}

async fn say(stream: &mut BufStream<TcpStream>, text: &str) -> Option<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn serve(stream: TcpStream, trouble: Trouble, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufStream::new(stream);
    say(&mut stream, "220 mail.test ESMTP").await?;
    let (mut greeted, mut message) = (false, Taken::default());
    loop {
        let command = line(&mut stream).await?;
        state.lock().unwrap().heard.push(command.clone());
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match trouble {
            Trouble::HangUpAt(place) if place == verb => return None,
            Trouble::SilentAt(place) if place == verb => std::future::pending::<()>().await,
            Trouble::Answer(place, answer) if place == verb => {
                say(&mut stream, answer).await?;
                continue;
            }
            _ => {}
        }
        match verb.as_str() {
            "EHLO" => {
                greeted = true;
                say(&mut stream, "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN").await?;
            }
            "AUTH" => {
                let given = command.rsplit(' ').next().unwrap_or_default();
                message.login = String::from_utf8(from_base64(given)).unwrap();
                say(&mut stream, "235 welcome").await?;
            }
            "MAIL" if greeted => {
                message.from = between(&command);
                say(&mut stream, "250 ok").await?;
            }
            "RCPT" if !message.from.is_empty() => {
                assert!(message.to.is_empty(), "a second recipient");
                message.to = between(&command);
                say(&mut stream, "250 ok").await?;
            }
            "DATA" if !message.to.is_empty() => {
                say(&mut stream, "354 go on").await?;
                loop {
                    let text = line(&mut stream).await?;
                    if text == "." {
                        break;
                    }
                    // A leading dot was doubled on the way (RFC 5321, section 4.5.2).
                    message.data.push_str(text.strip_prefix('.').unwrap_or(&text));
                    message.data.push_str("\r\n");
                }
                match trouble {
                    Trouble::HangUpAt(".") => return None,
                    Trouble::SilentAt(".") => std::future::pending::<()>().await,
                    Trouble::Answer(".", answer) => {
                        say(&mut stream, answer).await?;
                        continue;
                    }
                    _ => {}
                }
                let login = message.login.clone();
                let whole = std::mem::replace(&mut message, Taken { login, ..Taken::default() });
                state.lock().unwrap().taken.push(whole);
                say(&mut stream, "250 taken").await?;
                if matches!(trouble, Trouble::HangUpBetween) {
                    return None;
                }
            }
            "RSET" | "NOOP" => say(&mut stream, "250 ok").await?,
            "QUIT" => {
                say(&mut stream, "221 bye").await?;
                return None;
            }
            _ => say(&mut stream, "503 bad sequence of commands").await?,
        }
    }
}

fn between(command: &str) -> String {
    let start = command.find('<').unwrap() + 1;
    command[start..command.find('>').unwrap()].to_owned()
}

fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        bits = bits << 6 | LETTERS.iter().position(|known| *known == letter).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

pub(super) fn from_quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let (mut rest, mut bytes) = (text.as_bytes(), Vec::new());
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' {
            let pair = std::str::from_utf8(&tail[..2]).unwrap();
            bytes.push(u8::from_str_radix(pair, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}
