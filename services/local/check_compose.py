"""`python -m services.local.check_compose COMPOSE SCHEMA`: checks the file against its schema."""

import json
import sys
from pathlib import Path

import jsonschema
import yaml


def main() -> int:
    """Prints what is wrong; returns 1 if anything is."""
    compose, schema = (Path(each).read_text() for each in sys.argv[1:3])
    validator = jsonschema.Draft7Validator(json.loads(schema))
    problems = [
        f"{error.json_path}: {error.message}"
        for error in validator.iter_errors(yaml.safe_load(compose))
    ]
    print("\n".join(problems) or "valid")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
