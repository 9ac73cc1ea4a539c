//! Other programs as children: text in through a pipe, bounded output, a deadline, and no child left behind.

use orion_core::{Cancellation, Error, ErrorKind, Result};
use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

/// What a child may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Time it has.
    pub(crate) deadline: Duration,
    /// Bytes it may write.
    pub(crate) output: u64,
}

/// What a child wrote and whether it succeeded.
#[derive(Debug)]
pub(crate) struct Output {
    /// Whether it ended with status zero.
    pub(crate) success: bool,
    /// All it wrote.
    pub(crate) stdout: Vec<u8>,
    /// The end of what it complained about.
    pub(crate) complaint: String,
}

/// Runs a program to its end. It is killed when the deadline passes, when it writes too much, when the operation is
/// cancelled, and when the future is dropped.
///
/// # Errors
/// `Unavailable` if it cannot be started, `Timeout`, `Exhausted`, `Cancelled`; [`Error::starved`] if the machine has no
/// memory or process left for it.
pub(crate) async fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: &[A],
    input: &[u8],
    limits: Limits,
    cancellation: &Cancellation,
) -> Result<Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            let new = match error.kind() {
                std::io::ErrorKind::OutOfMemory | std::io::ErrorKind::WouldBlock => {
                    Error::starved("the machine has no memory or process left for the program")
                }
                _ => Error::unavailable("the program cannot be started"),
            };
            new.with_context("program", program).with_source(error)
        })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let work = async {
        let write = async {
            if let Some(mut stdin) = stdin {
                // A child that does not read all of it says why on its own.
                let _ = stdin.write_all(input).await;
                let _ = stdin.shutdown().await;
            }
        };
        let ((), stdout, stderr) = tokio::join!(write, read(stdout, limits.output), read(stderr, 1 << 20));
        let (stdout, stderr) = (stdout?, stderr?);
        let status = child.wait().await;
        Ok::<_, std::io::Error>((status?, stdout, stderr))
    };
    let (status, stdout, stderr) = tokio::select! {
        () = cancellation.cancelled() => return Err(Error::cancelled()),
        done = tokio::time::timeout(limits.deadline, work) => done
            .map_err(|_| Error::new(ErrorKind::Timeout, "the program took too long")
                .with_context("program", program)
                .with_context("seconds", limits.deadline.as_secs()))?
            .map_err(|error| Error::new(
                if error.kind() == std::io::ErrorKind::FileTooLarge { ErrorKind::Exhausted } else { ErrorKind::Unexpected },
                "the output of the program cannot be read")
                .with_context("program", program)
                .with_source(error))?,
    };
    if was_killed(status) {
        return Err(Error::starved("the machine has no memory left for the program")
            .with_context("program", program)
            .with_hint("end other programs, or give this machine or container more memory"));
    }
    let complaint = String::from_utf8_lossy(&stderr);
    let lines: Vec<&str> = complaint.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let complaint = lines[lines.len().saturating_sub(3)..].join("; ").chars().take(600).collect();
    Ok(Output { success: status.success(), stdout, complaint })
}

/// Whether the system has killed it: for want of memory, as nobody here kills what is still waited for.
fn was_killed(status: std::process::ExitStatus) -> bool {
    #[cfg(unix)]
    return std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
    #[cfg(not(unix))]
    false
}

async fn read(pipe: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(most + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > most {
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "more output than allowed"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { deadline: Duration::from_secs(20), output: 1 << 20 };

    #[tokio::test]
    async fn text_goes_through() {
        let text = "äöü\n".repeat(50_000);
        let output = run("cat", &["-"], text.as_bytes(), LIMITS, &Cancellation::new()).await.unwrap();
        assert!(output.success);
        assert_eq!(output.stdout, text.as_bytes());
    }

    #[tokio::test]
    async fn limits_hold() {
        let kind = |result: Result<Output>| result.map(|_| ()).unwrap_err().kind();
        let short = Limits { deadline: Duration::from_millis(50), ..LIMITS };
        assert_eq!(kind(run("sleep", &["30"], b"", short, &Cancellation::new()).await), ErrorKind::Timeout);
        assert_eq!(kind(run("yes", &[""; 0], b"", LIMITS, &Cancellation::new()).await), ErrorKind::Exhausted);
        assert_eq!(
            kind(run("no-such-program", &[""; 0], b"", LIMITS, &Cancellation::new()).await),
            ErrorKind::Unavailable
        );
        let cancellation = Cancellation::new();
        cancellation.cancel();
        assert_eq!(kind(run("sleep", &["30"], b"", LIMITS, &cancellation).await), ErrorKind::Cancelled);
        let failed = run("sh", &["-c", "echo no voice >&2; exit 3"], b"", LIMITS, &Cancellation::new()).await.unwrap();
        assert!(!failed.success);
        assert_eq!(failed.complaint, "no voice");
        let killed = run("sh", &["-c", "kill -9 $$"], b"", LIMITS, &Cancellation::new()).await.unwrap_err();
        assert!(killed.is_starved() && killed.hint().is_some(), "{killed:?}");
    }
}
