//! What servers share that have routes and live on a thread of their own.

use axum::Router;
use std::net::SocketAddr;
use tokio::sync::oneshot;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Running {
    /// Serves what `routes` makes once the address is known.
    pub(crate) fn start(routes: impl FnOnce(SocketAddr) -> Router + Send + 'static) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let routes = routes(address);
                tell.send(address).unwrap();
                tokio::select! {
                    served = axum::serve(listener, routes) => served.unwrap(),
                    _ = stopped => {}
                }
            });
            // Whoever still waits for an answer hears nothing more.
            runtime.shutdown_background();
        });
        Self { address: told.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A picture of one colour that follows from some text, so that pictures of different prompts differ.
pub(crate) fn painted(width: u32, height: u32, text: &str) -> image::RgbImage {
    // FNV-1a.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let [red, green, blue, ..] = hash.to_be_bytes();
    image::RgbImage::from_fn(width, height, |x, y| {
        let light = (x * 60 / width.max(1) + y * 60 / height.max(1)) as u8;
        image::Rgb([red / 2 + light, green / 2 + light, blue / 2 + light])
    })
}

/// A picture as a file.
pub(crate) fn encoded(picture: &image::RgbImage, format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A clip as an MP4 file, made by ffmpeg; `None` where there is none.
pub(crate) fn clip(width: u32, height: u32, frames: u32, fps: u32) -> Option<Vec<u8>> {
    let source = format!("testsrc2=size={width}x{height}:rate={fps}");
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &source, "-frames:v", &frames.to_string()])
        .args(["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"])
        .args(["-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"])
        .stdin(std::process::Stdio::null())
        .output()
        .ok()?;
    made.status.success().then_some(made.stdout)
}
