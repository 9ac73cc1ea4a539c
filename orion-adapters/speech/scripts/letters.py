"""Learns the letter-to-sound rules in src/english/letters.txt from a pronouncing dictionary.

    python3 letters.py cmudict_data.json > letters.txt

The dictionary is the CMU Pronouncing Dictionary (BSD licence) in the JSON form that piper-plus-g2p carries. Letters
and phonemes are aligned by expectation maximisation, each letter giving none, one or two phonemes. Then contexts are
widened step by step, and a rule is kept where it corrects more letters than it spoils by GAIN. One word in ten is held
out; the accuracy on those goes to standard error.
"""

import collections
import json
import math
import sys

GAIN = 4
# Letters to the left and right that a rule sees, narrow to wide.
SIZES = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3)]
IPA = dict(
    AA="ɑː", AE="æ", AH="ʌ", AO="ɔː", AW="aʊ", AY="aɪ", B="b", CH="tʃ", D="d", DH="ð", EH="ɛ", ER="ɜː", EY="eɪ", F="f",
    G="ɡ", HH="h", IH="ɪ", IY="iː", JH="dʒ", K="k", L="l", M="m", N="n", NG="ŋ", OW="oʊ", OY="ɔɪ", P="p", R="ɹ", S="s",
    SH="ʃ", T="t", TH="θ", UH="ʊ", UW="uː", V="v", W="w", Y="j", Z="z", ZH="ʒ",
)


def ipa(phoneme):
    stress = phoneme[-1] if phoneme[-1].isdigit() else ""
    sound = {"AH0": "ə", "ER0": "ɚ"}.get(phoneme) or IPA[phoneme.rstrip("012")]
    return {"1": "ˈ", "2": "ˌ"}.get(stress, "") + sound


def align(word, sounds, score):
    """The best split of the sounds over the letters, by dynamic programming."""
    best = {(0, 0): (0.0, None, None)}
    for i, letter in enumerate(word):
        for j in range(len(sounds) + 1):
            if (i, j) not in best:
                continue
            for n in range(3):
                if j + n > len(sounds):
                    break
                part = tuple(sounds[j : j + n])
                value = best[i, j][0] + score(letter, part)
                if (i + 1, j + n) not in best or value > best[i + 1, j + n][0]:
                    best[i + 1, j + n] = (value, (i, j), part)
    at = (len(word), len(sounds))
    if at not in best:
        return None
    parts = []
    while best[at][1] is not None:
        _, before, part = best[at]
        parts.append(part)
        at = before
    return parts[::-1]


def main():
    words = [
        (word, [phoneme for phoneme in said.split()])
        for word, said in sorted(json.load(open(sys.argv[1])).items())
        if word.isascii() and word.isalpha() and 2 <= len(word) <= 14
    ]
    # A word whose letters are named teaches nothing about reading.
    words = [(word, said) for word, said in words if len(said) <= len(word) + 2 and any(c in "aeiouy" for c in word)]
    held = [pair for index, pair in enumerate(words) if index % 10 == 7]
    taught = [pair for index, pair in enumerate(words) if index % 10 != 7]
    bare = lambda said: [phoneme.rstrip("012") for phoneme in said]
    sample = taught[::4]
    table, total = collections.Counter(), collections.Counter()
    for turn in range(5):
        if turn == 0:
            score = lambda letter, part: -1.0 - 1.5 * abs(len(part) - 0.9)
        else:
            counts, sums = table, total
            score = lambda letter, part: math.log((counts[letter, part] + 0.01) / (sums[letter] + 10))
        new_table, new_total = collections.Counter(), collections.Counter()
        for word, said in sample:
            for letter, part in zip(word, align(word, bare(said), score) or []):
                new_table[letter, part] += 1
                new_total[letter] += 1
        table, total = new_table, new_total
    counts, sums = table, total
    score = lambda letter, part: math.log((counts[letter, part] + 0.01) / (sums[letter] + 10))

    def cases(pairs):
        for word, said in pairs:
            parts = align(word, bare(said), score)
            if parts is None:
                continue
            at, padded = 0, "^^^" + word + "$$$"
            for index, part in enumerate(parts):
                sound = "".join(ipa(phoneme) for phoneme in said[at : at + len(part)])
                at += len(part)
                yield padded, index + 3, sound

    def key(padded, at, left, right):
        return f"{padded[at - left : at]}[{padded[at]}]{padded[at + 1 : at + 1 + right]}"

    rules = {}

    def read(padded, at):
        for left, right in reversed(SIZES):
            sound = rules.get(key(padded, at, left, right))
            if sound is not None:
                return sound
        return ""

    lessons = list(cases(taught))
    for left, right in SIZES:
        seen = collections.defaultdict(collections.Counter)
        now = {}
        for padded, at, sound in lessons:
            context = key(padded, at, left, right)
            seen[context][sound] += 1
            if context not in now:
                now[context] = read(padded, at)
        for context, sounds in seen.items():
            sound, count = sounds.most_common(1)[0]
            if (left, right) == (0, 0) or count - sounds[now[context]] >= GAIN:
                rules[context] = sound
    strip = lambda text: text.replace("ˈ", "").replace("ˌ", "")
    right_letters = letters = right_words = 0
    for word, said in held:
        padded = "^^^" + word + "$$$"
        got = "".join(read(padded, at + 3) for at in range(len(word)))
        want = "".join(ipa(phoneme) for phoneme in said)
        right_words += strip(got) == strip(want)
    for padded, at, sound in cases(held):
        letters += 1
        right_letters += strip(read(padded, at)) == strip(sound)
    print(f"{len(rules)} rules; held out: {right_letters / letters:.3f} of letters, {right_words / len(held):.3f} of words", file=sys.stderr)
    print("# Letter-to-sound rules: LEFT[LETTER]RIGHT and the sound; ^ and $ are the ends of the word. Widest wins.")
    print("# Learned by scripts/letters.py from the CMU Pronouncing Dictionary, (c) Carnegie Mellon University, BSD licence.")
    for context in sorted(rules):
        print(context, rules[context], sep="\t")


main()
