"""The video of a plan (JSON) by MoviePy: python beside_moviepy.py PLAN OUT."""

import json
import sys
from collections.abc import Callable
from typing import Any

from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, TextClip, vfx


def place(plan: dict[str, Any], scene: dict[str, Any], seen: float) -> Callable[[float], tuple[float, float]]:
    """Where the upper left corner of a scene's picture is: it grows around its middle, and may be pushed in."""

    def at(time: float) -> tuple[float, float]:
        grown = -plan["zoom"] * time / seen / 2
        away = max(0.0, 1 - time / scene["fade"]) if scene["fade"] else 0.0
        x = grown + (away if scene["kind"] == "push_left" else 0.0)
        y = grown + (away if scene["kind"] == "push_up" else 0.0)
        return (x * plan["width"], y * plan["height"])

    return at


def main(plan_file: str, out: str) -> None:
    """Makes it."""
    with open(plan_file, encoding="utf-8") as file:
        plan = json.load(file)
    size = (plan["width"], plan["height"])
    clips, start = [], 0.0
    for index, scene in enumerate(plan["scenes"]):
        last = index + 1 == len(plan["scenes"])
        seen = scene["seconds"] + (0 if last else plan["scenes"][index + 1]["fade"])
        clip = ImageClip(scene["picture"]).with_duration(seen)
        clip = clip.with_effects([vfx.Resize(lambda time, seen=seen: 1 + plan["zoom"] * time / seen)])
        clip = clip.with_position(place(plan, scene, seen))
        if scene["kind"] in ("crossfade", "wipe"):
            clip = clip.with_effects([vfx.CrossFadeIn(scene["fade"])])
        clips.append(clip.with_start(start))
        start += scene["seconds"]
    for cue in plan["captions"]:
        text = TextClip(
            font=plan["font"], text=cue["text"].upper(), font_size=int(plan["size"]), color="white",
            stroke_color="black", stroke_width=max(1, round(plan["outline"])), method="caption",
            size=(int(size[0] * 0.8), None), text_align="center",
        )
        text = text.with_position("center")
        clips.append(text.with_start(cue["start"]).with_duration(cue["end"] - cue["start"]))
    video = CompositeVideoClip(clips, size=size).with_duration(start)
    sound = AudioFileClip("sound.wav")
    video = video.with_audio(sound.subclipped(0, min(start, sound.duration)))
    settings = ["-crf", plan["crf"], "-x264-params", plan["x264"], "-g", plan["group"], "-pix_fmt", "yuv420p"]
    video.write_videofile(
        out, fps=plan["rate"], codec="libx264", preset=plan["preset"], threads=int(plan["threads"]),
        audio_codec="aac", audio_bitrate="192k", ffmpeg_params=[*settings, "-movflags", "+faststart"], logger=None,
    )


main(sys.argv[1], sys.argv[2])
