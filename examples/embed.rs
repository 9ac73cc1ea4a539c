//! The engine inside another program: a script in, a finished video out.

use orion_core::port::Encoder;
use orion_host::{CreateRequest, Operation, Orion, Subject};

#[tokio::main]
async fn main() -> orion_host::Result<()> {
    let folder = std::env::temp_dir().join(format!("orion-embed-{}", std::process::id()));
    let orion = Orion::builder().data_dir(folder.join("data")).silent().offline().build().await?;
    let script = "This video was made by another program.\n\nIt asked Orion in a few lines.\n\nFollow for more.";
    let subject = Subject::Script { script: script.to_owned() };
    let request = CreateRequest { encoder: Encoder::Draft, ..CreateRequest::new(subject) };
    let made = orion.create(request, folder.join("video"), &Operation::detached()).await?;
    assert!(made.video.is_file(), "the video is there");
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
