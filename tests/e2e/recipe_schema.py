"""The JSON schema of recipes, judged by a validator that is not ours: it is a schema, it accepts every
recipe that ramekin accepts, and it refuses a key that does not exist."""

import glob
import json
import os
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print("skipped: %s" % error)
    sys.exit(77)

top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
validator = getattr(jsonschema, "Draft202012Validator", jsonschema.Draft7Validator)(schema)

recipes = glob.glob(top + "/tests/recipes/ok/*.yaml") + glob.glob(top + "/recipes/*/ramekin.yaml")
assert len(recipes) > 8, recipes
problems = []
for path in sorted(recipes):
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    for error in validator.iter_errors(document):
        problems.append("%s: %s: %s" % (path, list(error.absolute_path), error.message))
    document["bsae"] = "x"
    if validator.is_valid(document):
        problems.append("%s: an unknown key is accepted" % path)
print("\n".join(problems))
print("%d recipes, %d problems" % (len(recipes), len(problems)))
sys.exit(bool(problems))
