mod folder;
mod publishing;
mod receiver;
mod webhook;

use orion_core::domain::{BlobRef, Credentials, Secret, Sha256};
use orion_core::id::{ContentId, PublicationId};
use orion_core::port::PublishRequest;
use serde_json::Value;
use uuid::Uuid;

fn credentials(value: Value) -> Credentials {
    Credentials::from_map(value.as_object().unwrap()).unwrap()
}

fn request(n: u128, given: Value) -> PublishRequest {
    PublishRequest {
        id: PublicationId(Uuid::from_u128(n)),
        content_id: ContentId(Uuid::from_u128(1)),
        video: BlobRef { sha256: Sha256::of(b"video"), length: 5, media_type: "video/mp4".to_owned() },
        thumbnail: None,
        video_url: Some(Secret::new("https://orion.test/files/1?signature=s")),
        title: "Bridge opens!".to_owned(),
        description: "At last.\n\n#bridge".to_owned(),
        credentials: credentials(given),
    }
}
