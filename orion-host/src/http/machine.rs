//! The machine this runs on, as the dashboard shows it (contract, section 1.11). Read from `/proc` at most once a
//! second: anybody may ask, and must not be able to keep it busy.

use super::ApiError;
use axum::http::StatusCode;
use serde::Serialize;
use std::fs;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::Mutex;
use utoipa::ToSchema;

/// No answer is older.
const FRESH: Duration = Duration::from_secs(1);
/// Between two looks at the counters of the processors.
const SAMPLE: Duration = Duration::from_millis(100);
/// The tool of the graphics cards answers by then, or is not there.
const TOOL: Duration = Duration::from_secs(5);
/// What a helper of Windows writes for Linux to read.
const WINDOWS_FILE: &str = "/tmp/orion-host-metrics.json";
/// Older than this it says nothing.
const WINDOWS_FRESH: Duration = Duration::from_secs(10);

/// The machine.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(super) struct SystemInfo {
    hostname: String,
    os: &'static str,
    platform: String,
    architecture: &'static str,
    num_cpu: usize,
    runtime: String,
    /// Percent.
    cpu_usage: f64,
    /// Percent of each processor.
    cpu_per_core: Vec<f64>,
    memory_total: u64,
    memory_used: u64,
    memory_free: u64,
    /// Percent.
    memory_usage: f64,
    disk_total: u64,
    disk_used: u64,
    disk_free: u64,
    /// Percent.
    disk_usage: f64,
    /// Of this program: `2h 3m`.
    uptime: String,
    uptime_seconds: f64,
    is_wsl: bool,
    /// `linux`, `wsl` or `windows_host`.
    metrics_source: &'static str,
}

/// One graphics card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Gpu {
    name: String,
    pub(super) vram_total_mb: f64,
    pub(super) vram_used_mb: f64,
    vram_free_mb: f64,
    pub(super) utilization_percent: f64,
    pub(super) temperature_c: f64,
    power_draw_w: f64,
    clock_gpu_mhz: f64,
    clock_mem_mhz: f64,
    #[schema(required)]
    fan_speed_percent: Option<f64>,
    driver_version: String,
    cuda_version: String,
}

/// The graphics cards.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Gpus {
    pub(super) gpus: Vec<Gpu>,
}

type Kept<T> = Mutex<Option<(Instant, T)>>;

/// What is known of the machine.
#[derive(Debug)]
pub(super) struct Machine {
    started: Instant,
    info: Kept<SystemInfo>,
    gpus: Kept<Option<Gpus>>,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), info: Mutex::default(), gpus: Mutex::default() }
    }

    /// How long this program has run.
    pub(super) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// The machine; with `host`, the Windows below it if there is one that tells.
    pub(super) async fn info(&self, host: bool) -> Result<serde_json::Value, ApiError> {
        if host && let Some(told) = told_by_windows() {
            return Ok(told);
        }
        let mut kept = self.info.lock().await;
        let info = match &*kept {
            Some((at, info)) if at.elapsed() < FRESH => info.clone(),
            _ => {
                let info = self.look().await.ok_or_else(|| {
                    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "this system tells nothing about itself")
                })?;
                *kept = Some((Instant::now(), info.clone()));
                info
            }
        };
        Ok(serde_json::to_value(info).map_err(orion_core::Error::from)?)
    }

    async fn look(&self) -> Option<SystemInfo> {
        let before = processors()?;
        tokio::time::sleep(SAMPLE).await;
        let after = processors()?;
        let usage: Vec<f64> = before.iter().zip(&after).map(|(before, after)| busy(*before, *after)).collect();
        let (cpu_usage, cpu_per_core) = usage.split_first()?;
        let memory = fs::read_to_string("/proc/meminfo").ok()?;
        let memory = |name: &str| memory_of(&memory, name);
        let (memory_total, memory_free) = (memory("MemTotal:")?, memory("MemAvailable:")?);
        let disk = rustix::fs::statvfs("/").ok()?;
        let (disk_total, disk_free) = (disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize);
        let disk_used = disk_total.saturating_sub(disk.f_bfree * disk.f_frsize);
        let memory_used = memory_total.saturating_sub(memory_free);
        let is_wsl = fs::read_to_string("/proc/version").is_ok_and(|text| text.to_lowercase().contains("microsoft"));
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Some(SystemInfo {
            hostname: fs::read_to_string("/proc/sys/kernel/hostname").ok()?.trim().to_owned(),
            os: std::env::consts::OS,
            platform: format!("{}/{architecture}", std::env::consts::OS),
            architecture,
            num_cpu: cpu_per_core.len(),
            runtime: format!("orion {}", env!("CARGO_PKG_VERSION")),
            cpu_usage: *cpu_usage,
            cpu_per_core: cpu_per_core.to_vec(),
            memory_total,
            memory_used,
            memory_free,
            memory_usage: percent(memory_used, memory_total),
            disk_total,
            disk_used,
            disk_free,
            disk_usage: percent(disk_used, disk_total),
            uptime: spoken(self.uptime()),
            uptime_seconds: self.uptime().as_secs_f64(),
            is_wsl,
            metrics_source: if is_wsl { "wsl" } else { "linux" },
        })
    }

    /// The graphics cards, if there is a tool that knows them.
    pub(super) async fn gpus(&self) -> Result<Gpus, ApiError> {
        let mut kept = self.gpus.lock().await;
        let gpus = match &*kept {
            Some((at, gpus)) if at.elapsed() < FRESH => gpus.clone(),
            _ => {
                let gpus = nvidia().await;
                *kept = Some((Instant::now(), gpus.clone()));
                gpus
            }
        };
        gpus.ok_or_else(|| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "no NVIDIA tool or graphics card is here"))
    }
}

/// Ticks of all processors together, then of each: those that were idle, and all.
fn processors() -> Option<Vec<(u64, u64)>> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let lines = text.lines().take_while(|line| line.starts_with("cpu"));
    let ticks = lines.map(|line| {
        let ticks: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|tick| tick.parse().ok()).collect();
        // The fourth and fifth are idle and waiting for disks.
        (ticks.iter().skip(3).take(2).sum(), ticks.iter().sum())
    });
    Some(ticks.collect())
}

fn busy(before: (u64, u64), after: (u64, u64)) -> f64 {
    let all = after.1.saturating_sub(before.1);
    let idle = after.0.saturating_sub(before.0);
    percent(all.saturating_sub(idle), all)
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 10_000.0).round() / 100.0 }
}

fn memory_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// `1d 2h 3m`, `2h 3m` or `3m`.
pub(super) fn spoken(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h {minutes}m"),
    }
}

fn told_by_windows() -> Option<serde_json::Value> {
    let age = fs::metadata(WINDOWS_FILE).ok()?.modified().ok()?.elapsed().ok()?;
    let mut told: serde_json::Value = serde_json::from_slice(&fs::read(WINDOWS_FILE).ok()?).ok()?;
    told.as_object_mut()?.insert("metrics_source".to_owned(), "windows_host".into());
    (age <= WINDOWS_FRESH).then_some(told)
}

async fn nvidia() -> Option<Gpus> {
    const FIELDS: &str = "name,memory.total,memory.used,memory.free,utilization.gpu,temperature.gpu,power.draw,\
                          clocks.gr,clocks.mem,fan.speed,driver_version";
    let run = |arguments: &[&str]| {
        let output = Command::new("nvidia-smi").args(arguments).kill_on_drop(true).output();
        async move {
            let output = tokio::time::timeout(TOOL, output).await.ok()?.ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        }
    };
    let listed = run(&[&format!("--query-gpu={FIELDS}"), "--format=csv,noheader,nounits"]).await?;
    let about = run(&[]).await.unwrap_or_default();
    let cuda = about.split("CUDA Version:").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    let gpus: Vec<Gpu> = listed.lines().filter_map(|line| gpu(line, cuda)).collect();
    (!gpus.is_empty()).then_some(Gpus { gpus })
}

/// One line of the tool's table; what a card does not know is zero, but for the fan.
fn gpu(line: &str, cuda: &str) -> Option<Gpu> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    let number = |place: usize| cells.get(place)?.parse::<f64>().ok();
    let known = |place: usize| number(place).unwrap_or_default();
    Some(Gpu {
        name: (*cells.first().filter(|name| !name.is_empty())?).to_owned(),
        vram_total_mb: known(1),
        vram_used_mb: known(2),
        vram_free_mb: known(3),
        utilization_percent: known(4),
        temperature_c: known(5),
        power_draw_w: known(6),
        clock_gpu_mhz: known(7),
        clock_mem_mhz: known(8),
        fan_speed_percent: number(9),
        driver_version: (*cells.get(10)?).to_owned(),
        cuda_version: cuda.to_owned(),
    })
}

#[cfg(test)]
impl Gpus {
    /// Two cards, as the tool tells of them.
    pub(super) fn sample() -> Self {
        let line = "NVIDIA L4, 23034, 1, 22565, 3, 41, 16.80, 210, 405, [N/A], 550.90.07";
        Self { gpus: [line; 2].into_iter().filter_map(|line| gpu(line, "12.4")).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_spoken_as_clients_show_it() {
        for (seconds, text) in [(0, "0m"), (3599, "59m"), (7380, "2h 3m"), (93_780, "1d 2h 3m")] {
            assert_eq!(spoken(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn cards_are_read_from_the_tools_table() {
        let line = "NVIDIA H100 80GB HBM3, 81559, 12, 81012, 7, 31, 69.42, 345, 2619, [N/A], 550.90.07";
        let card = gpu(line, "12.4").unwrap();
        assert_eq!((card.vram_total_mb, card.power_draw_w, card.fan_speed_percent), (81559.0, 69.42, None));
        assert_eq!((card.name.as_str(), card.cuda_version.as_str()), ("NVIDIA H100 80GB HBM3", "12.4"));
        assert!(gpu("", "12.4").is_none());
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn the_machine_tells_of_itself_and_is_asked_once_a_second() {
        let machine = Machine::new();
        let first = machine.info(false).await.unwrap();
        assert!(first["memory_total"].as_u64().unwrap() > first["memory_used"].as_u64().unwrap());
        assert!(first["disk_total"].as_u64().unwrap() > 0 && first["num_cpu"].as_u64().unwrap() > 0);
        let begun = Instant::now();
        assert_eq!(machine.info(false).await.unwrap()["uptime_seconds"], first["uptime_seconds"]);
        assert!(begun.elapsed() < SAMPLE, "the second answer is kept from the first");
    }
}
