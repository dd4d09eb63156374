# shellcheck shell=bash
# Part of Scripts/bootstrap --simulator simpler: what its requirements.txt cannot say.

set_up_simpler() {
    local folder=$1
    install_torch "$folder"
    wait_for "Debian packages"  # libraries that the driver shares with Mesa's EGL
    if ! command -v apt-get >/dev/null; then
        echo "this is not Debian: SIMPLER renders with the system's own Vulkan driver"
        return
    fi
    rm -rf "$folder/vulkan"
    unpack_debian "$root/Simulators/simpler/debian.txt" "$folder/vulkan"
    # Relative to the manifest, so that the folder may be moved.
    sed -i 's|"library_path": ".*"|"library_path": "../../../lib/x86_64-linux-gnu/libvulkan_lvp.so"|' \
        "$folder/vulkan/usr/share/vulkan/icd.d/lvp_icd.json"
}

# unpack_debian LIST FOLDER: packages and the releases that they are from, without installing them. Lists and archives lie in
# FOLDER meanwhile, since the system need not know the releases.
unpack_debian() {
    local list=$1 folder=$2 apt mirror release package
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
        sed -n 's|^\(.*/debian/\) main$|\1|p' | head -n 1)
    [ -n "$mirror" ] || { echo "apt-get names no mirror of Debian"; return 1; }
    mkdir -p "$folder"/apt/{lists,archives}/partial
    for release in $(sed -n 's/^\([^#]*\) .*/\1/p' "$list" | sort -u); do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main"
    done >"$folder/apt/sources.list"
    apt=(apt-get -q -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o Dir::Etc::sourceparts=-
        -o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt" -o APT::Sandbox::User=)
    "${apt[@]}" update
    # shellcheck disable=SC2046 # a list of words
    (cd "$folder/apt/archives" && "${apt[@]}" download $(sed -n 's/^[^#]* //p' "$list"))
    for package in "$folder"/apt/archives/*.deb; do dpkg -x "$package" "$folder"; done
    rm -rf "$folder/apt"
}
