"""Files for platforms, of shipped recipes over the index of the founding cases: RunPod's pass schemas
written from its documentation, every value in them that the recipe does not have is explained by the
plan, and Kubernetes' are the YAML of a Deployment.

platform_files.py RAMEKIN [--inside]   (--inside: below the loopback index)
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
UNIVERSE = TOP + "/tests/cases/founding/universe.json"
RECIPES = (("cuda-checks", "#vendored"), ("torch-bnb", "#upgrade"), ("torch-bnb", "#downgrade"),
           ("gpu-worker", ""))
RAMEKIN = os.path.abspath(sys.argv[1])


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def leaves(value, path=""):
    """The keys of a document that the recipe may have or the plan explains, with dots."""
    if isinstance(value, dict) and path in ("", "config"):
        for key, item in value.items():
            yield from leaves(item, "%s.%s" % (path, key) if path else key)
    elif path != "tests":
        yield path, value


def own_keys(recipe):
    hub = dict(recipe["runpod"].get("hub") or {})
    config = hub.pop("config", None) or {}
    return set(hub) | {"config." + key for key in config}


def check_explained(folder, recipe, plan):
    told = {(one["of"], one["key"]): one for one in plan["computed"]}
    own = own_keys(recipe)
    for name in "hub.json", "tests.json":
        for path, value in leaves(load(os.path.join(folder, ".runpod", name))):
            if path in own:
                continue
            one = told.get((".runpod/" + name, path))
            assert one and one["because"], "%s: %s is not explained" % (name, path)
            text = " ".join(value) if isinstance(value, list) else str(value)
            assert one["value"] == text, (one, value)
    for one in plan["computed"]:
        assert one["because"] and one["origin"] in ("computed", "stated", "unknown"), one


def check_deployment(text):
    document = yaml.safe_load(text)
    spec = document["spec"]["template"]["spec"]
    container = spec["containers"][0]
    assert document["kind"] == "Deployment" and container["image"], document
    labels = document["spec"]["template"]["metadata"]["labels"]
    assert labels == document["spec"]["selector"]["matchLabels"], document
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1, container
    assert container["startupProbe"]["exec"]["command"][-1] == "/opt/ramekin/check.py", container
    for term in spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
            "nodeSelectorTerms"]:
        for condition in term["matchExpressions"]:
            assert condition["operator"] in ("In", "Gt"), condition
            assert all(isinstance(value, str) for value in condition["values"]), condition


def run(*arguments):
    return subprocess.run([RAMEKIN] + list(arguments), check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def inside():
    url = os.environ["INDEX_URL"]
    os.environ["PIP_INDEX_URL"] = url + "/simple/"
    for name in "cu121", "cu124", "cu128":
        os.environ["RAMEKIN_INDEX_" + name.upper()] = "%s/%s/" % (url, name)
    schemas = {name: load("%s/runpod_%s.schema.json" % (HERE, name)) for name in ("hub", "tests")}
    for schema in schemas.values():
        jsonschema.Draft7Validator.check_schema(schema)
    for name, row in RECIPES:
        with tempfile.TemporaryDirectory() as work:
            os.environ["XDG_CACHE_HOME"] = work + "/cache"
            shutil.copytree("%s/recipes/%s" % (TOP, name), work + "/recipe")
            os.chdir(work + "/recipe")
            run("render", "ramekin.yaml" + row, "-o", "out")
            for kind, schema in schemas.items():
                jsonschema.Draft7Validator(schema).validate(load("out/.runpod/%s.json" % kind))
            with open("ramekin.yaml", encoding="utf-8") as file:
                recipe = yaml.safe_load(file)
            check_explained("out", recipe, json.loads(run("plan", "ramekin.yaml" + row, "--format",
                                                          "json")))
            check_deployment(run("render", "ramekin.yaml" + row, "--as", "kubernetes"))
            print("%s%s" % (name, row))


if __name__ == "__main__":
    if "--inside" in sys.argv:
        inside()
    else:
        with tempfile.TemporaryDirectory() as folder:
            sys.exit(subprocess.call(
                [sys.executable, TOP + "/tests/server/server.py", "--log", folder + "/log", UNIVERSE,
                 "--", sys.executable, os.path.abspath(__file__), RAMEKIN, "--inside"],
                env=dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder + "/config",
                         PIP_CONFIG_FILE="/dev/null", NO_COLOR="1")))
