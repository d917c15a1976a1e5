#!/usr/bin/env python3
"""Whether `rolloutc check --format sarif` writes SARIF 2.1.0: against the schema of the standard, and what a schema cannot say.

Usage: sarif.py ROLLOUTC. Checks the findings of every wrong program of the tests, then damages a document in many ways: each of the
damaged ones has to be refused, or the check itself is worth nothing. Exits 1 where something is wrong.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

try:
    import jsonschema
except ImportError:
    sys.exit("sarif: the Debian package python3-jsonschema is not installed")

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "tests/lint/sarif/sarif-schema-2.1.0.json").read_text())
URI_REFERENCE = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?#]|%[0-9A-F]{2})*")


def lines_of(uri, folder):
    path = folder / urllib.parse.unquote(uri)
    if not path.is_file():
        return None
    text = path.read_bytes().decode("utf-8", errors="surrogateescape").removeprefix("\ufeff")
    return [line.removesuffix("\r") for line in text.split("\n")]


def objects(value, key):
    """Every object that stands under the key, anywhere in the value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, dict):
                yield inner
            yield from objects(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, key)


def region_problems(region, lines):
    begin = (region["startLine"], region["startColumn"])
    end = (region.get("endLine", begin[0]), region.get("endColumn", begin[1]))
    if end < begin:
        yield f"a region ends before it begins: {region}"
    for line, column in (begin, end):
        if line > len(lines) or column > len(lines[line - 1]) + 1:
            yield f"a region lies outside of its file: {region}"


def meaning_problems(document, folder):
    """What the standard asks for in words: indexes, URIs and places that exist."""
    for run in document["runs"]:
        rules = run["tool"]["driver"].get("rules", [])
        names = [rule["id"] for rule in rules]
        if len(set(names)) != len(names):
            yield "a rule is described twice"
        for result in run.get("results", []):
            index = result.get("ruleIndex", -1)
            if not 0 <= index < len(rules) or rules[index]["id"] != result["ruleId"]:
                yield f"`{result.get('ruleId')}` has the index of another rule"
            if not result["message"].get("text"):
                yield "a result says nothing"
            if not result.get("partialFingerprints"):
                yield "a result has no fingerprint"
            for fix in result.get("fixes", []):
                for change in fix["artifactChanges"]:
                    lines = lines_of(change["artifactLocation"]["uri"], folder)
                    for replacement in change["replacements"]:
                        yield from region_problems(replacement["deletedRegion"], lines or [])
        fingerprints = [tuple(sorted(result["partialFingerprints"].items())) for result in run.get("results", [])]
        if len(set(fingerprints)) != len(fingerprints):
            yield "two results have the same fingerprint"
        for place in objects(run, "physicalLocation"):
            uri = place["artifactLocation"]["uri"]
            if not URI_REFERENCE.fullmatch(uri):
                yield f"`{uri}` is no URI reference"
            lines = lines_of(uri, folder)
            if lines is None and not uri.startswith("std/"):
                yield f"`{uri}` names no file"
            elif lines is not None and "region" in place:
                yield from region_problems(place["region"], lines)


def problems(document, folder):
    validator = jsonschema.Draft7Validator(SCHEMA)
    found = [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in validator.iter_errors(document)]
    return found or list(meaning_problems(document, folder))


def findings(rolloutc, files, folder):
    answer = subprocess.run([rolloutc, "check", "--format", "sarif", *files], capture_output=True, text=True, cwd=folder)
    if answer.returncode not in (0, 1) or answer.stderr:
        sys.exit(f"sarif: rolloutc ended with {answer.returncode}: {answer.stderr}")
    return json.loads(answer.stdout)


def damaged(document):
    """What is wrong, and a document that has this fault."""

    def fault(name, change):
        copied = copy.deepcopy(document)
        change(copied["runs"][0])
        return name, copied

    def result(run):
        return next(each for each in run["results"] if each.get("fixes"))

    def region(run):
        return result(run)["locations"][0]["physicalLocation"]["region"]

    yield fault("no tool", lambda run: run.pop("tool"))
    yield fault("a level that does not exist", lambda run: result(run).update(level="fatal"))
    yield fault("a property that does not exist", lambda run: result(run).update(severity="error"))
    yield fault("a result without a message", lambda run: result(run).pop("message"))
    yield fault("an empty message", lambda run: result(run).update(message={"text": ""}))
    yield fault("a line 0", lambda run: region(run).update(startLine=0))
    yield fault("a column as text", lambda run: region(run).update(startColumn="1"))
    yield fault("a line beyond the file", lambda run: region(run).update(startLine=10**6, endLine=10**6))
    yield fault("a column beyond the line", lambda run: region(run).update(endColumn=10**6))
    yield fault("an end before the beginning", lambda run: region(run).update(endLine=1, endColumn=1))
    yield fault("a rule's index beyond the rules", lambda run: result(run).update(ruleIndex=10**6))
    yield fault("the index of another rule", lambda run: result(run).update(ruleId="E0000"))
    yield fault("a rule twice", lambda run: run["tool"]["driver"]["rules"].append(run["tool"]["driver"]["rules"][0]))
    yield fault("a fix that replaces nothing", lambda run: result(run)["fixes"][0]["artifactChanges"][0].update(replacements=[]))
    yield fault("a result twice", lambda run: run["results"].append(copy.deepcopy(result(run))))
    yield fault(
        "a blank in a URI",
        lambda run: result(run)["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="a b.rollout"),
    )
    old = copy.deepcopy(document)
    old["version"] = "2.0.0"
    yield "another version", old


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rolloutc = pathlib.Path(sys.argv[1]).resolve()
    checked, failures = 0, []

    def check(what, document, folder):
        nonlocal checked
        checked += 1
        failures.extend(f"{what}: {problem}" for problem in problems(document, folder))

    programs = sorted(
        str(path.relative_to(ROOT))
        for folder in ("golden/check", "golden/diagnostics", "cli/files")
        for path in (ROOT / "tests" / folder).glob("*.rollout")
    )
    for program in programs:
        check(program, findings(rolloutc, [program], ROOT), ROOT)
    everything = findings(rolloutc, programs, ROOT)
    check("all programs in one document", everything, ROOT)
    if len(everything["runs"][0]["results"]) < 200:
        failures.append("the wrong programs of the tests have few findings; are they still wrong?")
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        name = "plän 100% [a] #1.rollout"
        (folder / name).write_text("\ufefflet größe = \"ü\" + 5%\r\n", encoding="utf-8")
        odd = findings(rolloutc, [name], folder)
        check("a file with a name of many characters", odd, folder)
        if not odd["runs"][0]["results"]:
            failures.append("the file with a name of many characters has no finding")
    for what, document in damaged(everything):
        checked += 1
        if not problems(document, ROOT):
            failures.append(f"a damaged document was taken for a sound one: {what}")
    print(*failures, sep="\n", end="\n" if failures else "")
    print(f"sarif: {checked} documents, {len(failures)} problems")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
