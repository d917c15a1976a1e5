#!/usr/bin/env python3
"""Checks docs/coverage.md: which line of which program stands for each item of the five source documents.

Usage: coverage.py             checks; prints one line for each problem and exits 1 where there is one
       coverage.py --update    finds each quoted name again and rewrites the line numbers and links
       coverage.py --add NAME  adds rows for the items of ../shared/source-documents/NAME that have none, with a guess of
                               the place where the item's own text stands in exactly one line

The file has a `## NAME.md` for each document, with a line that names its folder: Program: `examples/portal-api/`.
Below it stand the document's own headings, each with a table of three columns:

    | Item | Where | How |
    | Health endpoint returns 200 | [portal-api.rollout:88](...) `stage canary » health > 99.9%` | |

`Where` is one or more places: a file of the folder and the text that its line holds, in backticks. A » B is the first line
with B from the first line with A on, for texts that stand more than once. Without backticks the line holds the item's own text.
A place may be written without number and link, `portal-api.rollout` and the text: --update adds them. A row whose places
are all documentation (.md) says in `How` why nothing is executed.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COVERAGE = ROOT / "docs" / "coverage.md"
DOCUMENTS = ROOT.parent / "shared" / "source-documents"

NAMES = [
    "1-user-profile-api.md",
    "2-proofile-sprint-7.5.md",
    "3-order-processing-blue-green.md",
    "4-portal-api-canary.md",
    "5-userprofile-checklist.md",
]

HEADER = ["| Item | Where | How |", "|---|---|---|"]
PLACE = re.compile(r"(?:\[([\w.-]+)(?::(\d+))?\]\([^)]*\)|([\w-]+\.(?:rollout|md|sql|sh|json|py|yml))(?::\d+)?)(?:\s+`([^`]+)`)?")


# ---------------------------------------------------------------- the documents


def repaired(text):
    """UTF-8 that was once read as Windows-1252 and saved again, as one of the documents was."""
    if "â€" not in text and "ðŸ" not in text and "âœ" not in text:
        return text
    raw = bytearray()
    for character in text:
        try:
            raw += character.encode("cp1252")
        except UnicodeEncodeError:
            raw += character.encode("latin-1") if ord(character) < 256 else character.encode("utf-8")
    return raw.decode("utf-8", errors="replace")


def plain(text):
    """The words of an item: without emphasis, ticks, quotes of code and pictograms, and with single blanks."""
    text = re.sub(r"[*`\\]", "", text)
    text = re.sub(r"\[ \]|[\u2190-\u21ff\u2600-\u27bf\ufe0f\ufffd\U0001f000-\U0001faff]", " ", text)
    return re.sub(r"\s+", " ", text).strip(" :.")


def items_of_code(lines):
    """The commands of a code block, continued lines joined; comments where they do more than introduce the next line."""
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines()
    for number, line in enumerate(joined):
        text = line.strip()
        after = joined[number + 1].strip() if number + 1 < len(joined) else ""
        comment = text.startswith(("#", "--"))
        introduces = comment and after and not after.startswith(("#", "--"))
        if text and not (introduces and not re.search(r"[Ee]xpected|should|criteria|Target", text)):
            yield re.sub(r"^(#|--)\s*", "", text)


def items_of(text):
    """[(heading, [item, ...])] of a document, in its order; what stands above the first section belongs to the title."""
    text = re.sub(r"<!--.*?-->", "", repaired(text), flags=re.S)
    sections, code, table = [["", []]], None, 0
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("```"):
            if code is not None:
                sections[-1][1] += items_of_code(code)
            code = [] if code is None else None
            continue
        if code is not None:
            code.append(line)
            continue
        heading = re.match(r"#+\s+(.*)", bare)
        table = table + 1 if bare.startswith("|") else 0
        if heading:
            sections.append([plain(heading.group(1)), []])
        elif table:
            cells = [cell.strip() for cell in bare.strip("|").split("|")]
            if table > 2 and any(cells):
                sections[-1][1].append(" · ".join(cell for cell in cells if cell))
        else:
            item = re.sub(r"^([-*]|\d+\.)\s+(\[ \]\s+)?|^>\s*", "", bare)
            if not re.fullmatch(r"-*|\*\*[^*]+:\*\*", item):  # a label alone is no item
                sections[-1][1].append(item)
    return [(heading, [item for item in items if plain(item)]) for heading, items in sections if heading]


# ---------------------------------------------------------------- the coverage file


def cells_of(line):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def row_of(item, where, how):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (item, where, how)) + " |"


class Places:
    """Finds the lines that rows quote, in the files of one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.lines = {}

    def lines_of(self, name):
        if name not in self.lines:
            path = ROOT / self.folder / name
            text = path.read_text(encoding="utf-8") if path.is_file() else None
            # A program's scenarios repeat what it says, so only what stands above them counts.
            self.lines[name] = None if text is None else re.split(r"^(?=(?:world|scenario) )", text, flags=re.M)[0].splitlines()
        return self.lines[name]

    def find(self, name, quoted, item):
        """The number of the line, or a text that says what is wrong."""
        lines = self.lines_of(name)
        if lines is None:
            return f"there is no file {self.folder}{name}"
        own = f'item "{plain(item)}"'
        wanted = quoted.split(" » ") if quoted else [own if any(own in plain(line) for line in lines) else plain(item)]
        first = 0
        for text in wanted:
            found = next((n for n in range(first, len(lines)) if text in lines[n] or text in plain(lines[n])), None)
            if found is None:
                return f"{name} has no line with `{text}`" + (f" after `{wanted[0]}`" if text != wanted[0] else "")
            first = found
        if len(wanted) == 1:
            again = [n + 1 for n in range(first + 1, len(lines)) if wanted[0] in lines[n] and name.endswith(".rollout")]
            if again:
                return f"`{wanted[0]}` stands in more than one line of {name} ({first + 1}, {again[0]}): say after which with »"
        return first + 1

    def guess(self, item):
        text = plain(item)
        hits = []
        for path in sorted((ROOT / self.folder).glob("*.rollout")):
            lines = [plain(line) for line in self.lines_of(path.name)]
            as_item = [path.name for line in lines if f'item "{text}"' in line]
            hits += as_item or [path.name for line in lines if text in line]
        return hits[0] if len(text) > 5 and len(hits) == 1 else ""


def check_row(places, item, where, how, report):
    """Reports what is wrong with a row; returns its `Where` with the right numbers and links."""
    found = list(PLACE.finditer(where))
    if not found:
        report(f"`{item}` has no place")
        return where
    if all((match.group(1) or match.group(3)).endswith(".md") for match in found) and not how:
        report(f"`{item}` is only documented; say why nothing is executed")
    written = []
    for match in found:
        name, quoted = match.group(1) or match.group(3), match.group(4)
        number = places.find(name, quoted, item)
        if isinstance(number, str):
            report(f"`{item}`: {number}")
            written.append(match.group(0))
            continue
        if match.group(2) != str(number):
            report(f"`{item}` is now in line {number} of {name}: run tests/lint/coverage.py --update", mended=True)
        link = f"[{name}:{number}](../{places.folder}{name}#L{number})"
        written.append(link + (f" `{quoted}`" if quoted else ""))
    return "<br>".join(written)


def read(lines, report):
    """Checks the rows. Returns the lines with right numbers and {document: {heading: [item]}}."""
    covered, written, name, heading, places, document = {}, [], None, None, None, {}
    for number, line in enumerate(lines, 1):
        title = re.match(r"(#+)\s+(.*)", line)
        if title and len(title.group(1)) == 2:
            name, heading, places = title.group(2), None, None
            document = covered.setdefault(name, [])
        elif title and len(title.group(1)) > 2:
            heading = title.group(2)
            document.append((heading, []))
        elif match := re.match(r"Program: `([^`]+)`", line):
            places = Places(match.group(1))
        elif line.startswith("|") and line not in HEADER and heading:
            cells = cells_of(line)
            if len(cells) != 3 or places is None:
                report(f"docs/coverage.md:{number}: not a row of three columns below a `Program:` line")
            else:
                document[-1][1].append(cells[0])
                where = check_row(places, *cells, lambda text, mended=False: report(f"docs/coverage.md:{number}: {text}", mended))
                line = row_of(cells[0], where, cells[2])
        written.append(line)
    return written, covered


def compare(name, covered, report):
    """Reports the items of a document without a row, and rows of no item."""
    path = DOCUMENTS / name
    if not path.is_file():
        return
    expected = [(heading, plain(item)) for heading, items in items_of(path.read_text(encoding="utf-8")) for item in items]
    present = [(plain(heading), plain(item)) for heading, items in covered for item in items]
    for entry in expected:
        if entry in present:
            present.remove(entry)
        else:
            report(f"{name}, {entry[0]}: `{entry[1]}` has no row")
    for heading, item in present:
        report(f"{name}, {heading}: `{item}` is a row, but no item of the document")


def add(name, lines):
    """The lines with the missing rows of a document, below its headings and in its order."""
    start = lines.index(f"## {name}")
    end = next((n for n in range(start + 1, len(lines)) if lines[n].startswith("## ")), len(lines))
    head_end = next((n for n in range(start + 1, end) if lines[n].startswith("### ")), end)
    folder = next(match.group(1) for line in lines[start:head_end] if (match := re.match(r"Program: `([^`]+)`", line)))
    places = Places(folder)
    known, heading = {}, None
    for line in lines[head_end:end]:
        if line.startswith("### "):
            heading = plain(line[4:])
        elif line.startswith("|") and line not in HEADER:
            known.setdefault((heading, plain(cells_of(line)[0])), []).append(line)
    body = []
    for heading, items in items_of((DOCUMENTS / name).read_text(encoding="utf-8")):
        if items:
            body += [f"### {heading}", "", *HEADER]
            for item in items:
                rows = [row for row in known.get((heading, plain(item)), []) if cells_of(row)[1]]
                shown = re.sub(r"<(?=\w)", r"\\<", re.sub(r"[*`\ufffd]", "", item)).strip()
                if rows:
                    known[(heading, plain(item))].remove(rows[0])
                body.append(rows[0] if rows else row_of(shown, places.guess(item), ""))
            body.append("")
    while head_end > start and not lines[head_end - 1].strip():
        head_end -= 1
    return lines[:head_end] + [""] + body + lines[end:]


def main():
    arguments = sys.argv[1:]
    lines = COVERAGE.read_text(encoding="utf-8").splitlines()
    if arguments[:1] == ["--add"]:
        lines = add(arguments[1], lines)
    problems = []

    def report(text, mended=False):
        if not (mended and arguments):
            problems.append(text)

    written, covered = read(lines, report)
    if arguments:
        COVERAGE.write_text("\n".join(written).rstrip("\n") + "\n", encoding="utf-8")
    for name in NAMES:
        if name in covered:
            compare(name, covered[name], report)
        else:
            report(f"docs/coverage.md has no section for {name}")
    rows = sum(len(items) for document in covered.values() for _, items in document)
    print("\n".join(problems) if problems else f"{rows} items of {len(covered)} documents stand in the programs")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
