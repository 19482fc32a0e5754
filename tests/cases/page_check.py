"""page_check.py JSON HTML: whether a page of `ramekin plan` or `ramekin diff` is sound, and says all that
the JSON of the same command says.

Sound: what is begun is ended, ids are there once and where they are referred to, headings go down one level
at a time, tables have captions and heads, pictures names; no script, no event handler, nothing from outside.
"""

import json
import sys
from html.parser import HTMLParser

VOID = {"br", "col", "hr", "meta", "wbr"}
problems = []


def complain(condition, *words):
    if not condition:
        problems.append(" ".join(str(word) for word in words))


def plain(text):
    """As it is compared: without what marks code, and with one blank between words."""
    return " ".join(str(text).replace("`", "").split())


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.references, self.text, self.rows = [], [], [], [], []
        self.level, self.tables, self.pictures = 0, 0, 0
        self.row = None
        self.style = False

    def handle_decl(self, decl):
        complain(decl == "DOCTYPE html" and not self.open, "doctype", decl)

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        values = dict(attributes)
        complain(len(set(names)) == len(names), "an attribute twice in", tag)
        complain(tag not in ("script", "link", "iframe", "object", "embed", "img", "base"), tag)
        for name, value in attributes:
            complain(not name.startswith("on") and name not in ("src", "srcset", "data"), tag, name)
            complain(name not in ("href", "xlink:href") or value.startswith("#"), tag, name, value)
            if name == "href":
                self.references.append(value[1:])
            if name in ("aria-labelledby", "aria-describedby"):
                self.references += value.split()
            if name == "id":
                self.ids.append(value)
        if tag in VOID:
            return
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            complain(int(tag[1]) <= self.level + 1, "after h%d comes" % self.level, tag)
            self.level = int(tag[1])
        if tag == "th":
            complain(values.get("scope") in ("col", "row"), "th without scope")
        if tag == "table":
            self.tables += 1
        if tag == "caption":
            self.tables -= 1
        if tag == "svg" and values.get("role") == "img":
            self.pictures += 1
            complain("aria-labelledby" in values, "a picture without a name")
        if tag == "tr":
            self.row = []
        self.open.append(tag)

    def handle_endtag(self, tag):
        complain(self.open and self.open[-1] == tag, "</%s> ends %s" % (tag, self.open[-1:]))
        if self.open:
            self.open.pop()
        if tag == "tr":
            self.rows.append(plain("".join(self.row)))
            self.row = None
        if tag in ("td", "th", "li", "p", "dt", "dd", "div", "h1", "h2", "h3", "summary"):
            self.handle_data(" ")

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            complain("url(" not in data and "@import" not in data, "a style sheet from outside")
            return
        self.text.append(data)
        if self.row is not None:
            self.row.append(data)


def read_page(path):
    page = Page()
    with open(path, encoding="utf-8", newline="") as stream:
        text = stream.read()
    page.feed(text)
    page.close()
    complain(not page.open, "open at the end:", page.open)
    complain(len(set(page.ids)) == len(page.ids), "an id twice:", sorted(page.ids))
    for name in page.references:
        complain(name in page.ids, "no id", name)
    complain(page.tables == 0, "a table without caption")
    complain('http-equiv="Content-Security-Policy"' in text, "no policy")
    complain("\r" not in text and "\t" not in text, "blanks that are none of ours")
    return page


class Facts:
    """Looks for texts in the whole page, or together in one row of a table."""

    def __init__(self, page):
        self.text, self.rows = plain("".join(page.text)), page.rows
        self.count = 0

    def said(self, *texts):
        for text in texts:
            if text is not None and plain(text):
                self.count += 1
                complain(plain(text) in self.text, "not said:", plain(text))

    def row(self, *texts):
        wanted = [plain(text) for text in texts if text is not None and plain(text)]
        self.count += len(wanted)
        found = any(all(text in row for text in wanted) for row in self.rows)
        complain(found, "not in one row:", wanted)


def check_finding(facts, finding):
    facts.said(finding["code"], finding["message"], finding["severity"], finding.get("at"))
    facts.said(finding.get("hint"), *(finding.get("evidence") or []))


def check_conflict(facts, problem):
    for line in problem.get("conflict", []):
        facts.said(line["line"], line["at"], line["stage"])
    for way in problem.get("ways_out", []):
        facts.row(way["kind"], way["at"], way["line"], way["instead"], way["gives"])


def check_plan(facts, plan):
    facts.said(plan["recipe"], plan["row"], plan["platform"], plan["python"], plan["libc"])
    for stage in plan["stages"]:
        facts.said(stage["name"], "(%s, %s)" % (stage["kind"], stage["at"]), stage.get("explanation"))
        check_conflict(facts, stage)
        for action in stage["actions"]:
            facts.row(action["name"], action["from"], action["version"])
            facts.row(action["file"], action["index"] or action.get("url") or action.get("path"))
            facts.row(action["file"], action["sha256"])
            for chain in action["because"]:
                facts.row(action["name"], " → ".join(chain))
        for finding in stage["findings"]:
            check_finding(facts, finding)
    for layer in plan["layers"]:
        facts.said(layer["source"])
    for item in plan.get("imports", []):
        facts.said("import " + item["import"], item["list"], item["at"], item.get("reason"))
        facts.said(*(item.get("evidence") or []))
    for value in plan.get("computed", []):
        facts.row(value["key"], value["value"], value["origin"], "; ".join(value["because"]))


def check_diff(facts, diff):
    for side in diff["a"], diff["b"]:
        facts.said(side["name"], side["row"], side["platform"])
        problem = side["problem"] or {"conflict": [], "ways_out": []}
        facts.said(*(problem.get(key) for key in ("stage", "at", "message", "hint")))
        check_conflict(facts, problem)
    for gpu in diff["gpus"]:
        facts.row(gpu["gpu"], gpu["compute_capability"], gpu["before"], gpu["after"])
    for request in diff["requests"]:
        sides = [(request["installed_" + side] or {}).get("version") or request[side] or "(none)"
                 for side in ("before", "after")]
        facts.row(request["name"], *sides)
    for thing in diff["contents"]:
        facts.row(thing["name"], thing["change"], thing["before"], thing["after"])
    for key in ("new", "gone") if diff["layers"] and diff["layers"]["new"] + diff["layers"]["gone"] else ():
        for layer in diff["layers"][key]:
            facts.row(layer["digest"], layer["made"])
    for fact in diff["facts"]:
        facts.row(fact["subject"], fact["before"] or "(none)", fact["after"] or "(none)")
    for finding in diff["findings"]:
        check_finding(facts, finding)
        facts.said("gained" if finding["change"] == "gained" else "gone")
    for one in diff["distributions"]:
        before, after = one["before"] or {}, one["after"] or {}
        facts.row(one["name"], before.get("version"), after.get("version"), one["cause"], one["with"],
                  "asked for" if one["requested"] else None)
        for side, word in (before, "before"), (after, "after"):
            if side:
                facts.row(one["name"], word, side["stage"], side.get("file"), side.get("origin"),
                          side.get("sha256"))
    for stage in diff["stages"]:
        facts.said(stage["name"], stage["change"], stage["before"], stage["after"])
        facts.said(*stage["added"], *stage["removed"])
    wheels = diff["wheels"]
    if wheels["new"] + wheels["gone"] > 0:
        for word, key in ("new", "new"), ("shared", "shared"), ("gone", "gone"):
            facts.row(word, wheels[key])


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        document = json.load(stream)
    page = read_page(sys.argv[2])
    facts = Facts(page)
    {"ramekin.plan/1": check_plan, "ramekin.diff/1": check_diff}[document["schema"]](facts, document)
    for problem in problems:
        print("problem:", problem)
    print("%d facts of the JSON, %d pictures, %d problems" % (facts.count, page.pictures, len(problems)))


main()
