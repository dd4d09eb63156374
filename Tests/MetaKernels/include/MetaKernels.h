#pragma once

// Kernels of the meta device that libtorch has in Python only. They give the shapes, types and devices of results, which is all
// that tensors without numbers have. Linked into a program, they are there.

#ifdef __cplusplus
extern "C" {
#endif

/// Names the file's purpose to the linker.
void meta_kernels_are_linked(void);

#ifdef __cplusplus
}
#endif
