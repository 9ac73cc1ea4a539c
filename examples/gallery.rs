//! Makes the contact sheets of `examples/gallery`: whole videos in several scripts, shapes, templates and layouts, of each
//! of which some frames are shown. `cargo run --release -p orion-examples --example gallery -- examples/gallery`.

use orion_adapters::graphics::{contact, picture};
use orion_core::MediaTime;
use orion_core::domain::timeline::Format;
use orion_core::id::UserId;
use orion_core::port::{BlobStoreExt, Encoder};
use orion_host::{CreateRequest, Error, Operation, Orion, Result, Subject, style};
use std::path::{Path, PathBuf};

/// Height of a frame on the sheet, and the gap between two, in pixels.
const GAP: u32 = 12;
/// Quality of the sheets.
const QUALITY: u8 = 80;

/// One video: its name, shape, template, caption style and script, whose scenes are parted by `|`.
struct Sample {
    name: &'static str,
    format: Format,
    template: &'static str,
    captions: &'static str,
    brand: bool,
    script: &'static str,
}

const fn sample(name: &'static str, format: Format, template: &'static str, script: &'static str) -> Sample {
    Sample { name, format, template, captions: "tiktok", brand: false, script }
}

fn samples() -> Vec<Sample> {
    use Format::{Horizontal, Portrait, Square, Vertical};
    vec![
        sample(
            "bridge",
            Vertical,
            "",
            "The oldest bridge of the town is about to fall.|The bridge opened in 1912, burned down in 1954 and was \
             rebuilt in 1961.|Divers found 40 cracks in the pillars of the bridge.|The toll rises from £2 to £5 for each \
             car.|What do you think? Tell us in the comments.",
        ),
        sample(
            "power",
            Vertical,
            "newsroom",
            "Half of the power now comes from the wind.|Coal made 40 percent of the power, gas 25 percent and wind 20 \
             percent.|The last coal plant closed near Bergen, Norway.|“Nobody misses the smoke,” said Ann Roe.|Follow for \
             the next story.",
        ),
        Sample {
            brand: true,
            captions: "youtube",
            ..sample(
                "harbour",
                Vertical,
                "",
                "The harbour was empty that morning.|The storm hit the coast with broken bridges, old houses and power \
                 lines.|The mill, once a ruin, is now a school for dancers.|Follow for more.",
            )
        },
        sample(
            "arabic",
            Vertical,
            "atlas",
            "أعلنت الحكومة اليوم ميزانية جديدة للمدارس.|ارتفعت الميزانية بنسبة 25% مقارنة بالعام الماضي.|سيبدأ العمل بالقانون الجديد في الشهر \
             المقبل.|تابعونا لمعرفة المزيد من الأخبار.",
        ),
        sample(
            "chinese",
            Vertical,
            "bold",
            "政府今天宣布了新的学校预算，总额达到二十五亿元。|预算比去年增长百分之八。|明年一月开始实施新的规定。|请在评论中告诉我们你的想法。",
        ),
        sample(
            "hindi",
            Vertical,
            "",
            "सरकार ने आज स्कूलों के लिए नए बजट की घोषणा की।|बजट पिछले साल से 8% अधिक है।|नए नियम अगले महीने से लागू होंगे।|हमें कमेंट में बताएं।",
        ),
        sample(
            "russian",
            Vertical,
            "quiet",
            "Правительство объявило сегодня о новом бюджете школ.|Бюджет вырос на 25% за один год.|Новые правила начнут \
             действовать в январе.|Подпишитесь, чтобы узнать больше.",
        ),
        sample(
            "thai",
            Vertical,
            "bold",
            "รัฐบาลประกาศงบประมาณใหม่ สำหรับโรงเรียนทั่วประเทศ|งบประมาณเพิ่มขึ้น 8% จากปีที่แล้ว|กฎใหม่จะเริ่มใช้ ในเดือนหน้า|ติดตามข่าวต่อไป ได้ที่นี่ทุกวัน",
        ),
        sample(
            "science",
            Horizontal,
            "",
            "The Moon drifts away from the Earth.|It drifts away by about 3.8 centimetres a year.|The day was 18 hours in \
             the old sea, 21 hours in the age of ferns and 24 hours today.|In Tokyo, a clock counts the difference.|Follow \
             for the next story.",
        ),
        sample(
            "german",
            Horizontal,
            "newsroom",
            "Die Stadt baut ihre Brücken neu.|Die Maut steigt von 2 Euro auf 5 Euro.|Kohle lieferte 40 Prozent, Gas 25 \
             Prozent und Wind 35 Prozent.|Folge uns für mehr.",
        ),
        sample(
            "greek",
            Horizontal,
            "quiet",
            "Η κυβέρνηση ανακοίνωσε σήμερα τον νέο προϋπολογισμό.|Ο προϋπολογισμός αυξήθηκε κατά 25% σε έναν χρόνο.|Οι νέοι \
             κανόνες ισχύουν από τον Ιανουάριο.|Ακολουθήστε μας για περισσότερα.",
        ),
        sample(
            "japanese",
            Square,
            "atlas",
            "政府は今日、学校のための 新しい予算案を発表しました。|予算は昨年より 8% 増えました。|新しい規則は 来月から始まります。|コメントで ご意見を お聞かせください。",
        ),
        sample(
            "list",
            Square,
            "bold",
            "The new editor runs on everything you own.|It runs well in the office, on iOS, Android, Blackberry and Windows \
             Phone.|Nobody paid for it.|The team turned the tool from a toy into a product.|Share this with someone who \
             should know.",
        ),
        sample(
            "hebrew",
            Portrait,
            "",
            "הממשלה הודיעה היום על תקציב חדש לבתי הספר.|התקציב גדל ב-25% לעומת השנה שעברה.|הכללים החדשים ייכנסו לתוקף בחודש הבא.|עקבו אחרינו לעוד חדשות.",
        ),
        sample(
            "korean",
            Portrait,
            "newsroom",
            "정부는 오늘 새로운 예산안을 발표했습니다.|예산은 작년보다 8% 늘었습니다.|새로운 규정은 다음 달부터 시행됩니다.|댓글로 의견을 알려 주세요.",
        ),
    ]
}

#[tokio::main]
async fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "examples/gallery".to_owned()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let data = std::env::temp_dir().join(format!("orion-gallery-{}", std::process::id()));
    let orion = Orion::builder().data_dir(&data).store("memory:").blobs("memory:").silent().offline().build().await?;
    let mut sheets: Vec<(Format, Vec<Vec<_>>)> = Format::ALL.iter().map(|format| (*format, Vec::new())).collect();
    for sample in samples() {
        let files = frames(&orion, &sample).await.map_err(|error| error.with_context("video", sample.name))?;
        let pictures = files.iter().map(|file| picture::decode(file)).collect::<Result<Vec<_>>>()?;
        let sheet = sheets.iter_mut().find(|(format, _)| *format == sample.format);
        sheet.into_iter().for_each(|(_, rows)| rows.push(pictures.clone()));
    }
    for (format, videos) in sheets {
        // Upright videos stand two in a row.
        let (beside, height) = match format {
            Format::Vertical => (2, 330),
            Format::Horizontal => (1, 250),
            _ => (1, 280),
        };
        let rows: Vec<Vec<_>> = videos.chunks(beside).map(<[_]>::concat).collect();
        let sheet = contact(&rows, height, GAP)?;
        let name = format!("{}.jpg", format.as_str().replace(':', "x"));
        std::fs::write(folder.join(name), picture::encode_jpeg(&sheet, QUALITY)?).map_err(failed)?;
    }
    let _ = std::fs::remove_dir_all(data);
    Ok(())
}

/// Makes a video, and gives a frame of each of its scenes, four at most, as PNG files: that in which its last word is said,
/// when everything has come in.
async fn frames(orion: &Orion, sample: &Sample) -> Result<Vec<Vec<u8>>> {
    let subject = Subject::Script { script: sample.script.replace('|', "\n\n") };
    let mut request = CreateRequest { encoder: Encoder::Draft, ..CreateRequest::new(subject) };
    request.canvas = sample.format.canvas(24);
    request.captions = sample.captions.to_owned();
    request.template = style::template(sample.template)?;
    if sample.brand {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/brand/brand.toml");
        let brand = style::BrandFile::read(&file)?;
        request.brand = Some(orion.brand(&brand, request.canvas).await?);
    }
    let operation = Operation::detached();
    let run = orion.start(UserId::SYSTEM, request, &operation).await?;
    let run = orion.production().advance(run.id, &operation).await?;
    let product = orion.product(run.id).await?;
    let timeline = &product.timeline;
    let scenes = timeline.scenes.len();
    let mut files = Vec::new();
    let mut border = MediaTime::ZERO;
    for (index, scene) in timeline.scenes.iter().enumerate() {
        // The first and the last, and those between that there is room for.
        let shown = scenes <= 4 || index < 3 || index + 1 == scenes;
        let end = border + scene.duration;
        let said = timeline.captions.cues.iter().rev().find(|cue| cue.start >= border && cue.start < end);
        let last = said.and_then(|cue| cue.words.last());
        let at = last
            .map_or(border + MediaTime(scene.duration.0 * 4 / 5), |word| MediaTime((word.start.0 + word.end.0) / 2));
        border = end;
        if shown {
            let frame = orion.production().editor.renderer.frame(timeline, at).await?;
            files.push(orion.blobs().require(&frame).await?.to_vec());
        }
    }
    Ok(files)
}

fn failed(source: std::io::Error) -> Error {
    Error::unexpected("cannot write the gallery").with_source(source)
}
