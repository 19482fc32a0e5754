import html
import itertools
import json
import random
import subprocess

COUNT = 4
TURNED = {"added": "removed", "removed": "added", "changed": "changed", "gained": "lost", "lost": "gained"}
CHOICES = ["transformers==4.46.3", "transformers==4.56.2", "transformers", "six==1.16.0", "six", "pair==1.0", "left==1.0",
           "left", "numpy<2", "numpy", "regex", "tokenizers==0.20.3", "hub"]  # fmt: skip
TORCH = [None, ("2.6.0", "cu124"), ("2.8.0", "cu128")]


def recipe(dice):
    lines = ["version: 1", "name: app", "base: oci:base", "env: {MODE: %s}" % dice.choice(["slow", "fast"])]
    lines += ["labels: {team: %s}" % dice.choice(["web", "ops"])] if dice.random() < 0.5 else []
    lines += ["constraints: [%s]" % dice.choice(["numpy<2", "six<1.17"])] if dice.random() < 0.5 else []
    stages, torch = [], dice.choice(TORCH)
    if torch:
        stages.append("  - pip: {name: torch, install: [torch==%s, torchvision], index: %s}" % torch)
    names = set()
    for number in range(dice.randint(1, 3)):
        wanted = [one for one in dice.sample(CHOICES, dice.randint(1, 3)) if one.split("=")[0].split("<")[0] not in names]
        wanted = list({one.split("=")[0].split("<")[0]: one for one in wanted}.values())
        names |= {one.split("=")[0].split("<")[0] for one in wanted}
        if wanted:
            stages.append('  - pip: {name: s%d, install: ["%s"]}' % (number, '", "'.join(wanted)))
    if torch and dice.random() < 0.5:
        stages.append("  - pip: {name: patch, install: [triton==3.2.0], no_deps: true, force_reinstall: true}")
    return "\n".join(lines + ["stages:"] + (stages or ["  - pip: {name: s, install: [six]}"])) + "\n"


def run(*words):
    return subprocess.run(["ramekin", *words], capture_output=True, text=True, check=False)


def diff(a, b, *options):
    done = run("diff", "-q", *options, a, b)
    assert done.returncode in (0, 1), (a, b, done.stderr)
    return done.returncode, done.stdout


def mirror(document):
    """The document of the sides changed over, without what tells why B is as it is."""
    def turn(one, after="after", before="before"):
        return {**one, "before": one[after], "after": one[before]}
    return {
        "facts": sorted((turn(one) for one in document["facts"]), key=lambda one: one["subject"]),
        "gpus": [turn(one) for one in document["gpus"]],
        "findings": sorted((TURNED[one["change"]], one["code"], one["message"]) for one in document["findings"]),
        "distributions": sorted((one["name"], TURNED[one["change"]], str(one["after"]), str(one["before"]),
                                 one.get("distance"), not one["older"] if "older" in one and one["distance"] not in ("origin", "file") else None)
                                for one in document["distributions"]),
        "contents": [{**turn(one), "change": TURNED[one["change"]]} for one in document["contents"]],
        "stages": sorted((one["name"], TURNED[one["change"]], str(sorted(one["removed"])), str(sorted(one["added"]))) for one in document["stages"]),
        "wheels": {**document["wheels"], "new": document["wheels"]["gone"], "gone": document["wheels"]["new"],
                   "new_bytes": document["wheels"]["gone_bytes"], "gone_bytes": document["wheels"]["new_bytes"],
                   "bytes_before": document["wheels"]["bytes_after"], "bytes_after": document["wheels"]["bytes_before"]},
    }  # fmt: skip


def straight(document):
    return mirror({**document, **{
        "facts": mirror(document)["facts"], "gpus": mirror(document)["gpus"],
        "findings": [{**one, "change": TURNED[one["change"]]} for one in document["findings"]],
        "distributions": [{**one, "change": TURNED[one["change"]], "before": one["after"], "after": one["before"],
                           **({"older": not one["older"]} if "older" in one else {})} for one in document["distributions"]],
        "contents": mirror(document)["contents"],
        "stages": [{**one, "change": TURNED[one["change"]], "added": one["removed"], "removed": one["added"]} for one in document["stages"]],
        "wheels": mirror(document)["wheels"],
    }})  # fmt: skip


def core(document, edges):
    """What every form of a build tells: a plan has no edges, a lock no configuration, images have layers too."""
    known = ("cuda", "gpu")
    return {
        "facts": [one for one in document["facts"] if one["topic"] in known or one["subject"] in ("platform", "python", "libc")],
        "findings": document["findings"],
        "distributions": sorted(([{key: one[key] for key in ("name", "change", "before", "after")} for one in document["distributions"]]
                                if not edges else document["distributions"]), key=lambda one: one["name"]),
        "stages": document["stages"] if edges else [one["name"] for one in document["stages"] if one["change"] != "changed"],
        "wheels": document["wheels"],
    }  # fmt: skip


def flat(text):
    return "".join(text.split()).replace("\\", "").replace("`", "").replace("\u00a0", "")


def say_the_same(a, b, document):
    """Names, versions and texts of the JSON are in each of the other renderings."""
    missing = []
    for form, options in ("text", ["-a"]), ("markdown", []), ("html", []):
        text = flat(html.unescape(diff(a, b, "--format", form, *options)[1]))
        words = []
        for one in document["facts"]:
            words += [one["subject"], one["before"], one["after"]]
        for one in document["findings"]:
            words += [one["code"], one["message"]]
        for one in document["distributions"]:
            words += [one["name"], one["cause"]] + [side["version"] for side in (one["before"], one["after"]) if side]
        for one in document["stages"]:
            words += [one["name"], *one["added"], *one["removed"]]
        missing += [(form, word) for word in words if word and flat(word) not in text]
    return missing


dice = random.Random(20261122)
builds = []
while len(builds) < COUNT:
    name = "r%d" % len(builds)
    with open(name + ".yaml", "w", encoding="utf-8") as file:
        file.write(recipe(dice))
    if run("lock", "-q", name + ".yaml").returncode != 0:
        continue
    with open(name + ".json", "w", encoding="utf-8") as file:
        file.write(run("plan", "-q", "--format", "json", name + ".yaml").stdout)
    built = run("build", "-q", name + ".yaml", "-o", "oci:" + name)
    assert built.returncode == 0, built.stderr
    builds.append(name)

for name in builds:
    forms = [name + ".yaml", name + ".lock", name + ".json", "oci:" + name]
    for a, b in zip(forms, forms[1:] + forms[:1]):
        status, text = diff(a, b, "--format", "json")
        document = json.loads(text)
        assert status == 0 and document["same"], (a, b, text)

checked = differences = 0
for a, b in itertools.combinations(builds, 2):
    documents = {}
    for form in "%s.yaml", "%s.lock", "%s.json", "oci:%s":
        status, text = diff(form % a, form % b, "--format", "json")
        document = documents[form] = json.loads(text)
        assert (status == 0) == document["same"]
        back = json.loads(diff(form % b, form % a, "--format", "json")[1])
        assert straight(document) == mirror(back), (form % a, form % b, straight(document), mirror(back))
        checked += 1
    lock = documents["%s.lock"]
    for form, document in documents.items():
        edges = form in ("%s.lock", "oci:%s")  # a recipe knows constraints, too: its causes say more
        one, other = core(document, edges), core(lock, edges)
        for part, value in one.items():
            assert value == other[part], (form, a, b, part, value, other[part])
    differences += len(documents["%s.yaml"]["distributions"])
    missing = say_the_same(a + ".yaml", b + ".yaml", documents["%s.yaml"])
    assert not missing, (a, b, missing)
print(len(builds), "builds,", checked, "pairs,", differences, "distributions differ")
