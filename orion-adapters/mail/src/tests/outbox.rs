//! The outbox folder.

use super::mail;
use crate::OutboxMailer;
use orion_core::ErrorKind;
use orion_core::port::Mailer;
use std::fs;

#[tokio::test]
async fn messages_become_files_of_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = OutboxMailer::open(folder.path().join("mail/outbox"), "noreply@orion.example").unwrap();
    let many = (0..10).map(|_| {
        let outbox = outbox.clone();
        tokio::spawn(async move { outbox.send(&mail()).await })
    });
    for sent in many.collect::<Vec<_>>() {
        sent.await.unwrap().unwrap();
    }
    let files: Vec<_> = fs::read_dir(folder.path().join("mail/outbox")).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 10);
    for file in files {
        assert!(file.file_name().to_str().unwrap().ends_with(".eml"), "{file:?}");
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.contains("To: reader@example.org\r\n") && text.contains("s3cret"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("mail/outbox")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[tokio::test]
async fn an_outbox_that_is_gone_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("outbox");
    let outbox = OutboxMailer::open(&place, "noreply@orion.example").unwrap();
    fs::remove_dir(&place).unwrap();
    fs::write(&place, "a file").unwrap();
    let error = outbox.send(&mail()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(OutboxMailer::open(&place, "noreply@orion.example").is_err());
    assert_eq!(OutboxMailer::open(folder.path(), "nobody").unwrap_err().kind(), ErrorKind::Invalid);
}
