"""Simple objective measures of a style: one number for one answer."""

import json
import re

PIRATE = re.compile(r"\b(arr+|ahoy|avast|matey|mateys|ye|yer|yo ho|aye|scallywags?)\b", re.I)
BARD = re.compile(r"\b(thou|thee|thy|hath|doth|'?tis|forsooth|verily|prithee|hark|lo|"
                  r"gentle soul|\w{3,}eth)\b", re.I)
# Function words of French that are not also common English words.
FRENCH = set("le la les un une des du de et est sont dans pour il elle ils elles vous nous que "
             "qui ne pas avec sur au aux ce cette ou avez votre vos peut plus très".split())


def pirate(answer):
    return float(bool(PIRATE.search(answer)))


def bard(answer):
    return float(bool(BARD.search(answer)))


def upper_case(answer):
    letters = [c for c in answer if c.isalpha()]
    return sum(c.isupper() for c in letters) / max(1, len(letters))


def french(answer):
    found = re.findall(r"\w+", answer.lower())
    return sum(word in FRENCH for word in found) / max(1, len(found))


def lines(answer):
    return [line for line in answer.splitlines() if line.strip()]


def bullets(answer):
    return float(len(lines(answer)) >= 2 and all(x.startswith("- ") for x in lines(answer)))


def three_lines(answer):
    return float(len(lines(answer)) == 3)


def json_object(answer):
    try:
        value = json.loads(answer)
    except ValueError:
        return 0.0
    return float(isinstance(value, dict) and set(value) == {"topic", "answer"})


def words(answer):
    return float(len(answer.split()))


def robot(answer):
    return float(answer.lstrip().startswith("BEEP"))


def question(answer):
    return float(answer.rstrip().endswith("?"))
