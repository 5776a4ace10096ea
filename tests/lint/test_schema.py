"""docs/segment.schema.json accepts every document that the library writes, and little else.

The programs given as arguments run with SEG_JSON_SAMPLES, which makes them write the documents of
what they compile: the examples of docs/language.md, the conformance cases, random predicates. Each
document is also exactly what json.dumps makes of it with its keys in order, so that anybody can
compute the hash of a segment. Without the package jsonschema only the latter is tested.
"""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    jsonschema = None

MARK = "number:"  # no text of the samples begins so
RANDOM_MAX = 150  # the validator takes milliseconds for each
ROOT = pathlib.Path(__file__).parent.parent.parent
failures = []


def samples_of(program):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "samples")
        env = dict(os.environ, SEG_JSON_SAMPLES=str(path), SEG_TEST_SLOW="1", CK_FORK="no")
        subprocess.run([program], env=env, check=True, stdout=subprocess.DEVNULL)
        return path.read_text().splitlines()


class Number(str):
    """A number as it was written: the library keeps all of its digits."""


def canonical(line):
    """What json.dumps says, with numbers as they stand."""
    tree = json.loads(line, parse_int=Number, parse_float=Number)

    def mark(node):
        if isinstance(node, Number):
            return MARK + node
        if isinstance(node, list):
            return [mark(item) for item in node]
        if isinstance(node, dict):
            return {key: mark(value) for key, value in node.items()}
        return node

    text = json.dumps(mark(tree), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return re.sub(f'"{MARK}([^"]*)"', r"\1", text)


def nodes(tree):
    """Every object with a type, for spoiling."""
    if isinstance(tree, dict):
        if "type" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from nodes(item)


def spoiled(document, chooser):
    """The document with one fault that the schema has to see."""
    tree = json.loads(document)
    node = chooser.choice(list(nodes(tree)))
    fault = chooser.randrange(3)
    if fault == 0:
        node["unheard_of"] = 1
    elif fault == 1:
        node["type"] = "unheard_of"
    else:
        del node["type"]
    return tree


def check_schema(documents):
    schema = json.loads((ROOT / "docs/segment.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    chooser = random.Random(1)
    for document in documents:
        for error in validator.iter_errors(json.loads(document)):
            failures.append(f"{document}\n{error.message[:300]}")
    for document in chooser.sample(documents, min(60, len(documents))):
        tree = spoiled(document, chooser)
        if validator.is_valid(tree):
            failures.append(f"the schema accepts {json.dumps(tree)}")


def main():
    documents = []
    for program in sys.argv[1:]:
        own = samples_of(program)
        if not own:
            failures.append(f"{program} wrote nothing")
        documents += [line for line in own if len(line) < 3000][:RANDOM_MAX]
    for document in documents:
        if canonical(document) != document:
            failures.append(f"not canonical: {document}\n{canonical(document)}")
    if jsonschema is None:
        print("jsonschema is not installed: the schema itself is not tested")
    else:
        check_schema(documents)
    for failure in failures[:10]:
        print(failure)
    print(f"{len(documents)} documents, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
