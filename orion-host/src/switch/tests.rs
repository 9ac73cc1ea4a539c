//! What is chosen, where it holds, and what it leaves alone.

use super::*;
use std::path::Path;

async fn orion(folder: &Path) -> Orion {
    on("", folder).await
}

/// On the record at an address; without one in a file of the folder.
async fn on(store: &str, folder: &Path) -> Orion {
    let mut built = Orion::builder().data_dir(folder).offline().silent();
    if !store.is_empty() {
        built = built.store(store);
    }
    built.writer("extractive:,ollama:llama3.2").build().await.unwrap()
}

fn choice(provider: &str, model: &str, fallback: bool) -> Choice {
    Choice { mode: Side::Local, provider: provider.to_owned(), model: model.to_owned(), fallback }
}

fn writers(orion: &Orion) -> Vec<String> {
    orion.production().director.writer.order().iter().map(ToString::to_string).collect()
}

fn critics(orion: &Orion) -> Vec<String> {
    orion.production().director.critic.order().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_choice_holds_in_every_process_and_after_a_restart() {
    a_choice_holds("").await;
}

#[tokio::test]
async fn a_choice_holds_on_postgres_too() {
    let Some(server) = orion_private_postgres::Server::shared() else { return };
    a_choice_holds(&server.database()).await;
}

async fn a_choice_holds(store: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (on(store, folder.path()).await, on(store, folder.path()).await);
    assert_eq!(writers(&one), ["extractive", "ollama/llama3.2"]);
    one.switch(Switchable::Llm, Some(choice("ollama", "", false))).await.unwrap();
    assert_eq!(
        (writers(&one), critics(&one)),
        (vec!["ollama/llama3.2".to_owned()], vec!["ollama/llama3.2".to_owned()])
    );
    assert_eq!(writers(&two).len(), 2, "not yet");
    two.follow_switches().await.unwrap();
    assert_eq!((writers(&two), critics(&two)), (writers(&one), critics(&one)));

    // A model that no setting names is set up, and those of the configuration follow.
    two.switch(Switchable::Llm, Some(choice("ollama", "mistral", true))).await.unwrap();
    let restarted = on(store, folder.path()).await;
    restarted.follow_switches().await.unwrap();
    one.follow_switches().await.unwrap();
    for orion in [&one, &two, &restarted] {
        assert_eq!(writers(orion), ["ollama/mistral", "extractive", "ollama/llama3.2"]);
        assert_eq!(critics(orion), ["ollama/mistral", "heuristic", "ollama/llama3.2"]);
    }
    let told = restarted.capabilities();
    assert_eq!(told[0].choice, Some(choice("ollama", "mistral", true)));
    assert_eq!(
        told[0].providers.iter().map(|standing| standing.place).collect::<Vec<_>>(),
        [Some(2), Some(3), Some(1)]
    );

    one.switch(Switchable::Llm, Some(choice("extractive", "", false))).await.unwrap();
    assert_eq!((writers(&one), critics(&one)), (vec!["extractive".to_owned()], vec!["heuristic".to_owned()]));
    one.switch(Switchable::Llm, None).await.unwrap();
    two.follow_switches().await.unwrap();
    assert_eq!((writers(&two).len(), critics(&two).len()), (2, 2));
    assert_eq!(two.capabilities()[0].choice, None);
}

#[tokio::test]
async fn every_capability_is_chosen_and_followed_also_where_nobody_was() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (orion(folder.path()).await, orion(folder.path()).await);
    let shown = |orion: &Orion, name: &str| {
        let standing = orion.capabilities().into_iter().find(|standing| standing.name == name).unwrap();
        let mut serving: Vec<_> = standing.providers.into_iter().filter(|standing| standing.place.is_some()).collect();
        serving.sort_by_key(|standing| standing.place);
        serving.into_iter().map(|standing| standing.provider.to_string()).collect::<Vec<_>>()
    };
    let names: Vec<&str> = one.capabilities().into_iter().map(|standing| standing.name).collect();
    assert_eq!(names, ["llm", "critic", "image", "video", "tts", "stt", "embeddings"]);
    // A side alone names nobody where nobody is set up.
    let error = one.switch(Switchable::Video, Some(choice("", "", false))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.hint().unwrap().contains("name a provider"), "{error:?}");
    for (capability, provider, model, before, after) in [
        (Switchable::Video, "comfyui", "", vec![], "comfyui/svd_xt_1_1"),
        (Switchable::Stt, "whisper", "base", vec![], "whisper/base"),
        (Switchable::Embeddings, "ollama", "bge-m3", vec!["built-in/hashed-ngrams"], "ollama/bge-m3"),
        (Switchable::Image, "comfyui", "", vec!["scene-graphics/cards-4"], "comfyui/sd_xl_base_1.0"),
        (Switchable::Tts, "espeak", "en", vec!["silent/silence"], ""),
    ] {
        let name = capability.as_str();
        assert_eq!(shown(&one, name), before, "{name}");
        match one.switch(capability, Some(choice(provider, model, true))).await {
            // It is not installed everywhere.
            Err(error) if provider == "espeak" => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
            switched => {
                switched.unwrap();
                two.follow_switches().await.unwrap();
                for orion in [&one, &two] {
                    let serving = shown(orion, name);
                    assert!(after.is_empty() || serving[0] == after, "{serving:?}");
                    assert_eq!(serving[1..], before, "{name}: those of the configuration follow");
                }
            }
        }
        one.switch(capability, None).await.unwrap();
        two.follow_switches().await.unwrap();
        assert_eq!((shown(&one, name), shown(&two, name)), (owned(&before), owned(&before)), "{name}");
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn without_a_memory_nobody_makes_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let config = crate::config::Config {
        data_dir: folder.path().to_owned(),
        voice: "silent:".to_owned(),
        vectors: "none:".to_owned(),
        ..Default::default()
    };
    let orion = Orion::builder().config(config).offline().build().await.unwrap();
    let error = orion.switch(Switchable::Embeddings, Some(choice("built-in", "", false))).await.unwrap_err();
    assert!(error.hint().unwrap().contains("`vectors`"), "{error:?}");
    assert!(orion.capabilities().last().unwrap().providers.is_empty());
}

#[tokio::test]
async fn what_cannot_be_set_up_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let orion = orion(folder.path()).await;
    let kept = choice("extractive", "", false);
    orion.switch(Switchable::Llm, Some(kept.clone())).await.unwrap();
    let cloud = Choice { mode: Side::Cloud, ..choice("", "", false) };
    let refused = [
        (choice("", "nobody", false), "nobody of this name"),
        (choice("no-such-scheme", "x", false), "no-such-scheme"),
        (cloud, "permits no provider"),
        (Choice { mode: Side::Cloud, ..choice("ollama", "llama3.2", false) }, "on the other side"),
    ];
    for (wrong, told) in refused {
        let error = orion.switch(Switchable::Llm, Some(wrong)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(format!("{error:?}").contains(told), "{error:?}");
        assert_eq!(writers(&orion), ["extractive"]);
    }
    assert_eq!(orion.capabilities()[0].choice, Some(kept));
}

#[tokio::test]
async fn what_can_be_done_without_is_switched_off_in_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (orion(folder.path()).await, orion(folder.path()).await);
    let serves = |orion: &Orion| (orion.production().media.clips.serves(), orion.transcriber().serves());
    one.switch(Switchable::Video, Some(choice("comfyui", "", false))).await.unwrap();
    one.switch(Switchable::Stt, Some(choice("whisper", "base", false))).await.unwrap();
    two.follow_switches().await.unwrap();
    assert_eq!((serves(&one), serves(&two)), ((true, true), (true, true)));
    for capability in [Switchable::Video, Switchable::Stt] {
        one.switch(capability, Some(choice(NOBODY, "", false))).await.unwrap();
    }
    two.follow_switches().await.unwrap();
    let restarted = orion(folder.path()).await;
    restarted.follow_switches().await.unwrap();
    for orion in [&one, &two, &restarted] {
        assert_eq!(serves(orion), (false, false));
        assert_eq!(orion.capabilities()[3].policy, Policy::Nobody);
    }
    for (capability, wrong) in [
        (Switchable::Llm, choice(NOBODY, "", false)),
        (Switchable::Image, choice(NOBODY, "", false)),
        (Switchable::Video, choice(NOBODY, "", true)),
        (Switchable::Video, choice(NOBODY, "x", false)),
    ] {
        let error = one.switch(capability, Some(wrong)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Invalid && error.hint().is_some(), "{error:?}");
    }
    two.switch(Switchable::Video, Some(choice("comfyui", "", false))).await.unwrap();
    assert_eq!(serves(&two), (true, false), "and on again");
}

#[tokio::test]
async fn choices_at_the_same_time_are_all_kept() {
    choices_are_all_kept("").await;
}

#[tokio::test]
async fn choices_at_the_same_time_are_all_kept_on_postgres_too() {
    let Some(server) = orion_private_postgres::Server::shared() else { return };
    choices_are_all_kept(&server.database()).await;
}

async fn choices_are_all_kept(store: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (on(store, folder.path()).await, on(store, folder.path()).await);
    let (image, voice) = (choice("scene-graphics", "", false), choice("silent", "", false));
    let (image, voice) =
        tokio::join!(one.switch(Switchable::Image, Some(image)), two.switch(Switchable::Tts, Some(voice)),);
    assert!(image.is_ok() && voice.is_ok(), "{image:?} {voice:?}");
    one.follow_switches().await.unwrap();
    let chosen = one.capabilities().into_iter().filter(|capability| capability.choice.is_some()).count();
    assert_eq!(chosen, 2);
}
