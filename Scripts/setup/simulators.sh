# shellcheck shell=bash
# Part of Scripts/bootstrap: simulators whose packages cannot live beside MetaWorld's in .deps/python. Each pins its
# own in Simulators/NAME/requirements.txt, those that others bring along too, and gets .deps/simulators/NAME.

requirements_of() { echo "$root/Simulators/$1/requirements.txt"; }
simulator_is_done() { is_done "simulator-$1" "$(hash_of "$(requirements_of "$1")")" "$deps/simulators/$1/bin/python"; }

# Checks the names after --simulator; `all` becomes those that have packages of their own.
resolve_simulators() {
    local name known=() found=()
    for name in "$root"/Simulators/*/requirements.txt; do known+=("$(basename "$(dirname "$name")")"); done
    for name in "${simulators[@]}"; do
        if [ "$name" = all ]; then
            found+=("${known[@]}")
        elif [ -e "$(requirements_of "$name")" ]; then
            found+=("$name")
        elif [ ! -e "$root/Simulators/$name/tasks.py" ]; then
            echo "bootstrap: there is no simulator $name (known: ${known[*]} all)" >&2
            exit 2
        fi  # the others need only what every build has
    done
    simulators=("${found[@]}")
}

simulators_are_done() {
    local name
    for name in "${simulators[@]}"; do simulator_is_done "$name" || return 1; done
}

start_simulators() {
    local name
    for name in "${simulators[@]}"; do
        simulator_is_done "$name" && continue
        say "simulator $name: installing in .deps/simulators/$name"
        start "simulator-$name" "$(hash_of "$(requirements_of "$name")")" install_own_simulator "$name"
    done
}

# Importing its environment and expert loads all that the simulator needs.
install_own_simulator() {
    local folder=$deps/simulators/$1
    mkdir -p "$deps/simulators"
    make_environment "$folder"
    install_python "$folder" --no-deps -r "$(requirements_of "$1")"
    wait_for "Debian packages"
    MUJOCO_GL=egl PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root "$folder/bin/python" -c "import Simulators.$1.expert"
}
