"""What other programs leave in pasted text, made into what the page and the paper can show. Tidying twice changes nothing more."""

import re
import unicodedata

# Of Word, PowerPoint, PDFs and web pages: vertical tab, form feed, next line, line and paragraph separator, a carriage return alone.
_BREAK = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Soft hyphen, zero-width space, word joiner, byte order mark: they only say where a line may break.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Between letters of Arabic, Persian or an Indian script, and within emoji, they change what is read; after Latin letters they do nothing.
_JOINER = re.compile("(?:^|(?<=[\x00-\u024f\u2000-\u206f]))[\u200c\u200d]+")
# The fonts Symbol and Wingdings, which number their signs from U+F020: Word’s and PowerPoint’s bullets, and any sign that begins a line.
_BULLET = re.compile(
    "[\uf06c\uf06e\uf06f\uf071\uf073\uf075-\uf077\uf09e\uf09f\uf0a7\uf0a8\uf0b7\uf0d8\uf0fc\uf0fe]|(?m:^)[\uf020-\uf0ff](?=[ \t\u00a0])"
)
_ARROWS = str.maketrans({"\uf0df": "←", "\uf0e0": "→", "\uf0e7": "←", "\uf0e8": "→"})
_SPACES = re.compile(" {2,}")
# In one line these are spaces too; a line break that somebody typed is not, because it would join what they wrote as two.
_ODD_SPACES = dict.fromkeys(map(ord, "\t\v\f\u00a0\u1680\u202f\u205f\u3000"), " ") | dict.fromkeys(range(0x2000, 0x200B), " ")
_LINE_BREAKS = {"\n", "\t"}
_WORDS_NAMED, _LONGEST_NAMED = 3, 40


def tidy(text: str, *, one_line: bool = False) -> str:
    """Never longer than it was. What takes too long to normalise is still to be refused."""
    text = text if one_line else _BREAK.sub("\n", text)
    if not text.isascii():
        text = _JOINER.sub("", _INVISIBLE.sub("", text)).strip()
        text = _BULLET.sub("•", text.translate(_ARROWS))
    return (_in_one_line(text) if one_line else text).strip()


def normalise(text: str) -> str:
    """In NFC, in which a joiner may stand after a Latin letter that was another before."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _JOINER.sub("", unicodedata.normalize("NFC", text)))


def _in_one_line(text: str) -> str:
    """Spaces that somebody typed twice stay as they are where nothing was pasted."""
    with_spaces = text.translate(_ODD_SPACES)
    return text if with_spaces == text else _SPACES.sub(" ", with_spaces)


def ensure_printable(text: str, *, one_line: bool = False) -> None:
    """Raise ValueError, and name the place by the text before it."""
    if text.isprintable():
        return
    bad = next((at for at, character in enumerate(text) if not _is_printable(character, one_line)), None)
    if bad is not None:
        raise ValueError(f"this contains a character that can’t be stored or printed, {_place(text[:bad])}. Delete it there.")


def _place(before: str) -> str:
    words = " ".join(before[-200:].split()[-_WORDS_NAMED:])[-_LONGEST_NAMED:].strip()
    return f"after “{words}”" if words else "at the start"


def _is_printable(character: str, one_line: bool) -> bool:
    if one_line:
        return character.isprintable()
    return character in _LINE_BREAKS or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in "\ufffe\uffff")
