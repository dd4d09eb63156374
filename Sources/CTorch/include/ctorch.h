#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The whole surface between Swift and libtorch. Operators go through one door, torch_call, which hands
// boxed arguments to ATen's dispatcher: autograd, autocast and every device work as they do in PyTorch, the
// operator's schema checks the arguments, and a new operator needs no new C.
//
// Rules for every function:
//  1. No C++ exception crosses. A call that can fail returns NULL or false and leaves a message for
//     torch_last_error() on the calling thread.
//  2. A returned TorchTensor belongs to the caller, who releases it once with torch_release().
//  3. Arguments are borrowed, and modified only by operators whose name ends in an underscore.

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TorchTensor TorchTensor;
typedef struct TorchOperator TorchOperator;

/// Message of the last failed call on this thread. Valid until the next failure on this thread.
const char *torch_last_error(void);

/// Version of libtorch, for example "2.13.0".
const char *torch_version(void);

// MARK: Operators

typedef enum {
    TORCH_NONE,
    TORCH_TENSOR,
    TORCH_TENSORS,
    TORCH_OPTIONAL_TENSORS,  // a NULL element is "no tensor"
    TORCH_INTEGER,
    TORCH_INTEGERS,
    TORCH_REAL,
    TORCH_BOOLEAN,
    TORCH_TEXT,
    TORCH_DTYPE,
    TORCH_DEVICE,  // text, for example "cuda:0"
} TorchKind;

typedef struct {
    TorchKind kind;
    bool boolean;
    int64_t integer;
    double real;
    int64_t count;
    const int64_t *integers;
    const char *text;
    TorchTensor *tensor;
    TorchTensor *const *tensors;
} TorchValue;

/// Finds an operator, for example ("aten::sum", "dim_IntList"). NULL when there is none. The result lives
/// as long as the process.
const TorchOperator *torch_find_operator(const char *name, const char *overload);

/// Calls an operator. Arguments left out at the end take the schema's defaults. Results that are tensors
/// (a list of tensors counts as so many results) are written to `results`, at most `capacity` of them.
///
/// Returns the number of tensors written, or -1 on failure.
int64_t torch_call(const TorchOperator *op, const TorchValue *arguments, int64_t argument_count,
                   TorchTensor **results, int64_t capacity);

// MARK: Tensors

/// Copies `bytes` of host memory, laid out row-major, into a new CPU tensor. dtype is c10::ScalarType.
TorchTensor *torch_from_bytes(const void *bytes, size_t byte_count, int32_t dtype, const int64_t *sizes,
                              int64_t rank);
/// Another reference to the same tensor.
TorchTensor *torch_share(const TorchTensor *tensor);
/// Gives up one reference. Accepts NULL.
void torch_release(TorchTensor *tensor);

int64_t torch_rank(const TorchTensor *tensor);
int64_t torch_size(const TorchTensor *tensor, int64_t axis);
int32_t torch_dtype(const TorchTensor *tensor);
/// Writes the device's name, for example "cpu" or "cuda:0", into `name`.
void torch_device(const TorchTensor *tensor, char *name, size_t capacity);
bool torch_is_on_cpu(const TorchTensor *tensor);
/// A CPU tensor on `device`. CUDA copies from pinned memory, in the order of the current stream's work.
TorchTensor *torch_upload(const TorchTensor *tensor, const char *device);
/// Copies all elements, row-major, to host memory of `byte_count` bytes.
bool torch_copy_bytes(const TorchTensor *tensor, void *bytes, size_t byte_count);
/// Address of the first element of a contiguous CPU tensor; NULL (and a message) for any other.
void *torch_host_pointer(const TorchTensor *tensor);

// MARK: Autograd

bool torch_requires_grad(const TorchTensor *tensor);
bool torch_set_requires_grad(TorchTensor *tensor, bool value);
bool torch_backward(const TorchTensor *loss);
/// The gradient that backward accumulated, or NULL (without a message) when there is none.
TorchTensor *torch_grad(const TorchTensor *tensor);
/// Replaces the gradient; NULL forgets it.
void torch_set_grad(TorchTensor *tensor, const TorchTensor *grad);
/// True if operators are recorded for differentiation. Thread-local.
bool torch_grad_enabled(void);
/// Returns the former value. Thread-local.
bool torch_set_grad_enabled(bool enabled);

/// A computation, by its context. The inputs belong to `run`, the outputs that it writes to its caller.
typedef struct {
    void *context;
    void (*run)(void *context, TorchTensor *const *inputs, TorchTensor **outputs);
    void (*release)(void *context);
} TorchFunction;

/// Runs `function` without recording it; its gradients are found by running it again, once, in backward. Writes the outputs,
/// `output_count` of them. Takes over the context, also on failure.
bool torch_checkpoint(TorchFunction function, TorchTensor *const *inputs, int64_t input_count,
                      TorchTensor **outputs, int64_t output_count);

/// Autocast of one device type to a low-precision dtype. Thread-local. Leaving clears the cast cache.
bool torch_autocast_enter(const char *device_type, int32_t dtype);
void torch_autocast_leave(const char *device_type);

// MARK: Streams

/// A queue of work on an accelerator. CPUs have none.
typedef struct TorchStream TorchStream;
/// A point in a stream's work.
typedef struct TorchEvent TorchEvent;
/// Work that was recorded once and is done again at one go.
typedef struct TorchGraph TorchGraph;

/// A stream beside the device's own. NULL on failure.
TorchStream *torch_new_stream(const char *device);
/// Makes `stream` this thread's and returns the former one, which belongs to the caller. NULL on failure.
TorchStream *torch_exchange_stream(const TorchStream *stream);
void torch_stream_release(TorchStream *stream);

/// The end of the work that this thread's stream has been given. NULL on failure.
TorchEvent *torch_record_event(const char *device);
/// Lets this thread's stream wait for the event; the host goes on.
bool torch_wait_for_event(const TorchEvent *event, const char *device);
/// Waits for `end`; -1 on failure.
double torch_milliseconds_between(const TorchEvent *start, const TorchEvent *end);
void torch_event_release(TorchEvent *event);
/// Keeps the tensor's memory, once it is given up, until the work that this thread's stream now has is done.
bool torch_use_on_current_stream(const TorchTensor *tensor);

/// Begins to record the work of this thread's stream, which is not the device's own; nothing is computed. NULL on failure.
TorchGraph *torch_graph_begin(void);
bool torch_graph_end(TorchGraph *graph);
bool torch_graph_replay(TorchGraph *graph);
void torch_graph_release(TorchGraph *graph);

// MARK: Process group

/// The processes of a training on several machines, over c10d's TCPStore and Gloo or NCCL.
typedef struct TorchProcessGroup TorchProcessGroup;

/// Meets the other processes at `address`, where rank 0 listens; waits for all of them, `timeout_seconds` at most. The group
/// transfers tensors on `device`, "cpu" by Gloo through the network interface that has `interface_address`, "cuda:0" by NCCL.
/// Operations end once a process has given no sign of life for `silence_milliseconds`. NULL on failure.
TorchProcessGroup *torch_process_group(const char *address, int32_t port, int32_t rank, int32_t size,
                                       const char *interface_address, const char *device, int32_t timeout_seconds,
                                       int32_t silence_milliseconds);
void torch_process_group_release(TorchProcessGroup *group);
/// True if this build has NCCL.
bool torch_has_nccl(void);
/// Replaces the elements of a contiguous tensor on the group's device by their sums over all processes, which call it in the same
/// order.
bool torch_all_reduce_sum(TorchProcessGroup *group, TorchTensor *tensor);
/// Fills `all`, a contiguous tensor on the group's device, with the elements of `own` of every process, in the order of ranks.
bool torch_all_gather(TorchProcessGroup *group, TorchTensor *all, TorchTensor *own);
/// Replaces the elements of a contiguous tensor on the group's device by those of rank 0.
bool torch_broadcast(TorchProcessGroup *group, TorchTensor *tensor);

/// Means of the gradients of parameters over the processes of a group.
typedef struct TorchGradientReducer TorchGradientReducer;

/// Prepares to send gradients in buckets of about `bucket_bytes`; the group outlives the reducer. NULL on failure.
TorchGradientReducer *torch_gradient_reducer(TorchProcessGroup *group, TorchTensor *const *parameters, int64_t count,
                                             int64_t bucket_bytes);
void torch_gradient_reducer_release(TorchGradientReducer *reducer);
/// Sends gradients from now on as soon as backward, the only one until they are finished, completes a bucket.
void torch_gradient_reducer_start(TorchGradientReducer *reducer);
/// Sends what is left and replaces all gradients by their means; a parameter that no process has a gradient of gets none.
bool torch_gradient_reducer_finish(TorchGradientReducer *reducer);

// MARK: Process

void torch_manual_seed(uint64_t seed);
/// The CPU generator's state as a uint8 tensor, and back.
TorchTensor *torch_random_state(void);
bool torch_set_random_state(const TorchTensor *state);
void torch_set_thread_count(int32_t count);
int32_t torch_thread_count(void);
/// Lets the process keep the memory of freed tensors for the next ones. A training frees and claims the same
/// tensors every step; handing their pages back and forth cost a fifth of its time.
void torch_keep_freed_memory(void);
/// Returns true if this build of libtorch has its CUDA half.
bool torch_has_cuda(void);
/// Lets CUDA's products and convolutions keep all of single precision's digits, not TF32's.
void torch_round_to_single_precision(void);
/// CUDA devices that are visible, 0 without any.
int32_t torch_cuda_device_count(void);
bool torch_mps_is_available(void);
/// Returns true if the processor multiplies bfloat16 natively.
bool torch_cpu_has_bfloat16(void);
/// Waits for the device's queued work.
bool torch_synchronize(const char *device);

#ifdef __cplusplus
}
#endif
