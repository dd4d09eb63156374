#!/usr/bin/env python3
"""Deploy/ is what Kubernetes' schemas, the shell and the program accept, and gives every rank its place.

The manifest is checked by the schemas of kubernetes-validate 1.37.0 in .deps/kubernetes-validate, strictly, for the oldest and the
newest version of Kubernetes that it knows with stable Indexed Jobs. The Slurm script runs with stand-ins for srun and scontrol.
Usage: deployments_are_valid.py [PROGRAM]
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "bin/faster")
VALIDATOR = ROOT / ".deps/kubernetes-validate/bin/kubernetes-validate"
MANIFEST = ROOT / "Deploy/kubernetes/train.yaml"
SCRIPT = ROOT / "Deploy/slurm/train.sbatch"
VERSIONS = ("1.25", "1.37")

# Two tasks of a job on two nodes: srun runs its command once a task, as Slurm does.
STAND_INS = {
    "scontrol": '[ "$1 $2 $3" = "show hostnames n[1-2]" ] && printf "n1\\nn2\\n"',
    "srun": 'while [[ $1 == --* ]]; do shift; done\n'
    'for task in 0 1; do SLURM_PROCID=$task SLURM_LOCALID=0 "$@"; done',
    "faster": 'echo "$RANK $LOCAL_RANK $WORLD_SIZE $MASTER_ADDR $MASTER_PORT $OMP_NUM_THREADS $#:$*"',
}


def validate(file, version):
    return subprocess.run(
        [VALIDATOR, "--strict", "--quiet", "-k", version, file], capture_output=True, text=True, check=False
    )


def check_schema(folder):
    for version in VERSIONS:
        result = validate(MANIFEST, version)
        assert result.returncode == 0, f"Kubernetes {version}: {result.stdout}{result.stderr}"
    wrong = folder / "wrong.yaml"
    wrong.write_text(MANIFEST.read_text().replace("completionMode:", "completionModus:"))
    assert validate(wrong, VERSIONS[-1]).returncode != 0, "a key that Kubernetes does not know was accepted"


def check_ranks():
    service, job = yaml.safe_load_all(MANIFEST.read_text())
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    variables = {entry["name"]: entry for entry in pod["containers"][0]["env"]}
    count = spec["completions"]
    assert spec["parallelism"] == count, "all ranks have to run at once"
    assert variables["WORLD_SIZE"]["value"] == str(count)
    assert variables["MASTER_PORT"]["value"] == str(service["spec"]["ports"][0]["port"])
    name, domain = variables["MASTER_ADDR"]["value"].split(".")
    assert name == job["metadata"]["name"] + "-0" and domain == pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"] == {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    assert spec["backoffLimit"] >= count, "a restart costs a failure a rank"
    return pod["containers"][0]


def check_arguments(container):
    """The program understands the manifest's arguments, so that only the dataset is missing."""
    result = subprocess.run([PROGRAM, *container["args"]], capture_output=True, text=True, check=False)
    assert result.returncode not in (0, 64), result.stderr  # 64: wrong usage
    assert "/faster/demos" in result.stderr, result.stderr


def check_slurm(folder):
    for name, text in STAND_INS.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SLURM_JOB_NODELIST": "n[1-2]",
        "SLURM_JOB_ID": "12345",
        "SLURM_NTASKS": "2",
        "SLURM_CPUS_PER_TASK": "8",
    }

    def lines(*arguments, **more):
        result = subprocess.run(
            ["bash", SCRIPT, *arguments], env=environment | more, capture_output=True, text=True, check=False
        )
        return result.returncode, result.stdout.splitlines()

    places = [f"{rank} 0 2 n1 22345 8" for rank in (0, 1)]
    started = lines("policy", "--data", "a b")
    assert started == (0, [f"{place} 3:policy --data a b" for place in places]), started
    restarted = lines("policy", SLURM_RESTART_COUNT="1")
    assert restarted == (0, [f"{place} 2:policy --resume" for place in places]), restarted
    assert lines()[0] == 2


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        check_schema(folder)
        check_arguments(check_ranks())
        check_slurm(folder)


if __name__ == "__main__":
    main()
