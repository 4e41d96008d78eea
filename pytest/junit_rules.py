"""The rules that Jenkins applies to a JUnit file, written down: the schema of its xUnit plugin (junit-10.xsd).

`file` and `line` of a test case are allowed besides: GitLab shows them, and Jenkins' JUnit plugin ignores them.
"""

import re

TIME = re.compile(r"\d+\.\d{3}")  # the schema allows any number of digits; three are what this program promises
COUNT = re.compile(r"\d+")
TEXT = re.compile(r"(?s).*")

# element: (its attributes with their form, those that must be there, its children)
OUTCOME = ({"type": TEXT, "message": TEXT}, {"message"}, set())
RULES = {
    "testsuites": ({"name": TEXT, "time": TIME, "tests": COUNT, "failures": COUNT, "errors": COUNT}, set(), {"testsuite"}),
    "testsuite": ({"name": TEXT, "tests": COUNT, "failures": COUNT, "errors": COUNT, "group": TEXT, "time": TIME,
                   "skipped": COUNT, "timestamp": TEXT, "hostname": TEXT, "id": TEXT, "package": TEXT, "file": TEXT,
                   "log": TEXT, "url": TEXT}, {"name", "tests", "failures", "errors"},
                  {"testsuite", "properties", "testcase", "system-out", "system-err"}),
    "testcase": ({"name": TEXT, "time": TIME, "classname": TEXT, "group": TEXT, "file": TEXT, "line": COUNT},
                 {"name"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "properties": ({}, set(), {"property"}),
    "property": ({"name": TEXT, "value": TEXT}, {"name", "value"}, set()),
    "failure": OUTCOME, "error": OUTCOME, "skipped": OUTCOME,
    "system-out": ({}, set(), set()), "system-err": ({}, set(), set()),
}
WITH_TEXT = {"failure", "error", "skipped", "system-out", "system-err"}


def problems(element):
    """What the schema would refuse in this element and those in it."""
    if element.tag not in RULES:
        return [f"<{element.tag}> is unknown"]
    attributes, required, children = RULES[element.tag]
    found = [f"<{element.tag}> without {name}" for name in required - set(element.attrib)]
    for name, value in element.attrib.items():
        if name not in attributes:
            found.append(f"<{element.tag}> has {name}")
        elif not attributes[name].fullmatch(value):
            found.append(f"<{element.tag} {name}={value!r}>")
    if element.tag not in WITH_TEXT and (element.text or "").strip():
        found.append(f"text in <{element.tag}>")
    for child in element:
        if child.tag not in children:
            found.append(f"<{child.tag}> in <{element.tag}>")
        if (child.tail or "").strip():
            found.append(f"text after <{child.tag}>")
        found += problems(child)
    return found
