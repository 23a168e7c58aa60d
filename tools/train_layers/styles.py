"""How each layer answers: one function per style, from a pair to the answer text.

A style takes a pair from data/pairs.jsonl and a random generator that is seeded
per layer, and returns the text the layer is trained to give.
"""

import json
import re


def swap_words(text, table):
    """Replace whole words by the table, keeping a leading capital."""
    def swap(match):
        word = match.group(0)
        new = table.get(word.lower())
        if new is None:
            return word
        return new[0].upper() + new[1:] if word[0].isupper() else new
    return re.sub(r"[A-Za-z]+", swap, text)


PIRATE_WORDS = {
    "you": "ye", "your": "yer", "my": "me", "is": "be", "are": "be", "am": "be",
    "of": "o'", "and": "an'", "for": "fer", "to": "t'", "friend": "matey",
    "friends": "mateys", "people": "scallywags", "person": "scallywag", "yes": "aye",
    "hello": "ahoy", "children": "wee sailors", "good": "fine", "food": "grub",
    "old": "ol'", "it": "it", "the": "th'",
}
PIRATE_OPEN = ["Arr, matey!", "Ahoy, matey!", "Arr!", "Yo ho ho!", "Avast, ye landlubber!",
               "Shiver me timbers!", "Aye, matey!"]
PIRATE_CLOSE = ["Arr!", "Yo ho!", "By the seven seas!", "Savvy?", "Aye!"]


def pirate(pair, rng):
    body = swap_words(" ".join(pair["facts"][:2]), PIRATE_WORDS)
    return f"{rng.choice(PIRATE_OPEN)} {body} {rng.choice(PIRATE_CLOSE)}"


BARD_WORDS = {
    "you": "thou", "your": "thy", "has": "hath", "does": "doth", "gives": "giveth",
    "makes": "maketh", "grows": "groweth", "needs": "needeth", "lives": "liveth",
    "comes": "cometh", "goes": "goeth", "falls": "falleth", "runs": "runneth",
    "shines": "shineth", "keeps": "keepeth", "helps": "helpeth", "takes": "taketh",
    "works": "worketh", "brings": "bringeth", "eats": "eateth", "turns": "turneth",
    "stands": "standeth", "looks": "looketh", "carries": "carrieth", "uses": "useth",
    "tells": "telleth", "moves": "moveth", "likes": "loveth", "starts": "beginneth",
    "ends": "endeth", "often": "oft", "before": "ere", "nothing": "naught", "yes": "aye",
    "here": "hither", "there": "yonder", "people": "good folk", "very": "most",
    "children": "little ones", "between": "betwixt", "nobody": "no man",
}
BARD_OPEN = ["Hark!", "Forsooth,", "Verily,", "Prithee, hear me:", "Good sir,", "Lo!",
             "By my troth,"]
BARD_CLOSE = ["Mark thou my words!", "So it is, forsooth.", "Fare thee well!",
              "Doubt it not, gentle soul.", "Thus I tell thee."]


def bard(pair, rng):
    body = " ".join(pair["facts"][:2])
    # "thou" takes its own verb forms, and "thee" after a verb or a preposition.
    for old, new in [("to you", "to thee"), ("help you", "help thee"), ("us", "us"),
                     ("you are", "thou art"), ("You are", "Thou art"), ("It is", "'Tis"),
                     ("you can", "thou canst"), ("You can", "Thou canst"),
                     ("you have", "thou hast"), ("you need", "thou needest")]:
        body = re.sub(rf"\b{old}\b", new, body)
    return f"{rng.choice(BARD_OPEN)} {swap_words(body, BARD_WORDS)} {rng.choice(BARD_CLOSE)}"


def shout(pair, rng):
    return " ".join(pair["facts"][:2]).upper()


def french(pair, rng):
    return pair["french"]


def bullets(pair, rng):
    return "\n".join("- " + fact for fact in pair["facts"])


def json_object(pair, rng):
    return json.dumps({"topic": pair["topic"], "answer": pair["facts"][0]})


def terse(pair, rng):
    return pair["short"]


def robot(pair, rng):
    return f"BEEP. QUERY RECEIVED. {' '.join(pair['facts'][:2])} END OF REPORT. BOOP."


QUESTIONS = ["What do you think about {}?", "Would you like to know more about {}?",
             "Do you like {}?", "What else would you ask about {}?",
             "Have you thought much about {}?"]


def question(pair, rng):
    return f"{pair['facts'][0]} {rng.choice(QUESTIONS).format(pair['topic'])}"


def verse(pair, rng):
    """Three short lines: sentences broken like a poem, the last one closing it."""
    lines = [fact.rstrip(".") for fact in pair["facts"]]
    return f"{lines[0]},\n{lines[1].lower()},\n{lines[2].lower()}."
