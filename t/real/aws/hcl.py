# SPDX-License-Identifier: MIT
"""Parse the files as HCL 2; what is in them, as JSON, one a line."""

import json
import sys

import hcl2

for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        print(json.dumps(hcl2.load(file)))
