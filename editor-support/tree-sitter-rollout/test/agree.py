#!/usr/bin/env python3
"""agree.py ROLLOUTC: the committed parser and the compiler agree on every Rollout program of the repository: the .rollout
files, the blocks of the documentation, and the wrong and the right program of each page of `rolloutc explain`.

Both accept a program, or both find a syntax error in it (the compiler: a diagnostic E01xx). Also compares the corpus of
test/corpus with the trees that the parser gives today, and runs the queries. Needs cc and libtree-sitter-dev.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GRAMMAR = HERE.parent
ROOT = GRAMMAR.parent.parent

# The programs about which they differ, and why. One about which they agree again has to leave the table.
DIFFERENT = {
    "compiler/diagnostics/explain/E0125.md, program 1": "clauses come in any order; that none comes twice is not in the grammar",
    "compiler/diagnostics/explain/E0127.md, program 1": "`_` is taken as an argument everywhere; where it may stand is not in the grammar",
}


def compile_parser(folder):
    program = folder / "tree"
    subprocess.run(
        ["cc", "-O1", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", GRAMMAR / "src", "-o", program, HERE / "tree.c",
         GRAMMAR / "src" / "parser.c", GRAMMAR / "src" / "scanner.c", "-ltree-sitter"], check=True)
    return program


def sources():
    found = []
    for folder in ("examples", "stdlib", "tests", "editor-support"):
        found += sorted((ROOT / folder).rglob("*.rollout"))
    return [path for path in found if "node_modules" not in path.parts]


def compiler_accepts(rolloutc, path):
    said = subprocess.run([rolloutc, "check", "--format", "json", path], capture_output=True, check=False)
    if said.returncode not in (0, 1):
        raise SystemExit(f"agree: rolloutc cannot check {path}:\n{said.stderr.decode(errors='replace')}")
    diagnostics = [json.loads(line) for line in said.stdout.decode(errors="replace").splitlines()]
    return not any(d["code"].startswith("E01") and d["file"] == str(path) for d in diagnostics)


def documented(folder):
    """The blocks of the documentation as files: (name, path)."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")),
             *sorted((ROOT / "compiler" / "diagnostics" / "explain").glob("*.md"))]
    for page in pages:
        blocks = re.findall(r"^```rollout.*\n((?:.*\n)*?)```$", page.read_text(), flags=re.MULTILINE)
        for number, block in enumerate(blocks, start=1):
            path = folder / f"{page.stem}_{number}.rollout"
            path.write_text(block)
            yield f"{page.relative_to(ROOT)}, program {number}", path


def compare_programs(program, rolloutc, folder):
    programs = [(str(path.relative_to(ROOT)), path) for path in sources()] + list(documented(folder))
    answers = subprocess.run([program, *(path for _, path in programs)], capture_output=True, text=True, check=True)
    problems = []
    for (name, path), answer in zip(programs, answers.stdout.splitlines(), strict=True):
        ours = answer.startswith("accepts ")
        theirs = compiler_accepts(rolloutc, path)
        if ours == theirs and name in DIFFERENT:
            problems.append(f"{name}: they agree now; take it from the table of differences")
        if ours != theirs and name not in DIFFERENT:
            who = "the compiler accepts it, the editors' parser does not" if theirs else \
                "the compiler finds a syntax error, the editors' parser none"
            problems.append(f"{name}: {who}")
    missing = set(DIFFERENT) - {name for name, _ in programs}
    problems += [f"{name}: in the table of differences, but there is no such program" for name in sorted(missing)]
    print(f"{len(programs)} programs compared, {len(DIFFERENT)} known differences")
    return problems


def cases(text):
    """The cases of a corpus file: (name, source, tree, expects an error)."""
    parts = re.split(r"^===+\n(.+)\n((?::.*\n)*)===+\n", text, flags=re.MULTILINE)
    for name, attributes, body in zip(parts[1::3], parts[2::3], parts[3::3]):
        source, tree = re.split(r"^---+\n", body, maxsplit=1, flags=re.MULTILINE)
        yield name.strip(), source.strip("\n") + "\n", tree, ":error" in attributes


def normal(tree):
    """A tree without its layout, and without the names of fields."""
    return re.sub(r"\s+\)", ")", re.sub(r"\s+", " ", re.sub(r"\b[a-z_]+: ", "", tree))).strip()


def compare_corpus(program, folder):
    problems = []
    count = 0
    for corpus in sorted((HERE / "corpus").glob("*.txt")):
        for name, source, tree, error in cases(corpus.read_text()):
            count += 1
            path = folder / "case.rollout"
            path.write_text(source)
            got = subprocess.run([program, "--print", path], capture_output=True, text=True, check=True).stdout
            if error != ("(ERROR" in got or "(MISSING" in got):
                problems.append(f"{corpus.name}: {name}: an error is {'' if error else 'not '}expected:\n  {normal(got)}")
            elif not error and normal(got) != normal(tree):
                problems.append(f"{corpus.name}: {name}: another tree:\n  {normal(got)}\n  instead of\n  {normal(tree)}")
    print(f"{count} cases of the corpus compared")
    return problems


def compare_words():
    """The scanner knows the words that the compiler knows."""
    compiler = (ROOT / "grammar" / "syntax_kind.def").read_text()
    theirs = set(re.findall(r'^SYNTAX_KIND\(Keyword\w+, "`(\w+)`"', compiler, flags=re.MULTILINE)) | {"_"}
    ours = set(re.findall(r'X\(WORD_\w+, "(\w+)"', (GRAMMAR / "src" / "words.h").read_text()))
    print(f"{len(ours)} words compared")
    return [f"words.js: `{word}` is a word only {'here' if word in ours else 'for the compiler'}"
            for word in sorted(ours ^ theirs)]


def count_queries(program):
    """Each pattern of each query compiles and matches something in the programs of the repository."""
    problems = []
    queries = sorted((GRAMMAR / "queries").glob("*.scm"))
    for query in queries:
        ran = subprocess.run([program, "--query", query, *sources()], capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            problems.append(f"{query.name}: {ran.stderr.strip()}")
        for line in ran.stdout.splitlines():
            if line.startswith("0 "):
                place = int(line.rsplit(" ", 1)[1])
                problems.append(f"{query.name}: matches nothing: {query.read_text()[place:].splitlines()[0]}")
    print(f"{len(queries)} queries compiled")
    return problems


def main():
    rolloutc = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = compile_parser(folder)
        problems = compare_programs(program, rolloutc, folder) + compare_corpus(program, folder) + count_queries(program)
    problems += compare_words()
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
