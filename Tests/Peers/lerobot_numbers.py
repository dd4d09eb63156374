"""Prints a dataset's numbers as pyarrow reads them, as JSON: python lerobot_numbers.py FOLDER."""
import glob
import json
import sys

sys.modules["numpy"] = None  # not needed here, and pyarrow refuses the old one that some simulators need
import pyarrow.parquet as pq

folder = sys.argv[1]
files = sorted(glob.glob(f"{folder}/data/*/*.parquet"))
tables = [pq.read_table(file) for file in files]
episodes = pq.read_table(f"{folder}/meta/episodes/chunk-000/file-000.parquet")
tasks = pq.read_table(f"{folder}/meta/tasks.parquet")
print(
    json.dumps(
        {
            "columns": {
                name: [value for table in tables for value in table[name].to_pylist()]
                for name in tables[0].column_names
            },
            "types": {field.name: str(field.type) for field in tables[0].schema},
            "rowGroups": [pq.ParquetFile(file).num_row_groups for file in files],
            "compression": pq.ParquetFile(files[0]).metadata.row_group(0).column(0).compression,
            "episodes": {name: episodes[name].to_pylist() for name in episodes.column_names},
            "tasks": {name: tasks[name].to_pylist() for name in tasks.column_names},
            "pandasIndex": json.loads(tasks.schema.metadata[b"pandas"])["index_columns"],
        }
    )
)
