"""Writes Parquet files: python write_parquet.py < JSON.

JSON is a list of {"path": ..., "group": rows of a row group or null, "columns": [{"name", "type", "values"}]}. A type is
the name of a scalar, "[T]" for a list, "[T;4]" for one of fixed length, "bytes" with values in base64, "image" for a
struct of bytes and path, "language" for a struct, or "tensor" for Arrow's own type of three numbers.
"""
import base64
import json
import os
import sys

sys.modules["numpy"] = None  # not needed here, and pyarrow refuses the old one that some simulators need
import pyarrow as pa
import pyarrow.parquet as pq

SCALARS = {
    "int64": pa.int64(), "int32": pa.int32(), "int16": pa.int16(), "uint16": pa.uint16(), "uint8": pa.uint8(),
    "decimal": pa.decimal128(10, 3), "time": pa.timestamp("ns", tz="UTC"), "tensor": pa.fixed_shape_tensor(pa.float32(), [3]), "bool": pa.bool_(), "half": pa.float16(),
    "float": pa.float32(), "double": pa.float64(), "text": pa.string(), "large_text": pa.large_string(),
    "bytes": pa.binary(), "image": pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    "language": pa.struct([("role", pa.string()), ("content", pa.string())]),
    "coded_text": pa.dictionary(pa.int32(), pa.string()),
}  # fmt: skip


def kind(name):
    if not name.startswith("["):
        return SCALARS[name]
    inner = name[1:-1]
    if ";" in inner and not inner.endswith("]"):
        item, size = inner.rsplit(";", 1)
        return pa.list_(kind(item), int(size))
    return pa.list_(kind(inner))


def cell(name, value):
    if value is None:
        return None
    if isinstance(value, list):
        return [cell(name, each) for each in value]
    if value == "nan":
        return float("nan")
    if name == "bytes":
        return base64.b64decode(value)
    if name == "image":
        return {"bytes": value["bytes"] and base64.b64decode(value["bytes"]), "path": value["path"]}
    return value


def column(name, values):
    values = [cell(name, value) for value in values]
    if name == "tensor":
        return pa.ExtensionArray.from_storage(kind(name), pa.array(values, pa.list_(pa.float32(), 3)))
    if name in ("decimal", "[decimal]"):
        return pa.array(values, kind(name.replace("decimal", "double"))).cast(kind(name))
    if name == "half":
        return pa.array(values, pa.float32()).cast(pa.float16())
    return pa.array(values, kind(name))


for file in json.load(sys.stdin):
    columns = {each["name"]: column(each["type"], each["values"]) for each in file["columns"]}
    os.makedirs(os.path.dirname(file["path"]), exist_ok=True)
    pq.write_table(pa.table(columns), file["path"], row_group_size=file["group"] or 1 << 20)
