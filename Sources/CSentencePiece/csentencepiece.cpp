#include "include/csentencepiece.h"

#include <sentencepiece_processor.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

struct SentencePieceModel {
    sentencepiece::SentencePieceProcessor processor;
};

namespace {

/// Message of sentencepiece_last_error(), one a thread.
thread_local std::string lastError;

void check(const sentencepiece::util::Status &status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
}

/// Runs `body`; an exception becomes `failure` and a message for sentencepiece_last_error().
template <typename Value, typename Body>
Value guarded(Value failure, Body body) noexcept {
    try {
        return body();
    } catch (const std::exception &error) {
        lastError = error.what();
    } catch (...) {
        lastError = "unknown error in SentencePiece";
    }
    return failure;
}

}  // namespace

const char *sentencepiece_last_error(void) { return lastError.c_str(); }

SentencePieceModel *sentencepiece_open(const char *path) {
    return guarded<SentencePieceModel *>(nullptr, [&] {
        auto model = std::make_unique<SentencePieceModel>();
        check(model->processor.Load(path));
        return model.release();
    });
}

void sentencepiece_close(SentencePieceModel *model) { delete model; }

int32_t sentencepiece_count(const SentencePieceModel *model) { return model->processor.GetPieceSize(); }
int32_t sentencepiece_unknown(const SentencePieceModel *model) { return model->processor.unk_id(); }
int32_t sentencepiece_beginning(const SentencePieceModel *model) { return model->processor.bos_id(); }
int32_t sentencepiece_end(const SentencePieceModel *model) { return model->processor.eos_id(); }
int32_t sentencepiece_padding(const SentencePieceModel *model) { return model->processor.pad_id(); }

const char *sentencepiece_spelling(const SentencePieceModel *model, int32_t identifier) {
    if (identifier < 0 || identifier >= model->processor.GetPieceSize()) return nullptr;
    return model->processor.IdToPiece(identifier).c_str();
}

bool sentencepiece_encode(
    const SentencePieceModel *model, const char *text, int64_t length, void *context,
    void (*receive)(void *context, const int32_t *identifiers, int64_t count)) {
    return guarded(false, [&] {
        std::vector<int> identifiers;
        check(model->processor.Encode({text, static_cast<size_t>(length)}, &identifiers));
        receive(context, identifiers.data(), static_cast<int64_t>(identifiers.size()));
        return true;
    });
}

bool sentencepiece_decode(
    const SentencePieceModel *model, const int32_t *identifiers, int64_t count, void *context,
    void (*receive)(void *context, const char *text, int64_t length)) {
    return guarded(false, [&] {
        std::string text;
        check(model->processor.Decode(std::vector<int>(identifiers, identifiers + count), &text));
        receive(context, text.data(), static_cast<int64_t>(text.size()));
        return true;
    });
}
