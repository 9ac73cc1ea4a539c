//! A thousand texts and names that try to have a foreign file opened, in every field there is, with the kernel as the
//! witness: `strace` writes down every file that the program and its children open, and every command that they run.

use crate::program::{Program, root, told};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};

/// A word of each is somewhere in everything that no program may ask for.
const BAIT: &str = "bait";

/// How texts ask for a file, in the languages of ffmpeg (filters, protocols, playlists, options), libass, shells, TOML,
/// templates, XML and HTML; `@` stands for its name.
const ASKING: [&str; 42] = [
    "drawtext=textfile=@",
    "movie=@[out]",
    "amovie='@'",
    "subtitles=@",
    "ass=f=@",
    "lut3d=file=@",
    "[0:v]overlay;movie=@",
    "':textfile='@'",
    "\\':textfile=@:x='",
    "%{expr:@}",
    "%{metadata:@}",
    "file:@",
    "concat:@|@",
    "subfile,,start,0,end,9,,:@",
    "crypto:@",
    "data:text/plain,@",
    "async:@",
    "cache:file:@",
    "tee:@",
    "md5:@",
    "-i=@",
    "-vf=movie=@",
    "-filter_script:v=@",
    "/filter=@",
    "-attach=@",
    "{\\fn@}",
    "{\\an8\\fn@\\p1}",
    "{\\r@}",
    "[Fonts]\\Nfontname:@",
    "Dialogue:0,@",
    "#EXTM3U8:@",
    "file'@'",
    "$(cat<@)",
    "`cat<@`",
    "|cat<@",
    ";cat<@;",
    "<@",
    "{{include('@')}}",
    "{%include'@'%}",
    "<!ENTITY%a-SYSTEM'@'>",
    "<img/src='@'>",
    "@include(@)",
];

/// Marks that texts are dressed in.
const DRESSED: [(&str, &str); 5] =
    [("", ""), ("\u{202E}", ""), ("\u{2067}", ""), ("\u{1b}[31m", "\u{7}"), ("\u{2069}\u{200F}", "\u{FE0F}")];

/// The program under `strace`, which writes into `name` what it and its children open, run and connect to.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn strace(program: &Program, name: &str, arguments: &[&str]) -> Option<Output> {
    // Some containers let no process look at another.
    if let Ok(tried) = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output()
        && !tried.status.success()
    {
        eprintln!("SKIPPED: strace may not watch here: {}", told(&tried));
        return None;
    }
    let mut command = Command::new("strace");
    let calls = "trace=open,openat,openat2,creat,execve,execveat,connect";
    command.args(["-f", "-qq", "--seccomp-bpf", "-s", "1000000", "-e", calls, "-e", "signal=none", "-o", name]);
    let plain = program.command(arguments);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(program.folder.path());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    match command.output() {
        Ok(output) => Some(output),
        Err(_) => {
            let required = std::env::var("ORION_REQUIRE").unwrap_or_default();
            assert!(!required.split(',').any(|name| name == "strace"), "strace is required and not there");
            eprintln!("SKIPPED: needs strace (Debian: `apt-get install strace`)");
            None
        }
    }
}

/// Folders of the system: what programs are made of, and what they ask about the machine.
const SYSTEM: [&str; 12] = [
    "/lib",
    "/usr/lib",
    "/usr/share",
    "/usr/local/lib",
    "/usr/local/share",
    "/etc/ld.so",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/ssl",
    "/proc/",
    "/sys/",
    "/dev/",
];

/// The line and the file of everything that was opened, but for folders of the system and the test's own.
fn opened<'t>(program: &Program, trace: &'t str) -> Vec<(&'t str, &'t str)> {
    let folder = program.folder.path().canonicalize().unwrap().display().to_string();
    let calls: Vec<(&str, &str)> = trace
        .lines()
        .filter(|line| ["openat(", "open(", "creat(", "openat2("].iter().any(|call| line.contains(call)))
        .filter(|line| !line.contains("= -1 ") && !line.contains("<unfinished"))
        .map(|line| (line, line.split('"').nth(1).unwrap_or_default()))
        .collect();
    assert!(calls.len() > 20 && trace.contains("execve("), "strace saw nothing:\n{trace}");
    let known = |path: &str| {
        path.starts_with(&folder) || !path.starts_with('/') || SYSTEM.iter().any(|start| path.starts_with(start))
    };
    calls.into_iter().filter(|(_, path)| !known(path)).collect()
}

fn trace_of(program: &Program, name: &str) -> String {
    String::from_utf8_lossy(&fs::read(program.path(name)).unwrap()).into_owned()
}

/// Holds what was opened against what may be: also what harmless words have opened on this machine.
fn judge(program: &Program, usual: &BTreeSet<String>, name: &str) {
    let trace = trace_of(program, name);
    for line in trace.lines() {
        assert!(!line.contains(BAIT), "asked for: {line}");
        assert!(!line.contains("AF_INET"), "connected: {line}");
    }
    for (line, path) in opened(program, &trace) {
        assert!(usual.contains(path), "opened: {line}");
    }
}

#[test]
fn no_word_of_a_thousand_hostile_ones_opens_a_file() {
    let Some(program) = Program::find() else { return };
    fs::create_dir(program.path(BAIT)).unwrap();
    let mut count = 0;
    let mut hostile = || {
        let asking = ASKING[count % ASKING.len()];
        let (before, after) = DRESSED[count / ASKING.len() % DRESSED.len()];
        count += 1;
        let name = match count % 3 {
            0 => format!("{BAIT}/{count}"),
            1 => format!("/{BAIT}/{count}"),
            _ => format!("../{BAIT}{count}"),
        };
        fs::write(program.path(BAIT).join(count.to_string()), "secret").unwrap();
        format!("{before}{}{after}", asking.replace('@', &name))
    };

    let media = |name: &str, source: &str, more: &[&str]| {
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source]).args(more);
        let made = command.arg(format!("file:{name}")).current_dir(program.folder.path()).output().unwrap();
        assert!(made.status.success(), "{}", told(&made));
    };
    let clip =
        ["-f", "lavfi", "-i", "aevalsrc=0.4*sin(1200*t)*gt(sin(3*t)\\,0):s=48000", "-t", "20", "-pix_fmt", "yuv420p"];
    media("video.mp4", "testsrc2=size=180x320:rate=10", &clip);

    let quick = ["--silent", "--offline", "--quality", "draft", "--format", "1:1", "--fps", "24"];
    let plain = [
        vec!["caption", "video.mp4", "--script", "Plain words are said here.", "--out", "plain", "--quality", "draft"],
        [&["create", "--script", "Plain words are said here.", "--out", "plainer"][..], &quick].concat(),
    ];
    let mut usual = BTreeSet::new();
    for (number, arguments) in plain.iter().enumerate() {
        let name = format!("trace-plain-{number}");
        let Some(output) = strace(&program, &name, arguments) else { return };
        assert!(output.status.success(), "{}", told(&output));
        let trace = trace_of(&program, &name);
        usual.extend(opened(&program, &trace).into_iter().map(|(_, path)| path.to_owned()));
    }

    // Over somebody's own video: a thousand words.
    let words: Vec<String> = (0..1000).map(|_| hostile()).collect();
    program.file("words.txt", words.join(" ").as_bytes());
    let arguments = ["caption", "video.mp4", "--script", "words.txt", "--out", "captioned", "--quality", "draft"];
    let Some(output) = strace(&program, "trace-caption", &arguments) else { return };
    assert!(output.status.success(), "{}", told(&output));
    judge(&program, &usual, "trace-caption");
    let srt = fs::read_to_string(program.path("captioned/captions.srt")).unwrap();
    assert!(srt.contains("/bait/") && !srt.contains("secret"), "the words are shown as they are");

    // In a video of its own: title, lines, headings, template, brand, and names of files that are orders.
    let names =
        ["concat:x.png|y.jpg", "-i.png", "%03d.png", "subfile,,start,0,:z.jpg", "'`$(x)`';[0:v].png", "pipe:0.jpg"];
    for name in names {
        media(name, "mandelbrot=s=180x320", &["-frames:v", "1", "-update", "1"]);
    }
    let moving = "file,crypto:a|b.mp4";
    media(moving, "testsrc2=size=180x320:rate=10", &["-t", "1", "-pix_fmt", "yuv420p"]);
    media("-filter_complex.wav", "sine=r=8000", &["-t", "2"]);
    let mut script = String::new();
    for scene in 0..5 {
        let shows = match scene {
            0 | 1 => format!("@heading {} {}", hostile(), hostile()),
            2 => format!("@clip {moving}"),
            _ => format!("@image {}", names[scene - 3]),
        };
        let _ = write!(script, "{shows}\n{} says this {} and {}.\n\n", hostile(), hostile(), hostile());
    }
    program.file("script.txt", script.as_bytes());
    let quoted = |text: String| serde_json::to_string(&text.replace(['\u{1b}', '\u{7}'], " ")).unwrap();
    let template = format!("name = {}\ndescription = {}\n", quoted(hostile()), quoted(hostile()));
    program.file("template.toml", template.as_bytes());
    let bumper = |text: &str, a: String, b: String| format!("[{text}]\ntitle = {}\nline = {}\n", quoted(a), quoted(b));
    let brand = format!(
        "name = {}\n{}{}[lower_third]\nname = {}\nrole = {}\n",
        quoted(hostile()),
        bumper("intro", hostile(), hostile()),
        bumper("outro", hostile(), hostile()),
        quoted(hostile()),
        quoted(hostile()),
    );
    program.file("brand.toml", brand.as_bytes());
    let create = [&["create", "--out", "made"][..], &quick].concat();
    let more = ["--script", "script.txt", "--template", "template.toml", "--brand", "brand.toml"];
    // All of them are opened, whether they are shown or not.
    let dashed = format!("--image={}", names[1]);
    let files = [
        "--image",
        names[0],
        names[2],
        names[3],
        names[4],
        names[5],
        &dashed,
        "--speed",
        "2",
        "--music",
        "./-filter_complex.wav",
        "--clip",
        moving,
    ];
    let output = strace(&program, "trace-create", &[&create[..], &more, &files].concat()).unwrap();
    assert!(output.status.success(), "{}", told(&output));
    judge(&program, &usual, "trace-create");
    let trace = fs::read_to_string(program.path("trace-create")).unwrap();
    for part in ["\"x.png\"", "\"y.jpg\"", "\"z.jpg\"", "000.png", "/x.png\"", "/z.jpg\""] {
        assert!(!trace.contains(part), "a part of a name was taken for a name: {part}");
    }

    // And on the ways out.
    let output = strace(&program, "trace-export", &["runs", "export", "made", "--out", "project"]).unwrap();
    assert!(output.status.success(), "{}", told(&output));
    judge(&program, &usual, "trace-export");
    let preview = ["template", "preview", "template.toml", "--out", "sheet.png"];
    let output = strace(&program, "trace-preview", &preview).unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert!(root().is_dir() && count >= 1000, "{count}");

    // Files that are lists of other files, in the clothes of media.
    let lists = [
        "#EXTM3U\n#EXTINF:1,\n/bait/1\n",
        "ffconcat version 1.0\nfile '/bait/2'\n",
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"file:///bait/3\"/></svg>",
        "<?xml version=\"1.0\"?><MPD><Period><BaseURL>/bait/4</BaseURL></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "push graphic-context\nimage over 0,0 0,0 '/bait/5'\npop graphic-context\n",
    ];
    for (number, list) in lists.iter().enumerate() {
        for (flag, name) in [("--image", "list.png"), ("--clip", "list.mp4"), ("--music", "./list.wav")] {
            program.file(name, list.as_bytes());
            let trace = format!("trace-list-{number}");
            let refused = ["create", "--silent", "--offline", "--out", "refused", "--script", "Three words here."];
            let output = strace(&program, &trace, &[&refused[..], &[flag, name]].concat()).unwrap();
            assert!(!output.status.success() && told(&output).contains("error:"), "{flag} {list}: {}", told(&output));
            judge(&program, &usual, &trace);
        }
        program.file("list.mp4", list.as_bytes());
        let trace = format!("trace-own-{number}");
        let output = strace(&program, &trace, &["caption", "list.mp4", "--script", "Three words here."]).unwrap();
        assert!(!output.status.success(), "{list}");
        judge(&program, &usual, &trace);
    }
    assert!(!program.path("refused").exists());
}
