"""Changes some cells of a Parquet file: python edit_parquet.py FILE EDITS.

EDITS is JSON: {"column": {"row": value, ...}, ...}. A column keeps its type, and NaN and null may be values. The column
"-" stands for the last rows, of which its number is left out.
"""
import json
import sys

sys.modules["numpy"] = None  # not needed here, and pyarrow refuses the old one that some simulators need
import pyarrow as pa
import pyarrow.parquet as pq

path, edits = sys.argv[1], json.loads(sys.argv[2])
table = pq.read_table(path)
table = table.slice(0, table.num_rows - edits.pop("-", 0))
for name, cells in edits.items():
    index = table.schema.get_field_index(name)
    values = table.column(index).to_pylist()
    for row, value in cells.items():
        values[int(row)] = value
    field = table.schema.field(index)
    table = table.set_column(index, field, pa.array(values, type=field.type))
pq.write_table(table, path)
