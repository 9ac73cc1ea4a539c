"""Prints what a Milvus says of a collection, asked by Milvus' own client: describe.py ADDRESS COLLECTION"""

import json
import sys

from pymilvus import MilvusClient

client = MilvusClient(sys.argv[1])
told = client.describe_collection(sys.argv[2])
fields = {}
for field in told["fields"]:
    kind = field["type"]
    fields[field["name"]] = {
        "type": getattr(kind, "name", str(kind)),
        "primary": bool(field.get("is_primary", False)),
        "auto_id": bool(field.get("auto_id", False)) or (bool(field.get("is_primary", False)) and bool(told.get("auto_id"))),
        **{name: int(value) for name, value in field.get("params", {}).items() if name in ("dim", "max_length")},
    }
index = client.describe_index(sys.argv[2], "embedding")
params = {name: str(index[name]) for name in ("index_type", "metric_type", "nlist") if name in index}
if "params" in index and "nlist" not in params:
    inner = index["params"]
    inner = json.loads(inner) if isinstance(inner, str) else inner
    params["nlist"] = str(inner.get("nlist", ""))
print(json.dumps({"fields": fields, "index": params}))
