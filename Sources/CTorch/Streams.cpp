// Streams, events and recorded graphs of an accelerator, by libtorch's interfaces for any of them: no header of CUDA is needed.

#include <ATen/accelerator/Graph.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <memory>

#include "Handles.h"

struct TorchStream {
    c10::Stream stream;
};

struct TorchEvent {
    c10::Event event;
};

struct TorchGraph {
    at::accelerator::Graph graph;
};

namespace {

c10::Stream current_stream(const c10::Device &device) {
    return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
}

}  // namespace

TorchStream *torch_new_stream(const char *device) {
    return ctorch::guarded<TorchStream *>(nullptr, [&] {
        const c10::Device target{std::string(device)};
        c10::impl::VirtualGuardImpl guard(target.type());
        const auto index = target.has_index() ? target : guard.getDevice();
        return new TorchStream{guard.getStreamFromGlobalPool(index)};
    });
}

TorchStream *torch_exchange_stream(const TorchStream *stream) {
    return ctorch::guarded<TorchStream *>(nullptr, [&] {
        c10::impl::VirtualGuardImpl guard(stream->stream.device_type());
        return new TorchStream{guard.exchangeStream(stream->stream)};
    });
}

void torch_stream_release(TorchStream *stream) { delete stream; }

TorchEvent *torch_record_event(const char *device) {
    return ctorch::guarded<TorchEvent *>(nullptr, [&] {
        const c10::Device target{std::string(device)};
        // The flag that lets events be timed.
        auto event = new TorchEvent{c10::Event(target.type(), c10::EventFlag::BACKEND_DEFAULT)};
        event->event.record(current_stream(target));
        return event;
    });
}

bool torch_wait_for_event(const TorchEvent *event, const char *device) {
    return ctorch::guarded(false, [&] {
        event->event.block(current_stream(c10::Device(std::string(device))));
        return true;
    });
}

double torch_milliseconds_between(const TorchEvent *start, const TorchEvent *end) {
    return ctorch::guarded(-1.0, [&] {
        end->event.synchronize();
        return start->event.elapsedTime(end->event);
    });
}

void torch_event_release(TorchEvent *event) { delete event; }

bool torch_use_on_current_stream(const TorchTensor *tensor) {
    return ctorch::guarded(false, [&] {
        tensor->value.record_stream(current_stream(tensor->value.device()));
        return true;
    });
}

TorchGraph *torch_graph_begin(void) {
    return ctorch::guarded<TorchGraph *>(nullptr, [&] {
        auto graph = std::make_unique<TorchGraph>();
        graph->graph.capture_begin();
        return graph.release();
    });
}

bool torch_graph_end(TorchGraph *graph) {
    return ctorch::guarded(false, [&] {
        graph->graph.capture_end();
        return true;
    });
}

bool torch_graph_replay(TorchGraph *graph) {
    return ctorch::guarded(false, [&] {
        graph->graph.replay();
        return true;
    });
}

void torch_graph_release(TorchGraph *graph) { delete graph; }
